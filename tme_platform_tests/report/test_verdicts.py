"""The first screen: what a verdict and the title say of a finding, and what they must not say."""

import math

import pandas as pd
import pytest

from tme_platform.report import StudyFacts
from tme_platform.report.findings import Answer, Estimate, Finding, Limit
from tme_platform.report.verdicts import remaining, title, verdicts
from tme_platform.report.wording import plain, without_json

TITLES = {
    "tcga": "TCGA, RNA of 5 tumours",
    "mri": "TCGA, MRI of 3 patients",
    "scanb": "SCAN-B, 400 tumours",
    "own": None,
}


def facts() -> StudyFacts:
    cohorts = pd.DataFrame({"cohort": list(TITLES), "title": list(TITLES.values()), "roles": ""})
    return StudyFacts("small", "Small", {}, {"cohorts": cohorts})


def finding(topic: str, answer: Answer, *estimates: Estimate, **more: object) -> Finding:
    return Finding(topic, f"{topic}?", answer, ("No data.",), "survival", tuple(estimates), **more)


def ratio(low: float, high: float, cohort: str = "tcga") -> Estimate:
    return Estimate("hazard ratio", cohort, math.sqrt(low * high), low, high, 1.0, "below", "900 patients, 100 deaths")


ALL = ("Hot and cold", "Survival", "MRI", "Treatment", "Immunotherapy")


def test_a_verdict_has_the_number_interval_n_and_decisive_limit() -> None:
    limits = (Limit("simulated data, which say nothing about patients", "limits"), Limit("few deaths", "survival"))
    (card,) = verdicts(facts(), [finding("Survival", Answer.YES, ratio(0.25, 0.81), limits=limits, simulated=True)])
    assert (card.value, card.interval) == ("0.45", "95 % CI 0.25 to 0.81")
    assert card.measure == "Hazard ratio; 1 is no difference"
    assert card.counted == "900 patients, 100 deaths, TCGA"
    assert (card.limit, card.section, card.simulated) == ("few deaths", "survival", True)


@pytest.mark.parametrize("topic", ALL)
def test_an_interval_that_includes_no_effect_is_never_worded_as_an_effect(topic: str) -> None:
    unclear, yes = (
        verdicts(facts(), [finding(topic, answer, ratio(*limits))])[0].words
        for answer, limits in ((Answer.CANNOT_BE_TOLD, (0.5, 2.0)), (Answer.YES, (0.2, 0.5)))
    )
    assert unclear.startswith("No evidence")
    assert not yes.startswith("No evidence")


def test_contradicting_estimates_are_not_called_no_evidence() -> None:
    (card,) = verdicts(facts(), [finding("Survival", Answer.CANNOT_BE_TOLD, ratio(0.2, 0.5), ratio(2, 4, "scanb"))])
    assert card.words == "Independent estimates contradict each other."


def test_without_data_the_verdict_says_what_is_missing() -> None:
    (card,) = verdicts(facts(), [finding("MRI", Answer.NOT_ASKED)])
    assert (card.words, card.value, card.interval, card.limit) == ("No data.", "", "", "")


def test_an_unlimited_interval_and_an_infinite_ratio() -> None:
    infinite = Estimate("odds ratio", "scanb", math.inf, 2.0, math.inf, 1.0, "above", "")
    (card,) = verdicts(facts(), [finding("Treatment", Answer.YES, infinite)])
    assert (card.value, card.interval, card.counted) == ("", "95 % CI 2.00 upwards", "SCAN-B")


def test_the_title_separates_what_was_found_from_what_was_not() -> None:
    answers = (Answer.YES, Answer.CANNOT_BE_TOLD, Answer.NOT_ASKED, Answer.NO, Answer.YES)
    found = [finding(topic, answer, ratio(0.2, 0.5)) for topic, answer in zip(ALL, answers, strict=True)]
    assert title(found) == (
        "Hot tumours are inflamed and respond to treatment less often. Whether survival differs cannot be told. "
        "There are no data on MRI."
    )
    nothing = [finding(topic, Answer.CANNOT_BE_TOLD, ratio(0.5, 2)) for topic in ALL]
    assert title(nothing).startswith("Whether tumours called hot are inflamed, whether survival differs, ")
    assert title(nothing).endswith(" cannot be told.")
    silent = [finding(topic, Answer.NOT_ASKED) for topic in ALL]
    assert title(silent) == "There are no data on inflammation, survival, MRI and treatment."


def test_other_findings_keep_their_number_on_the_page() -> None:
    found = [finding("Other cohorts", Answer.NOT_ASKED), finding("MRI", Answer.NOT_ASKED)]
    assert [(at, one.topic) for at, one in remaining(found)] == [(1, "Other cohorts")]
    assert verdicts(facts(), found)[0].position == 2


def test_a_cohort_is_named_by_its_title_as_briefly_as_it_is_unique() -> None:
    named = facts().named
    assert [named(cohort) for cohort in (*TITLES, "unknown", None)] == [
        "TCGA (RNA of 5 tumours)", "TCGA (MRI of 3 patients)", "SCAN-B", "own", "unknown", "",
    ]  # fmt: skip


def test_nested_settings_are_words() -> None:
    text = '{"her2": ["negative"], "any_of": [{"er": ["positive"]}, {"pr": [1, 2.5]}], "cut": null, "on": true}'
    assert without_json(text) == "her2: negative; any of: (er: positive), (pr: 1, 2.5); cut: none; on: yes"
    assert without_json("{half") == "{half"
    assert without_json("[3D] T1") == "[3D] T1"
    assert plain({}) == "none"
