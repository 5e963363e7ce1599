"""The numbers that README and documentation give of the bundled study are those of a run of it."""

import re

import pandas as pd
import pytest

from tme_platform_tests.conftest import REPOSITORY
from tme_platform_tests.support.pages import DOCS

PAGE = DOCS / "reading_a_model.md"
README = REPOSITORY / "README.md"
RECORDED = REPOSITORY / "tme_platform_tests" / "reference" / "bundled_study" / "numbers.csv"
NOT_OF_THE_RUN = {"0.5", "0.9", "0.05", "0.25", "0.6", "0.855", "0.844"}
"""Chance, thresholds of rules, settings, an example, and the values of the published study."""
_NUMBER = re.compile(r"(?<![\w.])-?\d+\.\d+(?![\w.]*\d)")


@pytest.fixture(scope="module")
def recorded() -> list[float]:
    table = pd.read_csv(RECORDED)
    return [value for name in ("value", "ci_low", "ci_high", "p") for value in table[name].dropna()]


def strange(text: str, recorded: list[float]) -> list[str]:
    """Numbers with digits after the point that no recorded value gives when it is rounded so."""
    found = dict.fromkeys(_NUMBER.findall(text))
    return [
        number
        for number in found
        if number not in NOT_OF_THE_RUN
        and not any(f"{value:.{len(number.split('.')[1])}f}" == number for value in recorded)
    ]


def test_reading_a_model(recorded: list[float]) -> None:
    assert strange(PAGE.read_text(), recorded) == []


def test_what_the_readme_says_of_the_bundled_data(recorded: list[float]) -> None:
    text = README.read_text().split("## What the bundled data say")[1].split("\n## ")[0]
    assert strange(text, recorded) == []


def test_a_number_of_no_run_is_seen(recorded: list[float]) -> None:
    assert strange("AUC 0.509 (0.350-0.668), then 0.519", recorded) == ["0.519"]
