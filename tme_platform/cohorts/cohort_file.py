"""Read `cohort.yaml` as a `Cohort`, with errors that name the line and field. The models belong in `declaration`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from tme_platform.cohorts.declaration import Cohort
from tme_platform.cohorts.endpoint_columns import refuse_unknown_columns
from tme_platform.cohorts.errors import CohortError
from tme_platform.cohorts.folders import COHORT_FILE, refuse_unfinished
from tme_platform.cohorts.pattern import pattern_problem
from tme_platform.tables.clinical import CLINICAL_COLUMNS
from tme_platform.yaml_file import Place, YamlError, YamlFile, at_place, describe, read_yaml

_MAX_BYTES = 1_000_000


def read_cohort(folder: Path) -> Cohort:
    """Read the cohort file of a landing folder.

    YAML aliases (a few hundred bytes can expand to gigabytes) and repeated keys are refused.

    Parameters
    ----------
    folder
        The cohort's landing folder.

    Raises
    ------
    CohortError
        The folder has a marker file, or the file is missing, too large, not valid YAML, or has an unknown key or
        invalid value; states the line.
    """
    refuse_unfinished(folder)
    text = _text(folder)
    try:
        file = read_yaml(text, f"cohort {folder.name}: {COHORT_FILE}")
    except YamlError as error:
        raise CohortError(str(error), rule="malformed_yaml") from None
    try:
        cohort = Cohort.model_validate(file.content)
    except ValidationError as error:
        raise CohortError(describe(error, [file], Cohort), rule=_rule(error)) from None
    _refuse_invalid(cohort, file)
    refuse_unknown_columns(cohort, folder, file)
    return cohort


def _text(folder: Path) -> str:
    path = folder / COHORT_FILE
    if not path.is_file():
        raise CohortError(f"cohort {folder.name}: there is no {path}. Create it.", rule="cohort_file_missing")
    if not path.resolve().is_relative_to(folder.resolve()):
        raise CohortError(
            f"cohort {folder.name}: {COHORT_FILE} is a link that leads out of the folder. Replace it by the file.",
            rule="path_leaves_folder",
        )
    if path.stat().st_size > _MAX_BYTES:
        raise CohortError(
            f"cohort {folder.name}: {COHORT_FILE} is larger than 1 MB, too large for a cohort file.", rule="too_large"
        )
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise CohortError(
            f"cohort {folder.name}: {COHORT_FILE} is not UTF-8. Save it as UTF-8.", rule="malformed_yaml"
        ) from None


def _rule(error: ValidationError) -> str:
    problems = error.errors(include_url=False)
    if any(problem["type"] == "extra_forbidden" for problem in problems):
        return "unknown_key"
    return "unknown_unit" if any("unit" in problem["loc"] for problem in problems) else "invalid_value"


def _refuse_invalid(cohort: Cohort, file: YamlFile) -> None:
    for place, pattern in _patterns(cohort):
        if (problem := pattern_problem(pattern)) is not None:
            raise CohortError(at_place(place, problem, [file]), rule="invalid_value")
    for number, source in enumerate(cohort.clinical):
        for ours, rule in source.columns.items():
            units = CLINICAL_COLUMNS[ours].units if ours in CLINICAL_COLUMNS else ()
            if rule.unit is not None and rule.unit not in units:
                place = ("clinical", number, "columns", ours, "unit")
                correct = f", which takes {' or '.join(units)}. Correct it" if units else ". Remove it"
                problem = f"`unit: {rule.unit}` applies to other columns, not to {ours}{correct}"
                raise CohortError(at_place(place, problem, [file]), rule="unknown_unit")


def _patterns(cohort: Cohort) -> Iterator[tuple[Place, str]]:
    for number, source in enumerate(cohort.clinical):
        if source.patient_id.pattern is not None:
            yield ("clinical", number, "patient_id", "pattern"), source.patient_id.pattern
    if cohort.features is not None:
        if cohort.features.patient_id.pattern is not None:
            yield ("features", "patient_id", "pattern"), cohort.features.patient_id.pattern
        for place, listed in (("columns", cohort.features.columns), ("exclude", cohort.features.exclude)):
            if isinstance(listed, str):
                yield ("features", place), listed
    if cohort.expression is not None and cohort.expression.patient_pattern is not None:
        yield ("expression", "patient_pattern"), cohort.expression.patient_pattern
