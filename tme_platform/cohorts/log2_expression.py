"""Read the expression matrix of a cohort as the run uses it: on a log2 scale, with what speaks against its unit.

Reading the file belongs in `cohorts.expression`, the conversion in `tme_platform.expression`.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tme_platform.cohorts.declaration import Cohort
from tme_platform.cohorts.expression import read_expression, read_gene_lengths
from tme_platform.expression import describe_counts, to_log2, unit_warning


@dataclass(frozen=True)
class Log2Expression:
    """The expression of a cohort.

    Attributes
    ----------
    log2
        Genes x samples; None if they cannot be converted.
    refusal
        Why they cannot be converted; empty if they can.
    doubt
        Why the unit may be another one; empty if nothing speaks against it.
    conversion
        What becomes of counts, in words; empty for other units.
    genes_without_length
        Genes of counts without a known length.
    rejected
        Rows of `REJECTED_COLUMNS`.
    """

    log2: pd.DataFrame | None
    rejected: pd.DataFrame
    refusal: str = ""
    doubt: str = ""
    conversion: str = ""
    genes_without_length: int | None = None


def read_log2_expression(folder: Path, cohort_name: str, cohort: Cohort) -> Log2Expression:
    """Read the expression of a cohort and convert it to log2. `tme check` and the step `expression` both call this.

    Content that cannot be converted, such as a negative TPM, is stated in `refusal` and raises no error.
    """
    matrix, rejected = read_expression(folder, cohort_name, cohort)
    source = cohort.expression
    if source is None or not matrix.size:
        return Log2Expression(matrix, rejected)
    lengths, conversion, without = None, "", None
    if source.unit == "counts":
        lengths, unusable = read_gene_lengths(folder, cohort_name, source, matrix.index)
        rejected = pd.concat([rejected, unusable], ignore_index=True)
        conversion = describe_counts(lengths)
        without = len(matrix) if lengths is None else len(lengths.without)
    doubt = unit_warning(matrix, source.unit) or ""
    log2, refusal = None, ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # it is in `doubt`
            log2 = to_log2(matrix, source.unit, None if lengths is None else lengths.bases)
    except ValueError as error:
        refusal = str(error)
    return Log2Expression(log2, rejected, refusal, doubt, conversion, without)
