"""What mkdocs does to the pages: catalogues of tables and features, links into the repository, nothing from outside.

Called by mkdocs (`hooks` in mkdocs.yml). The pages themselves are Markdown that is also read without a build.
"""

from __future__ import annotations

import json
import os
import re
from itertools import groupby
from pathlib import Path
from typing import Any

from tme_platform.radiomics.dictionary import CLASSES, IMAGE_TYPES, feature_dictionary
from tme_platform.tables import TABLES, Column, TableSchema

DOCS = Path(__file__).parent
CATALOGUE = "<!-- the catalogue of tables -->"
DICTIONARY = "<!-- the dictionary of features -->"
RATIOS = "<!-- the measured ratios -->"
_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)\s#]+)(#[^)\s]*)?\)")
_SEARCH = '<div class="md-search" data-md-component="search" role="dialog"'
_LOADED = re.compile(r"""<(?:script|img|iframe)[^>]*\ssrc=["']?(?:https?:)?//|<link[^>]*rel=["']?stylesheet[^>]*//""")


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Put the catalogues in their places, and make links to files outside `docs/` text that names the file."""
    here = DOCS / page.file.src_uri
    for place, generated in ((CATALOGUE, catalogue), (DICTIONARY, dictionary), (RATIOS, ratios)):
        if place in markdown:
            markdown = markdown.replace(place, generated())
    return _LINK.sub(lambda found: _inside(found, here), markdown)


def on_post_page(output: str, page: Any, **_: Any) -> str:
    """Refuse a page that would load something from another host; give the theme's search dialog its name."""
    if found := _LOADED.search(output):
        from mkdocs.exceptions import PluginError

        raise PluginError(f"{page.file.src_uri} loads something from elsewhere: {found.group()}")
    return output.replace(_SEARCH, f'{_SEARCH} aria-label="Search"', 1)


def catalogue() -> str:
    """Describe every table in Markdown, by stage."""
    shown = [schema for schema in TABLES.values() if not schema.internal]
    parts = []
    for stage, schemas in groupby(shown, key=lambda schema: schema.stage):
        parts += [f"## {stage.value}", *map(_table, schemas)]
    return "\n\n".join(parts)


def dictionary() -> str:
    """Describe image types and features in Markdown, by class; a feature means the same in all of them."""
    features = feature_dictionary()
    types = "\n".join(f"- `{name}`: {text}" for name, text in IMAGE_TYPES.items())
    parts = ["## Image types", types]
    once = features[(features["region"] == "tumour") & (features["image_type"] == "original")]
    for family, title in CLASSES.items():
        rows = once[once["feature_class"] == family]
        lines = [
            f"| `{row['name']}` | {row['unit'] or ''} | {row['meaning'].rpartition(' (')[0]} |"
            for row in rows.to_dict("records")
        ]
        parts += [f"## {family}", f"{title.capitalize()}. {len(rows)} features."]
        parts.append("\n".join(["| feature | unit | what it measures |", "| --- | --- | --- |", *lines]))
    return "\n\n".join(parts)


def ratios() -> str:
    """The ratios that `make bench` has written last, in Markdown."""
    known = json.loads((DOCS / "ratios.json").read_text(encoding="utf-8"))
    libraries = ", ".join(f"{name} {number}" for name, number in known["libraries"].items())
    faster = [f"| {name} | {value:,} |" for name, value in known["times_as_fast"].items()]
    loops = [f"| {name} | {value:,} |" for name, value in known["calibration_loops"].items()]
    said = (
        f"Measured on {known['date']} ({known['machine']}; {libraries}; a loop took {known['calibration_seconds']} s)."
    )
    return "\n\n".join(
        [
            said,
            "\n".join(["| work, compared with | times as fast |", "| --- | ---: |", *faster]),
            "\n".join(["| command | loops |", "| --- | ---: |", *loops]),
        ]
    )


def _table(schema: TableSchema) -> str:
    rows = [_row(column, schema) for column in schema.all_columns]
    if schema.wide:
        rows.append(f"| *further columns* | float64 | {schema.wide} |")
    kept = "one part per cohort" if schema.per_cohort else "one part for the whole study"
    head = [f"### {schema.name}", schema.description, f"Kept as {kept}."]
    return "\n\n".join([*head, "\n".join(["| column | type | meaning |", "| --- | --- | --- |", *rows])])


def _row(column: Column, schema: TableSchema) -> str:
    key = " (key)" if column.name in schema.key else ""
    said = [column.description]
    if column.isin:
        said.append("One of " + ", ".join(f"`{value}`" for value in column.isin) + ".")
    if column.at_least is not None or column.at_most is not None:
        low, high = (("" if limit is None else f"{limit:g}") for limit in (column.at_least, column.at_most))
        said.append(f"From {low} to {high}." if low and high else f"At least {low}." if low else f"At most {high}.")
    if column.above is not None:
        said.append(f"More than {column.above:g}.")
    if not column.nullable:
        said.append("Never missing.")
    return f"| `{column.name}`{key} | {column.dtype} | {' '.join(said).replace('|', chr(92) + '|')} |"


def _inside(found: re.Match[str], page: Path) -> str:
    text, target, _ = found.groups()
    if re.match(r"[a-z]+:", target):
        return found.group()
    path = Path(os.path.normpath(page.parent / target))
    if path.is_relative_to(DOCS):
        return found.group()
    if not path.exists():
        return found.group()  # mkdocs warns of it, which fails the build
    name = path.relative_to(DOCS.parent).as_posix()
    return f"`{name}`" if text.strip("`") == name else f"{text} (`{name}` in the repository)"
