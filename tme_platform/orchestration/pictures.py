"""The figures of a table, small, for the metadata of its materialisation. Drawing never fails an asset."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import dagster as dg

from tme_platform.figures import FIGURES, SMALL_BYTES, draw, shrink_png, to_small_png
from tme_platform.report import picture, remembered_figures
from tme_platform.report.embed import uri
from tme_platform.steps.hidden import storable
from tme_platform.steps.registry import STEPS
from tme_platform.steps.study_facts import reported
from tme_platform.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tme_platform.figures import Entry
    from tme_platform.report.pictures import Picture
    from tme_platform.steps.scope import Scope


def figure_metadata(scope: Scope) -> dict[str, Any]:
    """The figures that a table is drawn in, as Markdown with the picture inside: figure -> metadata.

    A figure of several tables is shown by the one that is built last, when all the others are current.
    What cannot be drawn is logged as a warning and left out; so is a figure that has nothing to show.
    """
    if not scope.world.study.report.figures:
        return {}
    found: dict[str, Any] = {}
    for name, entry in FIGURES.items():
        others = set(entry.tables) - {scope.schema.name}
        if len(others) == len(set(entry.tables)) or not all(_is_current(scope, name) for name in others):
            continue  # not about this table, or shown by the table that is built last
        try:
            found.update({f"figure_{key}": _markdown(image, entry) for key, image in _drawn(scope, entry)})
        except Exception as error:
            part = f" of {scope.cohort}" if scope.cohort else ""
            scope.log.warning(f"the figure {name}{part} could not be drawn: {storable(error, scope.hidden)[0]}")
    return found


def _is_current(scope: Scope, table: str) -> bool:
    """Whether another table is current, for the same cohort (or for every cohort)."""
    step = STEPS.get(table)
    if step is None:
        return True
    parts = [scope.cohort] if scope.cohort or not step.schema.per_cohort else scope.world.cohorts
    looks = [
        replace(scope, schema=step.schema, cohort=part if step.schema.per_cohort else None, refresh="stale", trace={})
        for part in parts
    ]
    return not any(look.reason_to_run(step.version) for look in looks)


def _drawn(scope: Scope, entry: Entry) -> Iterator[tuple[str, str]]:
    """Draw from the lake as it is now, or take from memory; the report finds there what it shows, too."""
    tables = {name: reported(scope, TABLES[name]) for name in entry.tables}
    cohorts: list[str | None] = [scope.cohort]
    if entry.per_cohort and scope.cohort is None:
        cohorts = sorted(tables[entry.required[0]]["cohort"].unique())
    for cohort in cohorts:
        made = picture(entry.name, tables, cohort)
        if made is not None and (image := _image(scope, made, entry)):
            yield entry.name if cohort == scope.cohort else f"{entry.name}_{cohort}", image


def _image(scope: Scope, made: Picture, entry: Entry) -> str:
    """The picture as a data URI, or nothing where there is nothing to show."""
    if entry.per_cohort or scope.cohort is None:
        embedded = made.embedded(remembered_figures(scope.state_folder, scope.study.name))
        if embedded is None:
            return ""
        return embedded.image[0] if len(embedded.png) < SMALL_BYTES else uri("image/png", shrink_png(embedded.png))
    drawn = draw(made.name, made.tables)  # one cohort in a figure of all of them: the report has another
    return "" if drawn.is_empty else uri("image/png", to_small_png(drawn.figure))


def _markdown(image: str, entry: Entry) -> dg.MarkdownMetadataValue:
    return dg.MetadataValue.md(f"![{entry.title}]({image})\n\n{entry.caption}")
