"""A printed table as LaTeX, for a manuscript to take in. What stands in it is decided in `print_tables`."""

from __future__ import annotations

from tme_platform.report.print_tables import PrintTable

_SPECIAL = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "–": "--", "≥": r"$\geq$", "≤": r"$\leq$", "`": "'",
}  # fmt: skip
_WIDE_FROM = 6
"""Columns from which the table is shrunk to the width of the line."""


def to_latex(table: PrintTable, number: int) -> str:
    """Set a table in LaTeX, with the rules of `booktabs`; wide ones also need `graphicx`.

    Parameters
    ----------
    table
        The table; what LaTeX would take for a command is printed as it is.
    number
        Its number, for the label ``tab:NUMBER``. LaTeX numbers the caption itself.
    """
    lines = [_line(table.columns), r"\midrule", *(_line(row) for row in table.rows)]
    body = [rf"\begin{{tabular}}{{l{'r' * (len(table.columns) - 1)}}}", r"\toprule", *lines, r"\bottomrule"]
    body.append(r"\end{tabular}")
    if len(table.columns) >= _WIDE_FROM:
        body = [r"\resizebox{\linewidth}{!}{%", *body, "}"]
    notes = [rf"\par\smallskip\raggedright {_escaped(note)}" for note in table.notes]
    head = [r"\begin{table}", r"\centering\footnotesize", rf"\caption{{{_escaped(table.title)}}}"]
    return "\n".join([*head, rf"\label{{tab:{number}}}", *body, *notes, r"\end{table}", ""])


def _line(cells: tuple[str, ...]) -> str:
    return " & ".join(_indented(cell) for cell in cells) + r" \\"


def _indented(cell: str) -> str:
    bare = cell.lstrip(" ")
    # A cell that begins with a bracket would be taken for the option of the line's end before it.
    text = _escaped(bare)
    guarded = f"{{}}{text}" if text.startswith(("[", "*")) else text
    return rf"\quad {guarded}" if bare != cell else guarded


def _printable(letter: str) -> str:
    return letter if letter.isprintable() else " "


def _escaped(text: str) -> str:
    return "".join(_SPECIAL.get(letter, letter) for letter in map(_printable, text))
