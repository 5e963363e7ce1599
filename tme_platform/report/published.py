"""The published study's own values, to stand beside ours where the same thing is measured."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

import yaml


@functools.cache
def published_values() -> tuple[Mapping[str, Any], ...]:
    """The packaged list; DESIGN's section 2 is its source, and the paper the source of that."""
    text = resources.files("tme_platform.report").joinpath("published.yaml").read_text(encoding="utf-8")
    return tuple(yaml.safe_load(text))


def published(number: Mapping[str, Any], roles: Sequence[str]) -> Mapping[str, Any]:
    """What the paper states of a number, as published, published_low, published_high; nothing where it states nothing.

    Parameters
    ----------
    number
        A row of the table `study_report`.
    roles
        Roles of the number's cohort: the paper's cohorts are known by theirs.
    """
    if number.get("analysis") == "honest" or number.get("subgroup", "all") != "all":
        return {}  # the paper reports apparent figures, and all patients unless it says otherwise
    for entry in published_values():
        same = entry["of"] == f"{number['section']}/{number['measure']}"
        same = same and all(entry[key] == number.get(key) for key in ("side", "endpoint") if key in entry)
        if same and entry.get("role", None) in (None, *roles):
            return {
                "published": float(entry["value"]),
                "published_low": entry.get("low"),
                "published_high": entry.get("high"),
            }
    return {}
