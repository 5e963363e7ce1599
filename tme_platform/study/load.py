"""Reading a study file: by the name of a packaged study, or by path. A study may extend another."""

from __future__ import annotations

import functools
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from tme_platform.study.settings import Study


class StudyError(ValueError):
    """A study file that cannot be used; the message says which line or field and what to do."""


def packaged_studies() -> list[str]:
    """Names of the studies that come with the package."""
    files = resources.files("tme_platform.study").iterdir()
    return sorted(file.name.removesuffix(".yaml") for file in files if file.name.endswith(".yaml"))


def load_study(name_or_path: str | Path) -> Study:
    """Read a study.

    Parameters
    ----------
    name_or_path
        The name of a packaged study (`tcga_brca`) or the path of a YAML file. `extends: NAME` takes another study's
        settings as the ground, block by block.

    Raises
    ------
    StudyError
        The file is missing, is not YAML, or holds an unknown or impossible setting.
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


def _overlay(ground: dict[str, Any], top: dict[str, Any]) -> dict[str, Any]:
    merged = dict(ground)
    for key, value in top.items():
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
        raise StudyError(f"no study {name_or_path!r}: name one of {known}, or give the path of a study file")
    try:
        raw = _parsed(text)
    except yaml.YAMLError as error:
        raise StudyError(f"study {name_or_path} is not valid YAML: {error}") from None
    if not isinstance(raw, dict):
        raise StudyError(f"study {name_or_path}: expected settings by name, found {type(raw).__name__}")
    return dict(raw)


@functools.lru_cache(maxsize=16)
def _parsed(text: str) -> object:
    """A run asks for its study before every table; only an edited file has to be parsed again."""
    return yaml.safe_load(text)
