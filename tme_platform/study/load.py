"""Load a study file by the name of a packaged study or by path. A study may extend another one."""

from __future__ import annotations

import functools
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from tme_platform.study.settings import Study


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
    raw = _merged(str(name_or_path), seen=())
    try:
        return Study.model_validate(raw)
    except ValidationError as error:
        details = "; ".join(
            f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in error.errors(include_url=False)
        )
        raise StudyError(f"study {name_or_path}: {details}") from None


def _merged(name_or_path: str, seen: tuple[str, ...]) -> dict[str, Any]:
    if name_or_path in seen:
        raise StudyError(f"study {name_or_path} extends itself: {' -> '.join((*seen, name_or_path))}")
    raw = _read(name_or_path)
    base = raw.pop("extends", None)
    if base is None:
        return raw
    return _overlay(_merged(str(base), (*seen, name_or_path)), raw)


def _overlay(base: dict[str, Any], overrides: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in overrides.items():
        both_blocks = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _overlay(merged[key], value) if both_blocks else value
    return merged


def _read(name_or_path: str) -> dict[str, Any]:
    if name_or_path in packaged_studies():
        text = (resources.files("tme_platform.study") / f"{name_or_path}.yaml").read_text(encoding="utf-8")
    elif (path := Path(name_or_path)).is_file():
        text = path.read_text(encoding="utf-8")
    else:
        known = ", ".join(packaged_studies())
        raise StudyError(f"no study {name_or_path!r}: use one of {known}, or the path of a study file")
    try:
        raw = _parsed(text)
    except yaml.YAMLError as error:
        raise StudyError(f"study {name_or_path} is not valid YAML: {error}") from None
    if not isinstance(raw, dict):
        raise StudyError(f"study {name_or_path}: expected settings by name, found {type(raw).__name__}")
    return dict(raw)


@functools.lru_cache(maxsize=16)
def _parsed(text: str) -> object:
    """Parse a study file, cached by text because a run loads its study for every table."""
    return yaml.safe_load(text)
