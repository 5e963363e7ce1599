"""The documentation as text: fenced blocks by language and by the comment that stands above them, and links."""

import re
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
DOCS = REPOSITORY / "docs"
PAGES = sorted(DOCS.rglob("*.md"))

_BLOCK = re.compile(r"^(?:<!-- (?P<mark>.*?) -->\n)?```(?P<language>\w+)\n(?P<text>.*?)^```$", re.M | re.S)
_FENCED = re.compile(r"^```.*?^```$", re.M | re.S)
_CODE = re.compile(r"(?<!`)`([^`]+)`(?!`)")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def blocks(page: Path, language: str, mark: str | None = None) -> list[str]:
    """The blocks of a language, in order; with `mark` only those under that comment."""
    found = _BLOCK.finditer(page.read_text())
    return [m["text"] for m in found if m["language"] == language and mark in (None, m["mark"])]


def marked_blocks(page: Path, language: str) -> list[tuple[str, str]]:
    """Comment and text of the blocks of a language that have a comment above them."""
    found = _BLOCK.finditer(page.read_text())
    return [(m["mark"], m["text"]) for m in found if m["language"] == language and m["mark"]]


def code_spans(page: Path) -> list[str]:
    """What stands between single backquotes in the sentences of a page, with line breaks as spaces."""
    return [" ".join(code.split()) for code in _CODE.findall(_FENCED.sub("", page.read_text()))]


def links(page: Path) -> list[str]:
    """Targets of a page's links and pictures."""
    return _LINK.findall(_FENCED.sub("", page.read_text()))


def anchors(page: Path) -> set[str]:
    """Names of a page's headings, as GitHub and mkdocs make them."""
    headings = re.findall(r"^#+ (.*)$", _FENCED.sub("", page.read_text()), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}
