"""Read `cohort.yaml` as a `Cohort`, with errors that name the line and field. The models belong in `declaration`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from tme_platform.cohorts.declaration import Cohort
from tme_platform.cohorts.errors import CohortError
from tme_platform.cohorts.folders import COHORT_FILE

_MAX_BYTES = 1_000_000
_MAX_DEPTH = 20
_UNIT_COLUMNS = ("age_years", "os_days")


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
        The file is missing, too large, not valid YAML, or has an unknown key or invalid value; states the line.
    """
    text = _text(folder)
    where = f"cohort {folder.name}: {COHORT_FILE}"
    try:
        _refuse_bombs(text, where)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        _refuse_repeated_keys(node, where)
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise CohortError(f"{where} is not valid YAML: {_yaml_problem(error)}", rule="malformed_yaml") from None
    except CohortError:
        raise
    except ValueError as error:  # for example an impossible date
        raise CohortError(f"{where} cannot be read as YAML: {error}", rule="malformed_yaml") from None
    if not isinstance(raw, dict):
        raise CohortError(f"{where} should hold `title:`, `roles:`, `provenance:` and so on.", rule="malformed_yaml")
    try:
        cohort = Cohort.model_validate(raw)
    except ValidationError as error:
        raise _invalid(error, node, where) from None
    _refuse_invalid(cohort, where)
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


def _yaml_problem(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        context = f" {error.context}" if error.context else ""
        return f"line {mark.line + 1}, column {mark.column + 1}:{context} {error.problem}"
    return str(error)


def _refuse_bombs(text: str, where: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent):
            raise CohortError(f"{where} uses YAML aliases (*name). Write the values out.", rule="malformed_yaml")
        if depth > _MAX_DEPTH:
            raise CohortError(f"{where} is nested too deeply for a cohort file.", rule="malformed_yaml")


def _refuse_repeated_keys(node: yaml.Node | None, where: str) -> None:
    """Refuse repeated keys, of which YAML readers silently keep the last."""
    if isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if str(key.value) in seen:
                first = seen[str(key.value)]
                raise CohortError(
                    f"{where} line {line}: `{key.value}` is already defined in line {first}. Keep one of them.",
                    rule="malformed_yaml",
                )
            seen[str(key.value)] = line
            _refuse_repeated_keys(value, where)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_repeated_keys(item, where)


def _invalid(error: ValidationError, node: yaml.Node | None, where: str) -> CohortError:
    problems = error.errors(include_url=False)
    messages = [_problem(dict(problem), node) for problem in problems]
    kinds = {problem["type"] for problem in problems}
    if "extra_forbidden" in kinds:
        rule = "unknown_key"
    else:
        rule = "unknown_unit" if any("unit" in problem["loc"] for problem in problems) else "invalid_value"
    return CohortError(f"{where} {'; '.join(messages)}", rule=rule)


def _problem(problem: dict[str, Any], node: yaml.Node | None) -> str:
    loc: tuple[str | int, ...] = problem["loc"]
    field = ".".join(map(str, loc)) or "the file as a whole"
    line = f"line {_line(node, loc)}, {field}"
    if problem["type"] == "extra_forbidden":
        return f"{line}: unknown key. Correct its spelling or remove it"
    if problem["type"] == "missing":
        return f"{line}: is missing. Add it"
    if loc and loc[-1] == "[key]":
        return f"{line}: {problem['input']!r} is not text in YAML. Put it in quotes"
    given = problem["input"]
    shown = f" (found {given!r})" if isinstance(given, str | int | float) else ""
    return f"{line}: {problem['msg'].removeprefix('Value error, ')}{shown}"


def _line(node: yaml.Node | None, loc: tuple[str | int, ...]) -> int:
    """The line of a field, or of its closest parent in the text."""
    line = 1
    for part in loc:
        child = None
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if str(key.value) == str(part):
                    child, line = value, key.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            child = node.value[part]
            line = child.start_mark.line + 1
        if child is None:
            break
        node = child
    return line


def _refuse_invalid(cohort: Cohort, where: str) -> None:
    patterns = [source.patient_id.pattern for source in cohort.clinical]
    if cohort.expression is not None:
        patterns.append(cohort.expression.patient_pattern)
    for pattern in filter(None, patterns):
        try:
            re.compile(pattern)
        except re.error as error:
            raise CohortError(
                f"{where}: pattern {pattern!r} is not a valid regular expression: {error}", rule="invalid_value"
            ) from None
    for source in cohort.clinical:
        for ours, rule in source.columns.items():
            if rule.unit is not None and ours not in _UNIT_COLUMNS:
                raise CohortError(
                    f"{where}: {source.file}: `unit` applies only to {' and '.join(_UNIT_COLUMNS)}, "
                    f"not to {ours}. Remove it.",
                    rule="unknown_unit",
                )
