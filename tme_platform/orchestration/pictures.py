"""A table's figure, small, for the metadata of its materialisation. Drawing never fails an asset."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import dagster as dg

from tme_platform.expression import CHECKPOINT_GENES
from tme_platform.figures import FIGURES, draw, to_small_png
from tme_platform.lake import TABLES
from tme_platform.lake.tables import EXPRESSION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tme_platform.figures import Entry
    from tme_platform.orchestration.scope import Scope


def figure_metadata(scope: Scope) -> dict[str, Any]:
    """The figures that a table is drawn in, as Markdown with the picture inside: figure -> metadata.

    What cannot be drawn is logged as a warning and left out; so is a figure that has nothing to show.
    """
    if not scope.study.report.figures:
        return {}
    found: dict[str, Any] = {}
    for name, entry in FIGURES.items():
        if entry.main_table != scope.schema.name:
            continue
        try:
            found.update({f"figure_{key}": _markdown(png, entry) for key, png in _drawn(scope, entry)})
        except Exception as error:
            place = f" of {scope.cohort}" if scope.cohort else ""
            scope.log.warning(f"the figure {name}{place} could not be drawn: {error}")
    return found


def _drawn(scope: Scope, entry: Entry) -> Iterator[tuple[str, bytes]]:
    """Draw from the lake as it is now; parts of the same cohort where tables are kept per cohort."""
    tables = {}
    for name in entry.tables:
        schema = TABLES[name]
        part = scope.cohort if schema.per_cohort else None
        frame = scope.lake.read(schema, part, rows={"gene": CHECKPOINT_GENES} if schema is EXPRESSION else None)
        if len(frame):
            tables[name] = frame
    if not set(entry.required) <= set(tables):
        return
    cohorts: list[str | None] = [scope.cohort]
    if entry.per_cohort and scope.cohort is None:
        cohorts = sorted(tables[entry.required[0]]["cohort"].unique())
    for cohort in cohorts:
        drawn = draw(entry.name, tables, **({"cohort": cohort} if entry.per_cohort else {}))
        if not drawn.is_empty:
            key = entry.name if cohort == scope.cohort else f"{entry.name}_{cohort}"
            yield key, to_small_png(drawn.figure)


def _markdown(png: bytes, entry: Entry) -> dg.MarkdownMetadataValue:
    picture = base64.b64encode(png).decode()
    return dg.MetadataValue.md(f"![{entry.title}](data:image/png;base64,{picture})\n\n{entry.caption}")
