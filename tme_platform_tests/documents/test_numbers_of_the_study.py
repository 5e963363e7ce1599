"""The numbers that README and documentation give of the bundled study are those of a run of it."""

import re
from pathlib import Path

import pandas as pd
import pytest

from tme_platform_tests.conftest import REPOSITORY
from tme_platform_tests.support.pages import DOCS

PAGE = DOCS / "reading_a_model.md"
FINDINGS = [DOCS / "bundled_study.md", REPOSITORY / "README.md"]
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


@pytest.mark.parametrize("page", FINDINGS, ids=lambda page: page.name)
def test_what_the_pages_say_of_the_bundled_data(recorded: list[float], page: Path) -> None:
    said = [line for line in page.read_text().splitlines() if "AUC" in line or line.startswith("|") or "CI" in line]
    assert strange("\n".join(said), recorded) == []


def test_a_number_of_no_run_is_seen(recorded: list[float]) -> None:
    assert strange("AUC 0.596 (0.427-0.745), then 0.761", recorded) == ["0.761"]
