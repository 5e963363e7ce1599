"""What is stored of errors: our own sentences, the system's, and of a library's error its type and place."""

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tme_platform.cohorts import CohortError
from tme_platform.cohorts.folders import landing_path
from tme_platform.lake import LakeError
from tme_platform.statistics.inputs import outcome_and_scores
from tme_platform.steps.hidden import UnexpectedError, storable
from tme_platform.steps.step import UnusableInputError
from tme_platform.steps.warned import noted_warnings
from tme_platform.tables.cohorts import PATIENTS

NAME = "Doe^Jane"
HERE = Path(__file__).parent


def stored(raising: Callable[[], object]) -> tuple[BaseException, str, list[str]]:
    """What is raised instead, what is withheld, and all texts that Dagster would store."""
    try:
        raising()
    except Exception as error:
        fit, withheld = storable(error, lambda text: text.replace("doe.nii", "f-0"))
    texts, following = [], fit
    while following is not None:
        texts.append(f"{type(following).__name__}: {following}")
        following = following.__cause__ or (None if following.__suppress_context__ else following.__context__)
    return fit, withheld, texts


def to_numbers() -> None:
    pd.to_numeric(pd.Series([NAME]))


def during_another() -> None:
    try:
        float(NAME)
    except ValueError:
        to_numbers()


def quoted(kind: type[Exception]) -> None:
    try:
        to_numbers()
    except ValueError as error:
        raise kind(f"the table is broken: {error}.") from error


@pytest.mark.parametrize(
    "raising",
    [
        to_numbers,
        during_another,
        lambda: pd.Series([NAME], name="age").astype("float64"),
        lambda: np.array([NAME], dtype=float),
        lambda: {}[NAME],
    ],
)
def test_the_text_of_a_library_is_for_the_terminal_alone(raising):
    fit, withheld, texts = stored(raising)
    assert NAME in withheld
    assert NAME not in " ".join(texts)
    assert isinstance(fit, UnexpectedError)
    assert "Error in " in str(fit)
    assert ", line " in str(fit)
    assert fit.__traceback__ is not None


@pytest.mark.parametrize("kind", [LakeError, UnusableInputError])
def test_our_own_sentences_stay_without_what_they_quote(kind):
    fit, withheld, texts = stored(lambda: quoted(kind))
    assert type(fit) is kind
    assert str(fit).startswith("the table is broken: ")
    assert NAME not in " ".join(texts)
    assert NAME in withheld


def test_a_table_with_a_word_for_a_number():
    row = dict.fromkeys(PATIENTS.own_columns) | {"patient_id": "P1", "age_years": NAME}
    fit, withheld, texts = stored(lambda: PATIENTS.conform(pd.DataFrame([row]), cohort="ward", provenance="real"))
    assert "column age_years is not" in str(fit)
    assert NAME not in " ".join(texts)
    assert NAME in withheld


def test_what_a_function_quotes_of_a_library_is_withheld():
    _, _, texts = stored(lambda: outcome_and_scores([0, 1], [NAME, 1.0]))
    assert NAME not in " ".join(texts)


def test_what_we_and_the_system_say_is_kept():
    fit, withheld, _ = stored(lambda: landing_path(HERE, "../x"))
    assert isinstance(fit, CohortError)
    assert "../x" in str(fit)
    fit, _, _ = stored(lambda: Path("/nowhere/doe.nii").read_bytes())
    assert isinstance(fit, FileNotFoundError)
    assert str(fit) == "[Errno 2] No such file or directory: '/nowhere/f-0'"
    assert withheld == ""


def test_an_error_that_is_raised_again_keeps_its_sentence():
    def again() -> None:
        try:
            landing_path(HERE, "../x")
        except CohortError as error:
            raise error from None

    assert "../x" in str(stored(again)[0])


def test_a_warning_about_a_landed_file_is_kept_without_its_text():
    with noted_warnings() as noted:
        warnings.warn_explicit(f"Invalid value for VR DA: '{NAME}'", UserWarning, "/x/pydicom/valuerep.py", 7)
        warnings.warn_explicit("overflow", RuntimeWarning, "/x/numpy/ops.py", 8)
    assert noted == [
        "UserWarning: what a library that reads files says (pydicom/valuerep.py, line 7)",
        "RuntimeWarning: overflow (numpy/ops.py, line 8)",
    ]
