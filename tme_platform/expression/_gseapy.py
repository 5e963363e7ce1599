"""What is asked of gseapy, in one place. Imported only where it is needed: gseapy takes seconds to import.

Not here: what is made of its answers (``pathways``, ``engines``).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import gseapy
import pandas as pd
from gseapy.gsea import Prerank

_SAMPLE_SIZE = 51
"""Of the multilevel splitting: fgsea's own default of 101 takes twice as long for p values of the same kind."""

_SMALLEST_P = 1e-6
"""Below it no p value is told apart: enough for a false discovery rate over ten thousand sets."""


class LeanPrerank(Prerank):  # type: ignore[misc]
    """Prerank without its own result table, which holds a running sum over the genome for every set (gigabytes)."""

    summaries: list[Any]

    def to_df(self, gsea_summary: list[Any], **_: object) -> None:
        """Keep the summaries (term, es, nes, pval, hits) and nothing else."""
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
    """Run prerank with fgsea's multilevel p values on a ranking that is sorted in decreasing order."""
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
    # it warns of tied values, whose order is settled before
    runner._logger.setLevel(logging.ERROR)
    runner.run()
    return runner.summaries


def single_sample_scores(
    expression: pd.DataFrame, gene_sets: Mapping[str, Sequence[str]], *, weight: float, min_genes: int, threads: int
) -> pd.DataFrame:
    """Run gseapy's ssgsea and lay its long table out as sets x samples."""
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
