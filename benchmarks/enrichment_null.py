"""Count what gene-set tests find in random groups of the bundled SCAN-B tumours, and measure time and memory.

The labels of the 300 ER-positive and 100 ER-negative tumours are shuffled, so every finding is false. A test that keeps
its promise has p < 0.05 in 5 % of the hallmark sets, and findings at FDR < 0.05 in at most 5 % of the shuffles.
CAMERA with the preset correlation of 0.01, limma's default, is computed here for comparison; the package does not offer
it.

    python benchmarks/enrichment_null.py [--shuffles 100] [--ranked-shuffles 20]
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from tme_platform.expression import compare_genes, enrich, enrichment, gene_set_path, read_gmt
from tme_platform.expression._set_matrix import two_groups
from tme_platform.expression.camera import moderated_z
from tme_platform.statistics import benjamini_hochberg

FOLDER = Path(__file__).parent.parent / "data_lake" / "landing" / "scanb"
PRESET = 0.01

GeneSets = dict[str, list[str]]
Test = Callable[[pd.DataFrame, pd.Series, GeneSets], pd.DataFrame]


def preset_camera(expression: pd.DataFrame, group: pd.Series, gene_sets: GeneSets) -> pd.DataFrame:
    """CAMERA as limma runs it by default: every pair of genes of a set has a correlation of 0.01."""
    data = two_groups(expression, group, gene_sets)
    score, inside = moderated_z(data), data.sizes
    total, outside = len(score), len(score) - data.sizes
    shift = total / outside * (data.set_means(score[:, None])[:, 0] - score.mean())
    pooled = ((total - 1) * score.var(ddof=1) - shift**2 * inside * outside / total) / (total - 2)
    t = shift / np.sqrt(pooled * ((1 + (inside - 1) * PRESET) / inside + 1 / outside))
    p = 2 * stats.t.sf(np.abs(t), total - 2)
    return pd.DataFrame({"p": p, "fdr": benjamini_hochberg(p)})


def preranked(expression: pd.DataFrame, group: pd.Series, gene_sets: GeneSets) -> pd.DataFrame:
    """The paper's way: GSEA of the genes ranked by signal to noise, which permutes genes."""
    compared = compare_genes(expression, group.map({True: "A", False: "B"}))
    return enrichment(compared.set_index("gene")["signal_to_noise"], gene_sets)


def null_findings(
    expression: pd.DataFrame, group: pd.Series, gene_sets: GeneSets, tests: dict[str, tuple[Test, int]], seed: int
) -> pd.DataFrame:
    """Share of sets with p and with FDR below 0.05, by test, over shuffles of the labels."""
    rows = []
    for name, (test, shuffles) in tests.items():
        random = np.random.default_rng(seed)
        for _ in range(shuffles):
            found = test(expression, pd.Series(random.permutation(group.to_numpy()), group.index), gene_sets)
            rows.append(
                {
                    "test": name,
                    "p below 0.05": (found["p"] < 0.05).mean(),
                    "FDR below 0.05": (found["fdr"] < 0.05).mean(),
                    "shuffles with a finding": (found["fdr"] < 0.05).any(),
                }
            )
    table = pd.DataFrame(rows)
    shares = table.groupby("test", sort=False).mean()
    return shares.assign(shuffles=table.groupby("test").size())


def main() -> None:
    """Print the shares, and the time and memory of the largest collection."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shuffles", type=int, default=100)
    parser.add_argument("--ranked-shuffles", type=int, default=20)
    parser.add_argument("--seed", type=int, default=2024)
    options = parser.parse_args()
    expression = pd.read_csv(FOLDER / "log2_fpkm.tsv.gz", sep="\t", index_col=0)
    clinical = pd.read_csv(FOLDER / "clinical.tsv", sep="\t", index_col="title")
    group = (clinical["er_status"] == 1).reindex(expression.columns)
    loaded = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    processes = read_gmt(gene_set_path("msigdb_gobp_7658"))
    for method in ("sample_permutation", "camera"):
        start = time.perf_counter()
        found = enrich(expression, group, processes, method=method)
        seconds = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{method}: {len(found):,} of {len(processes):,} sets, {expression.shape[0]:,} genes x "
            f"{expression.shape[1]} tumours: {seconds:.1f} s, peak {peak:,.0f} MB ({loaded:,.0f} MB before)"
        )
    measured = {
        name: genes
        for name, genes in read_gmt(gene_set_path("msigdb_hallmark_50")).items()
        if 15 <= len(set(genes) & set(expression.index)) <= 500
    }
    tests: dict[str, tuple[Test, int]] = {
        "sample permutation": (lambda x, g, s: enrich(x, g, s, permutations=999), options.shuffles),
        "CAMERA, estimated correlation": (lambda x, g, s: enrich(x, g, s, method="camera"), options.shuffles),
        "CAMERA, preset correlation 0.01": (preset_camera, options.shuffles),
        "preranked GSEA": (preranked, options.ranked_shuffles),
    }
    print(f"{len(measured)} hallmark sets, labels shuffled:")
    print(null_findings(expression, group, measured, tests, options.seed).round(3).to_string())


if __name__ == "__main__":
    main()
