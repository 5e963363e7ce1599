"""Write the tables and the cohort file of a simulated cohort.

Drawing the values belongs in `patients`, `expression` and `features`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from tme_platform.expression import gene_set_groups, gene_set_path
from tme_platform.simulation.cohorts import EXPRESSION, TRUTH, SimulatedCohort
from tme_platform.simulation.expression import simulate_abundances, simulate_expression
from tme_platform.simulation.features import FEATURE_SET, feature_table
from tme_platform.simulation.patients import TRUTH_COLUMNS

_SPLIT = {"fraction": 0.2, "seed": 2024, "stratify_by": "phenotype"}


def write_tables(folder: Path, cohort: SimulatedCohort, patients: pd.DataFrame, *, seed: int, features: bool) -> None:
    """Write the tables of a cohort: clinical data, expression and, instead of images, features.

    Parameters
    ----------
    folder
        Destination.
    cohort, patients, seed
        The cohort, its patients (`simulate_patients`) and the study's seed.
    features
        Whether a cohort with imaging gets a finished feature table.
    """
    patients[[*cohort.clinical, *TRUTH_COLUMNS]].to_csv(folder / "clinical.csv")
    if cohort.expression:
        matrix = simulate_expression(cohort, patients, seed=seed)
        matrix.reset_index().to_parquet(folder / "log2_tpm.parquet", index=False, compression="zstd")
    if features and cohort.imaging:
        feature_table(cohort, patients, seed=seed).to_csv(folder / "features.csv")
    if cohort is EXPRESSION:
        names = sorted(gene_set_groups(gene_set_path("tme24")))
        pairs = pd.DataFrame({"population": names, "compared_with": names})
        pairs.to_csv(folder / "score_pairs.tsv", sep="\t", index=False)


def write_cohort_file(folder: Path, cohort: SimulatedCohort, *, features: bool, effect: float, seed: int) -> None:
    """Write `cohort.yaml` for the files of `write_tables` and the images."""
    declared: dict[str, Any] = {
        "title": cohort.title,
        "roles": list(cohort.roles),
        "provenance": _provenance(f"effect of the infiltration on images {effect:g}, seed {seed}"),
        "clinical": [
            {
                "file": "clinical.csv",
                "patient_id": "patient_id",
                "columns": {name: name for name in cohort.clinical},
                "other": list(TRUTH_COLUMNS),
            }
        ],
    }
    if cohort.expression:
        declared["expression"] = {"file": "log2_tpm.parquet", "unit": "log2_tpm", "gene_id": "symbol"}
        reference = cohort is EXPRESSION
        declared["phenotypes"] = {"by": "fit"} if reference else {"by": "model", "cohort": EXPRESSION.name}
    if cohort.imaging:
        finished = {"features": {"file": "features.csv", "feature_set": FEATURE_SET}}
        declared |= finished if features else {"imaging": {"manifest": "imaging.csv"}}
    if "signature_discovery" in cohort.roles:
        declared["split"] = _SPLIT
    if "arm" in cohort.clinical:
        declared["control_arm"] = "immunotherapy"
    if cohort is EXPRESSION:
        declared["score_comparison"] = {"cohort": TRUTH, "pairs": "score_pairs.tsv"}
    _declare(folder, declared)


def write_truth(folder: Path, patients: pd.DataFrame, *, seed: int) -> None:
    """Write the true abundances behind the expression cohort as a cohort of finished cell scores."""
    abundances = simulate_abundances(EXPRESSION, patients, seed=seed).round(4)
    abundances.to_csv(folder / "abundances.tsv", sep="\t")
    groups = gene_set_groups(gene_set_path("tme24"))
    listed = pd.DataFrame({"population": list(groups), "group": list(groups.values())})
    listed.to_csv(folder / "population_groups.tsv", sep="\t", index=False)
    _declare(
        folder,
        {
            "title": "True abundances behind the simulated gene expression cohort",
            "roles": ["phenotype_replication"],
            "provenance": _provenance(f"seed {seed}"),
            "cell_scores": {
                "file": "abundances.tsv",
                "groups": "population_groups.tsv",
                "method": "the abundances that the expression was drawn from",
            },
            "phenotypes": {"by": "patient", "cohort": EXPRESSION.name},
        },
    )


def _provenance(settings: str) -> dict[str, str]:
    return {"kind": "simulated", "source": f"tme simulate ({settings}); no person's data", "licence": "CC0 1.0"}


def _declare(folder: Path, declared: dict[str, Any]) -> None:
    text = yaml.safe_dump(declared, sort_keys=False, allow_unicode=True, width=110)
    (folder / "cohort.yaml").write_text(text, encoding="utf-8")
