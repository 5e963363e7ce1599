"""The figures by name, collected from the modules of this package in the order of the study."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from tme_platform.figures.canvas import Drawn
from tme_platform.figures.entry import ENTRY, Entry
from tme_platform.tables import TABLES


def _collect() -> dict[str, Entry]:
    names = [f"{__package__}.{found.name}" for found in pkgutil.iter_modules([str(Path(__file__).parent)])]
    modules = [importlib.import_module(name) for name in names if name != __name__]
    found = (getattr(value, ENTRY, None) for module in modules for value in vars(module).values())
    entries = {entry for entry in found if isinstance(entry, Entry)}
    return {entry.name: entry for entry in sorted(entries, key=_order)}


def _order(entry: Entry) -> tuple[int, str]:
    """Sort by the first required table, then by name."""
    order = list(TABLES)
    return (order.index(entry.required[0]) if entry.required[0] in TABLES else len(order), entry.name)


FIGURES: dict[str, Entry] = _collect()
"""Figure name -> entry, in the order of the study."""


def draw(name: str, tables: Mapping[str, pd.DataFrame], **options: object) -> Drawn:
    """Draw a figure by name. Tables that it does not use are ignored.

    Parameters
    ----------
    name
        One of `FIGURES`.
    tables
        Table name -> frame, as stored in the lake.
    **options
        Further arguments of the figure function: ``cohort``, ``analysis``, ``collection``, ...

    Raises
    ------
    KeyError
        The figure does not exist, or a required table is missing.
    """
    if name not in FIGURES:
        raise KeyError(f"there is no figure {name!r}: there are {', '.join(FIGURES)}")
    entry = FIGURES[name]
    missing = [table for table in entry.required if table not in tables]
    if missing:
        raise KeyError(f"the figure {name!r} needs the table {missing[0]!r}")
    return entry.function(**{table: tables[table] for table in entry.tables if table in tables}, **options)
