"""Load a study file by the name of a packaged study or by path. A study may extend another one."""

from __future__ import annotations

import functools
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tme_platform.evaluation.endpoints import declared_columns
from tme_platform.study.settings import Study
from tme_platform.tables.clinical import CLINICAL_COLUMNS
from tme_platform.yaml_file import YamlError, YamlFile, at_place, describe, nearest, read_yaml

_REPLACED_BY_NAME = ("endpoints", "subgroups")
"""Blocks whose entries are replaced as a whole: half of another definition is no definition."""


class StudyError(ValueError):
    """A study file cannot be used; the message names the line or field."""


def packaged_studies() -> list[str]:
    """Names of the packaged studies."""
    files = resources.files("tme_platform.study").iterdir()
    return sorted(file.name.removesuffix(".yaml") for file in files if file.name.endswith(".yaml"))


def load_study(name_or_path: str | Path) -> Study:
    """Load a study.

    Parameters
    ----------
    name_or_path
        The name of a packaged study (`tcga_brca`) or the path of a YAML file. A file with `extends: NAME` overrides
        single settings of another study.

    Raises
    ------
    StudyError
        The file is missing, is not YAML, or has an unknown or invalid setting.
    """
    files = _files(str(name_or_path), seen=())
    content: dict[str, Any] = {}
    for file in reversed(files):
        content = _overlay(content, {name: value for name, value in file.content.items() if name != "extends"})
    try:
        study = Study.model_validate(content)
    except ValidationError as error:
        raise StudyError(describe(error, files, Study)) from None
    for place, column in declared_columns(study.endpoints, study.subgroups):
        if column not in CLINICAL_COLUMNS:
            near = nearest(column, list(CLINICAL_COLUMNS))
            problem = (
                f"{column!r} is not a canonical column{near}. Correct it; a column of a cohort's own files belongs in "
                "its cohort.yaml"
            )
            raise StudyError(at_place(place, problem, files))
    return study


def _files(name_or_path: str, seen: tuple[str, ...]) -> list[YamlFile]:
    """A study file and those that it extends, itself first."""
    if name_or_path in seen:
        raise StudyError(f"study {name_or_path} extends itself: {' -> '.join((*seen, name_or_path))}")
    file = _read(name_or_path)
    base = file.content.get("extends")
    return [file, *([] if base is None else _files(str(base), (*seen, name_or_path)))]


def _overlay(base: dict[str, Any], overrides: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in overrides.items():
        both_blocks = isinstance(value, dict) and isinstance(merged.get(key), dict)
        if both_blocks and key in _REPLACED_BY_NAME:
            merged[key] = merged[key] | value
        else:
            merged[key] = _overlay(merged[key], value) if both_blocks else value
    return merged


def _read(name_or_path: str) -> YamlFile:
    if name_or_path in packaged_studies():
        text = (resources.files("tme_platform.study") / f"{name_or_path}.yaml").read_text(encoding="utf-8")
    elif (path := Path(name_or_path)).is_file():
        try:
            text = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            raise StudyError(f"study {name_or_path} is not UTF-8. Save it as UTF-8.") from None
    else:
        known = ", ".join(packaged_studies())
        raise StudyError(f"no study {name_or_path!r}: use one of {known}, or the path of a study file")
    try:
        return _parsed(text, f"study {name_or_path}")
    except YamlError as error:
        raise StudyError(str(error)) from None


@functools.lru_cache(maxsize=16)
def _parsed(text: str, where: str) -> YamlFile:
    """Parse a study file, cached by text because a run loads its study for every table."""
    return read_yaml(text, where)
