"""Call gseapy. Callers import this module inside functions because gseapy takes seconds to import.

Interpreting the results belongs in `pathways` and `engines`.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import gseapy
import pandas as pd
from gseapy.gsea import Prerank

_SAMPLE_SIZE = 21
"""Sample size of the multilevel splitting. A p of 0.001 is then known up to a factor of 2, one of 1e-6 up to 2.7 (one
standard error; Korotkevich et al. 2021, supplement); with fgsea's default of 101 up to 1.4 and 1.6, in four times the
time. No conclusion rests on these p values."""

_SMALLEST_P = 1e-6
"""Smallest p value that is resolved: enough for a false discovery rate over ten thousand sets."""


class LeanPrerank(Prerank):  # type: ignore[misc]
    """Prerank without its result table, which holds a running sum over all genes for every set (gigabytes)."""

    summaries: list[Any]

    def to_df(self, gsea_summary: list[Any], **_: object) -> None:
        """Keep only the summaries (term, es, nes, pval, hits)."""
        self.summaries = gsea_summary


def prerank_summaries(
    ranking: pd.Series[float],
    gene_sets: Mapping[str, Sequence[str]],
    *,
    min_size: int,
    max_size: int,
    permutations: int,
    seed: int,
    threads: int,
) -> list[Any]:
    """Run prerank with fgsea's multilevel p values on a ranking sorted in decreasing order."""
    runner = LeanPrerank(
        rnk=ranking,
        gene_sets={name: list(genes) for name, genes in gene_sets.items()},
        outdir=None,
        min_size=min_size,
        max_size=max_size,
        permutation_num=permutations,
        ascending=None,
        threads=threads,
        no_plot=True,
        seed=seed,
        method="multilevel",
        sample_size=_SAMPLE_SIZE,
        eps=_SMALLEST_P,
    )
    # gseapy warns about tied values, but the ranking is already in a defined order
    runner._logger.setLevel(logging.ERROR)
    runner.run()
    return runner.summaries


def single_sample_scores(
    expression: pd.DataFrame, gene_sets: Mapping[str, Sequence[str]], *, weight: float, min_genes: int, threads: int
) -> pd.DataFrame:
    """Run gseapy's ssgsea and return its scores as sets x samples."""
    result = gseapy.ssgsea(
        expression,
        {name: list(genes) for name, genes in gene_sets.items()},
        outdir=None,
        sample_norm_method="rank",
        min_size=min_genes,
        max_size=len(expression),
        weight=weight,
        threads=threads,
        no_plot=True,
    )
    scores: pd.DataFrame = result.res2d.pivot(index="Term", columns="Name", values="ES").astype("float64")
    return scores
