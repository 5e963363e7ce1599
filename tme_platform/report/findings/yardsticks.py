"""How hot tumours compare with cold ones by measurements other than the clustered scores."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from tme_platform.report.facts import StudyFacts, records
from tme_platform.report.findings.answers import Estimate
from tme_platform.report.wording import missing
from tme_platform.statistics import Summary, mean_difference

MEASURED_OTHERWISE: dict[str, tuple[str, Literal["above", "below"]]] = {
    "leukocyte_fraction": ("leukocyte fraction", "above"),
    "cd8_percent": ("CD8-positive cells, %", "above"),
    "stil_percent": ("stromal lymphocytes, %", "above"),
    "purity_absolute": ("tumour purity (DNA)", "below"),
}
"""Measurements that do not use the tumour's RNA: name, and where hot tumours lie if they are inflamed."""
_FDR = 0.05


class Genes(NamedTuple):
    """How many checkpoint genes differ between hot and cold tumours (FDR < 0.05)."""

    tested: int
    higher: int
    lower: int


def yardsticks(facts: StudyFacts, cohort: str) -> list[Estimate]:
    """Estimate the difference of means, hot minus cold, of everything that is measured otherwise."""
    found = facts.rows("phenotype_characteristics", cohort=cohort)
    if found.empty:
        return []
    estimates = []
    for name, (label, expected) in MEASURED_OTHERWISE.items():
        rows = {row["phenotype"]: row for row in records(found[found["variable"] == name]) if not missing(row["mean"])}
        if not {"hot", "cold"} <= set(rows):
            continue
        hot, cold = (_summary(rows[phenotype]) for phenotype in ("hot", "cold"))
        said = f"{label} {hot.mean:.2f} in hot and {cold.mean:.2f} in cold tumours, difference"
        counted = f"{hot.n + cold.n:,} tumours"
        estimates.append(Estimate(said, cohort, *mean_difference(hot, cold), 0.0, expected, counted))
    return estimates


def checkpoint_genes(facts: StudyFacts, cohort: str) -> Genes | None:
    """Count the checkpoint genes that differ, or return None if none was tested."""
    genes = facts.rows("phenotype_characteristics", cohort=cohort, family="checkpoint_genes")
    genes = genes.dropna(subset=["fdr"]) if len(genes) else genes
    if genes.empty:
        return None
    medians = genes.pivot_table(index="variable", columns="phenotype", values="median")
    if not {"hot", "cold"} <= set(medians):
        return None
    differs = genes.groupby("variable")["fdr"].first().reindex(medians.index) < _FDR
    apart = (medians["hot"] - medians["cold"])[differs]
    return Genes(genes["variable"].nunique(), int((apart > 0).sum()), int((apart < 0).sum()))


def basal_shares(facts: StudyFacts, cohort: str) -> str:
    """State the shares of the Basal subtype in hot and cold tumours, or nothing if unknown."""
    rows = facts.rows("phenotype_characteristics", cohort=cohort, variable="published", level="Basal")
    shares = {row["phenotype"]: row["share"] for row in records(rows) if not missing(row["share"])}
    if not {"hot", "cold"} <= set(shares):
        return ""
    return f"Basal subtype in {shares['hot'] * 100:.0f} % of hot and {shares['cold'] * 100:.0f} % of cold tumours"


def _summary(row: dict[str, Any]) -> Summary:
    return Summary(float(row["mean"]), float(row["sd"]), int(row["n"]))
