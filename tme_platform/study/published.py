"""Values reported in the published study, for comparison with ours."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

import yaml


@functools.cache
def published_values() -> tuple[Mapping[str, Any], ...]:
    """Load the packaged list of values reported in the paper."""
    text = resources.files("tme_platform.study").joinpath("published.yaml").read_text(encoding="utf-8")
    return tuple(yaml.safe_load(text))


def published(number: Mapping[str, Any], roles: Sequence[str]) -> Mapping[str, Any]:
    """Look up the published value of a number.

    Parameters
    ----------
    number
        A row of the table `study_report`.
    roles
        Roles of the number's cohort. A published cohort is identified by its role.

    Returns
    -------
    published, published_low and published_high, or an empty mapping if the paper does not report the number.
    """
    if number.get("analysis") == "honest" or number.get("subgroup", "all") != "all":
        return {}  # published values are of the `paper` kind, on all patients
    for entry in published_values():
        matches = entry["quantity"] == f"{number['section']}/{number['measure']}"
        matches = matches and all(entry[key] == number.get(key) for key in ("side", "endpoint") if key in entry)
        if matches and entry.get("role", None) in (None, *roles):
            return {
                "published": float(entry["value"]),
                "published_low": entry.get("low"),
                "published_high": entry.get("high"),
            }
    return {}
