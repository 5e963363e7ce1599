"""Tell genes from the other rows of an expression matrix: counters, sums, headers, spike-ins, dates.

Reading belongs in `_matrix`, whether the names are gene symbols in `expression.known_genes`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tme_platform.cohorts.cells import cell
from tme_platform.cohorts.rejections import Rejections
from tme_platform.counted import counted
from tme_platform.expression.known_genes import LEAST_TO_JUDGE

_COUNTER = (
    r"__\w+|_*(?:no_feature|ambiguous|too_low_aqual|not_aligned|alignment_not_unique)"
    r"|N_(?:unmapped|multimapping|noFeature|ambiguous)"
    r"|(?i:mean|total|sum|median|average|(?:grand|column|row)[ _]?(?:totals?|sums?)|total[ _](?:counts|reads)"
    r"|library[ _]size|all genes)"
)
_SPIKE_IN = r"(?:ERCC-\d{5}|(?i:sequin|spike)[-_ ]?\w*)"
_PAR_Y = r".+_PAR_Y"
_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec"
_DATE = (
    rf"\d{{1,2}}[-. ](?i:{_MONTHS})(?:[-. ]\d{{2,4}})?|(?:{_MONTHS})[-. ]\d{{1,4}}"
    r"|\d{4}[-/]\d{1,2}[-/]\d{1,2}(?:[ T]00:00:00)?|\d{1,2}[/.]\d{1,2}[/.](?:\d{2}|\d{4})"
)
_SERIAL = r"(?:3[6-9]|4\d|5[0-4])\d{3}(?:\.0)?"
"""Spreadsheets store a date as the number of days since 1900; these are the years 1998 to 2050."""
_WITH_ID = r"[^|]*\|\d+"
_NOTHING = "No action needed."
OTHER_ROWS = {
    "repeated_header": (
        "row repeats the header line", "rows repeat the header line",
        "Join files before their headers, or delete the rows.",
    ),
    "counter_row": (
        "row is a counter, sum or mean, not a gene",
        "rows are counters, sums or means, not genes", _NOTHING,
    ),
    "spike_in": (
        "row is a spike-in, added RNA that is not of the tumour",
        "rows are spike-ins, added RNA that is not of the tumour", _NOTHING,
    ),
    "par_y_copy": (
        "row is a copy of a gene on the Y chromosome (_PAR_Y)",
        "rows are copies of genes on the Y chromosome (_PAR_Y)", _NOTHING,
    ),
    "gene_is_a_date": (
        "gene name is a date, to which a spreadsheet changes names such as MARCH1 and SEPT2",
        "gene names are dates, to which a spreadsheet changes names such as MARCH1 and SEPT2",
        "Take the names from the original file, or format the column as text before opening it.",
    ),
}  # fmt: skip
"""By rule what one row is, what several are, and what to do."""

_MOSTLY = 0.5
_SUMS_TO = 1e-6


def shorten_names(names: pd.Series, file: str, rejected: Rejections) -> pd.Series:
    """Strip names; of `CD8A|925`, as Firehose writes it, take what is before the bar if most names have that shape."""
    plain = names.astype("string").str.strip()
    with_id = plain.str.fullmatch(_WITH_ID).fillna(False).astype(bool)
    if not len(plain) or with_id.mean() <= _MOSTLY:
        return plain
    symbols = plain.str.split("|").str[0].replace({"?": ""})
    message = (
        f"{counted(int(with_id.sum()), 'gene name is', 'gene names are')} a symbol and an id "
        f"({cell(plain[with_id].iloc[0])}): the symbol before the bar is used. No action needed."
    )
    rejected.add(rule="gene_name_with_id", message=message, action="name shortened", file=file)
    return plain.mask(with_id, symbols)


def other_rows(
    names: pd.Series, header: Sequence[str], raw: Callable[[int], list[str]], numbers: NDArray[np.float64]
) -> dict[str, NDArray[np.bool_]]:
    """Find rows that are not genes.

    Parameters
    ----------
    names
        Stripped names of the rows.
    header
        Names of the gene column and of the sample columns.
    raw
        Gives the first cells of a row as text.
    numbers
        Rows x columns, NaN where a cell holds no number.

    Returns
    -------
    dict
        By rule, one of `OTHER_ROWS`, which rows it found; without rules that found none.
    """
    listed = names.fillna("").astype(str)

    def match(pattern: str) -> NDArray[np.bool_]:
        return np.asarray(listed.str.fullmatch(pattern), dtype=bool)

    again = np.zeros(len(listed), dtype=bool)
    for row in np.flatnonzero(np.isnan(numbers).all(axis=1) & (listed != "").to_numpy()).tolist():
        cells = raw(row)
        again[row] = bool(cells) and cells == list(header[1 : len(cells) + 1])
    digits = listed.str.fullmatch(r"\d+").mean() if len(listed) else 0.0
    dated = match(_DATE) | (match(_SERIAL) if digits < _MOSTLY else np.zeros(len(listed), dtype=bool))
    counters = match(_COUNTER) | _sums(numbers)
    found = {
        "repeated_header": again,
        "counter_row": counters,
        "spike_in": match(_SPIKE_IN),
        "par_y_copy": match(_PAR_Y),
        "gene_is_a_date": dated,
    }
    return {rule: rows for rule, rows in found.items() if rows.any()}


def _sums(numbers: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Rows that are the sum of all other rows in every sample."""
    if len(numbers) < LEAST_TO_JUDGE or not numbers.shape[1] or (numbers[~np.isnan(numbers)] < 0).any():
        return np.zeros(len(numbers), dtype=bool)
    half = np.nansum(numbers, axis=0) / 2
    with np.errstate(invalid="ignore"):
        return np.asarray((np.abs(numbers - half) <= _SUMS_TO * half).all(axis=1) & (half > 0).all(), dtype=bool)
