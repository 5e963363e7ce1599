"""Simulate RNA-seq: log2 TPM of the genes in the packaged collections, driven by the infiltration of each tumour.

Each gene is a base level plus loadings on factors (24 populations, infiltration, stroma, proliferation, hormone
receptor), its PAM50 centroid where it has one, and noise. Computing scores belongs in
``tme_platform.expression``.
"""

from __future__ import annotations

import csv
import functools
import gzip
import zlib
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tme_platform.expression import CHECKPOINT_GENES, gene_set_groups, gene_set_path, read_gmt
from tme_platform.simulation.cohorts import SimulatedCohort
from tme_platform.simulation.seeds import random_for

_GROUP_LOADING = {"adaptive": 0.9, "innate_activated": 0.7, "innate_inactivated": 0.25, "non_immune": -0.4}
_STROMAL = ("Fibroblasts", "Endothelial cells")
_IMMUNE_HALLMARKS = (
    "ALLOGRAFT_REJECTION",
    "COMPLEMENT",
    "IL2_STAT5_SIGNALING",
    "IL6_JAK_STAT3_SIGNALING",
    "INFLAMMATORY_RESPONSE",
    "INTERFERON_ALPHA_RESPONSE",
    "INTERFERON_GAMMA_RESPONSE",
    "TNFA_SIGNALING_VIA_NFKB",
)
_HALLMARKS = {
    **dict.fromkeys(_IMMUNE_HALLMARKS, ("infiltration", 0.4)),
    "EPITHELIAL_MESENCHYMAL_TRANSITION": ("stroma", 0.5),
    "ANGIOGENESIS": ("stroma", 0.4),
    "E2F_TARGETS": ("proliferation", 0.6),
    "G2M_CHECKPOINT": ("proliferation", 0.5),
    "ESTROGEN_RESPONSE_EARLY": ("hormone", 0.6),
    "ESTROGEN_RESPONSE_LATE": ("hormone", 0.5),
}
_PROLIFERATION = {"LumA": -0.7, "LumB": 0.4, "Her2": 0.5, "Basal": 1.1, "Normal": -0.8}
_HORMONE = {"LumA": 0.8, "LumB": 0.6, "Her2": -0.6, "Basal": -1.3, "Normal": 0.0}
_FACTORS = ("infiltration", "stroma", "proliferation", "hormone")
_TENTHS_OF_COMMON_GENES = 6


@dataclass(frozen=True)
class _Genes:
    """Parameters shared by all tumours: names, base levels, noise, loadings (factors x genes), PAM50 centroids."""

    names: tuple[str, ...]
    base: NDArray[np.float64]
    noise: NDArray[np.float64]
    loadings: NDArray[np.float64]
    subtypes: dict[str, NDArray[np.float64]]


def simulate_abundances(cohort: SimulatedCohort, patients: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Draw the true abundance of each population in each tumour, on a scale of standard deviations.

    Parameters
    ----------
    cohort
        The cohort.
    patients
        Its patients (`simulate_patients`).
    seed
        The study's seed.

    Returns
    -------
    pandas.DataFrame
        Patients x populations of `tme24`.
    """
    rows = []
    for number, infiltration in enumerate(patients["simulated_infiltration"], start=1):
        rows.append(_factors(cohort, number, infiltration, seed)[0])
    return pd.DataFrame(rows, index=patients.index, columns=list(_populations()))


def simulate_expression(cohort: SimulatedCohort, patients: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Draw the expression of a cohort's tumours.

    Parameters
    ----------
    cohort
        The cohort.
    patients
        Its patients (`simulate_patients`).
    seed
        The study's seed.

    Returns
    -------
    pandas.DataFrame
        Genes (sorted) x patients, log2(TPM + 1), three decimals.
    """
    genes = _genes(seed)
    columns = {}
    for number, (patient, row) in enumerate(patients.iterrows(), start=1):
        abundances, stroma = _factors(cohort, number, row["simulated_infiltration"], seed)
        subtype = row["subtype"]
        own = [row["simulated_infiltration"], stroma, _PROLIFERATION[subtype], _HORMONE[subtype]]
        noise = random_for(seed, cohort.name, number, "expression").standard_normal(len(genes.names))
        values = (
            genes.base + np.array([*abundances, *own]) @ genes.loadings + genes.subtypes[subtype] + genes.noise * noise
        )
        columns[patient] = np.round(np.clip(values, 0, None), 3)
    return pd.DataFrame(columns, index=pd.Index(genes.names, name="gene"))


def _factors(cohort: SimulatedCohort, number: int, infiltration: float, seed: int) -> tuple[NDArray[np.float64], float]:
    """The abundances of the populations in a tumour, and its stroma."""
    random = random_for(seed, cohort.name, number, "abundances")
    stroma = float(random.normal())
    groups = _populations()
    own = random.normal(0, 0.45, len(groups))
    follows = np.array([_GROUP_LOADING[group] for group in groups.values()])
    stromal = np.array([0.7 if name in _STROMAL else 0.0 for name in groups])
    return follows * infiltration + stromal * stroma + own, stroma


def _populations() -> dict[str, str]:
    return gene_set_groups(gene_set_path("tme24"))


@functools.lru_cache(maxsize=2)
def _genes(seed: int) -> _Genes:
    rows = _loadings()
    centroids = _centroids()
    names = sorted({gene for of_factor in rows.values() for gene in of_factor} | set(centroids) | _common_genes())
    column = {name: position for position, name in enumerate(names)}
    random = random_for(seed, "genes")
    loadings = np.zeros((len(rows), len(names)))
    for factor, of_factor in enumerate(rows.values()):
        for gene, loading in of_factor.items():
            loadings[factor, column[gene]] = loading
    loadings *= np.clip(random.normal(1, 0.25, loadings.shape), 0.3, 1.7)
    subtypes = {subtype: np.zeros(len(names)) for subtype in _PROLIFERATION}
    for gene, of_subtype in centroids.items():
        for subtype, value in of_subtype.items():
            subtypes[subtype][column[gene]] = value
    base = np.clip(random.normal(4.5, 2.0, len(names)), 0.8, 11)
    return _Genes(tuple(names), base, random.uniform(0.45, 0.95, len(names)), loadings, subtypes)


def _loadings() -> dict[str, dict[str, float]]:
    """Loading of each gene on each factor; a gene in several collections follows the first."""
    named: set[str] = set()

    def fresh(genes: list[str], loading: float) -> dict[str, float]:
        new = [gene for gene in genes if gene not in named]
        named.update(new)
        return dict.fromkeys(new, loading)

    rows = {name: fresh(genes, 1.0) for name, genes in read_gmt(gene_set_path("tme24")).items()}
    rows |= {factor: {} for factor in _FACTORS}
    rows["infiltration"] |= fresh(list(CHECKPOINT_GENES), 0.8)
    for name, genes in read_gmt(gene_set_path("mcpcounter")).items():
        factor, loading = ("stroma", 0.8) if name in _STROMAL else ("infiltration", 0.8)
        rows[factor] |= fresh(genes, loading)
    for name, genes in read_gmt(gene_set_path("estimate_141")).items():
        rows["stroma" if name.startswith("Stromal") else "infiltration"] |= fresh(genes, 0.7)
    for name, genes in read_gmt(gene_set_path("msigdb_hallmark_50")).items():
        factor, loading = _HALLMARKS.get(name.removeprefix("HALLMARK_"), ("infiltration", 0.0))
        rows[factor] |= fresh(genes, loading) if loading else {}
    rows["infiltration"] |= fresh(sorted(set().union(*read_gmt(gene_set_path("msigdb_hallmark_50")).values())), 0.0)
    return rows


def _centroids() -> dict[str, dict[str, float]]:
    path = gene_set_path("tme24").parent / "pam50_centroids_genefu.csv"
    with path.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    gene = next(iter(rows[0]))
    return {row[gene]: {subtype: float(row[subtype]) for subtype in _PROLIFERATION} for row in rows}


def _common_genes() -> set[str]:
    """Six in ten of the common genes of ESTIMATE, more than the minimum that it needs."""
    path = gene_set_path("tme24").parent / "estimate_common_genes_10412.tsv.gz"
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        names = [line.split("\t")[0].strip() for line in stream][1:]
    return {name for name in names if zlib.crc32(name.encode()) % 10 < _TENTHS_OF_COMMON_GENES}
