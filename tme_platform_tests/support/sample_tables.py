"""Small tables as the lake has them, the same at every call, from which every figure can be drawn."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tme_platform.cohorts.declaration import Cohort
from tme_platform.evaluation import (
    decision_curve,
    net_benefit_difference,
    odds_per_sd,
    odds_ratio,
    reliability_curve,
    roc_curve_points,
)

COHORT = "sample"
N = 40
HOT = 12
POPULATIONS = {
    "CD8 T cells": "adaptive",
    "B cells": "adaptive",
    "NK cells": "innate_activated",
    "Macrophages": "innate_inactivated",
    "Fibroblasts": "non_immune",
    "Endothelium": "non_immune",
}
GENES = ("CD274", "CTLA4", "IDO1", "PDCD1", "LAG3")
"""Three of the eight checkpoint genes were not measured."""


def tables(provenance: str = "real") -> dict[str, pd.DataFrame]:
    """Every table by name."""
    made = {**_phenotypes(), **_meaning(), **_survival(), **_response(), **_imaging(), **_signature()}
    return {name: frame.assign(provenance=provenance) for name, frame in made.items()}


def declaration(*roles: str, provenance: str = "real", **parts: object) -> str:
    """The cohort file of a cohort with clinical data, as the table `cohorts` holds it."""
    known = {"kind": provenance, "source": "a test", "licence": "CC0"}
    clinical = [{"file": "clinical.csv", "patient_id": "patient_id"}]
    made = {"title": "A cohort", "roles": roles, "provenance": known, "clinical": clinical, **parts}
    return Cohort.model_validate(made).model_dump_json()


def _patients() -> tuple[list[str], np.ndarray]:
    return [f"P{number:02d}" for number in range(N)], np.where(np.arange(N) < HOT, "hot", "cold")


def _phenotypes() -> dict[str, pd.DataFrame]:
    random = np.random.default_rng(1)
    names, phenotype = _patients()
    scores = pd.DataFrame(random.normal(0, 1, (N, len(POPULATIONS))), columns=list(POPULATIONS))
    scores.loc[: HOT - 1, ["CD8 T cells", "B cells", "NK cells"]] += 2
    identity = {"patient_id": names, "cohort": COHORT}
    patients = pd.DataFrame({**identity, "pam50": (["LumA"] * 3 + ["Basal", "LumB"]) * (N // 5), "er": "positive"})
    for shift, method in enumerate(("estimate", "absolute", "lump")):
        patients[f"purity_{method}"] = np.clip(random.normal(0.6, 0.1, N) + 0.05 * shift, 0, 1)
    patients["purity_ihc"] = np.nan
    votes = {2: 3, 3: 1, 4: 0}
    evidence = [
        {"index_name": f"index{number}", "k": k, "value": 1.0, "chosen": False} for number in range(5) for k in votes
    ]
    for number, k in enumerate([k for k, count in votes.items() for _ in range(count)]):
        next(row for row in evidence if row["index_name"] == f"index{number}" and row["k"] == k)["chosen"] = True
    evidence += [
        {"index_name": "mean_silhouette", "k": k, "value": value, "chosen": k == 2}
        for k, value in ((2, 0.5), (3, 0.3), (4, 0.25))
    ]
    return {
        "cohorts": pd.DataFrame(
            {
                "cohort": [COHORT],
                "roles": "phenotype_reference",
                "declaration": declaration("phenotype_reference"),
            }
        ),
        "patients": patients,
        "cell_scores": scores.assign(**identity),
        "tme_phenotypes": pd.DataFrame(
            {
                **identity,
                "phenotype": phenotype,
                "cluster": np.where(phenotype == "hot", "A", "B"),
                "scaling": "within_sample",
                "immune_mean": scores[["CD8 T cells", "B cells"]].mean(axis=1),
                "model_cohort": COHORT,
                "method": "fit",
            }
        ),
        "populations": pd.DataFrame(
            {"population": list(POPULATIONS), "population_group": list(POPULATIONS.values()), "cohort": COHORT}
        ),
        "cluster_evidence": pd.DataFrame(evidence).assign(cohort=COHORT),
        "cluster_silhouettes": pd.concat(
            pd.DataFrame(
                {**identity, "k": k, "cluster": np.arange(N) * k // N + 1, "width": random.uniform(-0.1, 0.5, N)}
            )
            for k in (2, 3, 4, 5)
        ),
        "cluster_null": pd.DataFrame(
            [
                ("silhouette", 2, "all", 0.5, 0.3, 0.27, 0.33, 0.01),
                ("gap", 2, "all", 1.1, 1.0, 0.9, 1.2, 0.2),
                ("jaccard", 2, "A", 0.95, 0.93, 0.8, 0.97, 0.3),
                ("jaccard", 2, "B", 0.97, 0.94, 0.85, 0.98, 0.2),
            ],
            columns=["measure", "k", "cluster", "value", "null_mean", "null_low", "null_high", "p"],
        ).assign(n=N, draws=99, cohort=COHORT),
        "rejected_inputs": pd.DataFrame({"cohort": [COHORT] * 3, "message": ["a", "b", "c"]}),
    }


def _meaning() -> dict[str, pd.DataFrame]:
    random = np.random.default_rng(2)
    names, phenotype = _patients()
    mcp = pd.DataFrame(random.normal(3, 1, (N, 3)), columns=["T cells", "B lineage", "T cells (without shared genes)"])
    rows = []
    for variable, levels in {"her2": {"negative": (9, 20), "positive": (3, 8)}}.items():
        for level, counts in levels.items():
            for name, n in zip(("hot", "cold"), counts, strict=True):
                rows.append(("clinical", variable, "categorical", name, level, n, np.nan, 0.03))
    rows += [("clinical", "age_years", "numeric", name, None, n, 58.0, 0.4) for name, n in (("hot", 12), ("cold", 28))]
    tested = {
        "purity": ["purity_estimate", "purity_absolute", "purity_lump"],
        "mcp_counter": ["T cells", "B lineage"],
        "population_groups": ["adaptive", "innate_activated", "innate_inactivated", "non_immune"],
        "checkpoint_genes": list(GENES),
        "subtype": ["published"],
    }
    for family, variables in tested.items():
        rows += [
            (family, name, "numeric", phenotype, None, n, 1.0, 0.0002 if at == 0 else 0.2)
            for at, name in enumerate(variables)
            for phenotype, n in (("hot", 12), ("cold", 28))
        ]
    rows += [
        ("subtype", "published", "categorical", phenotype, level, n, np.nan, 0.01)
        for phenotype, counts in (("hot", (6, 6)), ("cold", (2, 26)))
        for level, n in zip(("Basal", "LumA"), counts, strict=True)
    ]
    columns = ["family", "variable", "kind", "phenotype", "level", "n", "median", "fdr"]
    characteristics = pd.DataFrame(rows, columns=columns)
    characteristics = characteristics.assign(q1=characteristics["median"] - 8, q3=characteristics["median"] + 9)
    first = characteristics["fdr"] < 0.001
    is_numeric = characteristics["kind"] == "numeric"
    shift = np.where(first & (characteristics["phenotype"] == "hot"), 1.5, 0.0)
    characteristics["mean"] = (characteristics["median"] + shift).where(is_numeric)
    characteristics["sd"] = characteristics["mean"].where(characteristics["mean"].isna(), 1.0)
    expression = pd.DataFrame(
        [
            (gene, name, value)
            for gene in (*GENES, "ACTB")
            for name, value in zip(names, random.normal(5, 1, N), strict=True)
        ],
        columns=["gene", "sample_id", "value"],
    )
    expression.loc[(expression["gene"] == "CD274") & (np.tile(phenotype, len(GENES) + 1) == "hot"), "value"] += 2
    signal = np.linspace(1, -1, 60)
    return {
        "mcp_counter_scores": mcp.assign(patient_id=names, cohort=COHORT),
        "phenotype_characteristics": characteristics.assign(cohort=COHORT),
        "intrinsic_subtypes": pd.DataFrame({"patient_id": names, "subtype": "LumA", "cohort": COHORT}),
        "expression": expression.assign(cohort=COHORT),
        "gene_comparison": pd.DataFrame(
            {
                "gene": [f"G{at}" for at in range(60)],
                "signal_to_noise": signal,
                "n_hot": 12,
                "n_cold": 28,
                "cohort": COHORT,
            }
        ),
        "gene_set_tests": pd.DataFrame(
            [
                ("hallmark", "HALLMARK_INTERFERON_GAMMA_RESPONSE", "sample_permutation", "hot", 2.1, 0.0005, 0.001),
                ("hallmark", "HALLMARK_MYOGENESIS", "sample_permutation", "cold", -1.6, 0.01, 0.02),
                ("hallmark", "HALLMARK_HYPOXIA", "sample_permutation", "hot", 0.4, 0.3, 0.3),
                ("hallmark", "HALLMARK_INTERFERON_GAMMA_RESPONSE", "camera", "hot", 4.0, 0.0001, 0.0003),
                ("hallmark", "HALLMARK_MYOGENESIS", "camera", "cold", -1.0, 0.3, 0.45),
                ("hallmark", "HALLMARK_HYPOXIA", "camera", "hot", 0.2, 0.8, 0.8),
            ]
            + [
                ("processes", f"GOBP_{name}", method, "hot", 1.0, 0.02, 0.2)
                for name in ("T_CELL_ACTIVATION", "B_CELL_ACTIVATION", "OTHER", "MORE")
                for method in ("sample_permutation", "camera")
            ],
            columns=["collection", "term", "method", "higher_in", "statistic", "p", "fdr"],
        ).assign(n_genes=100, correlation=0.1, n_hot=12, n_cold=28, cohort=COHORT),
        "pathway_enrichment": pd.DataFrame(
            {
                "collection": "hallmark",
                "term": ["HALLMARK_INTERFERON_GAMMA_RESPONSE", "HALLMARK_MYOGENESIS", "HALLMARK_HYPOXIA"],
                "es": [0.7, -0.5, 0.3],
                "nes": [2.1, -1.6, 1.1],
                "p": [1e-5, 0.001, 0.3],
                "fdr": [0.0003, 0.02, 0.3],
                "n_genes": [100, 80, 60],
                "genes": ["G0,G3,G7", "G40,G58,G59", "G20"],
                "cohort": COHORT,
            }
        ),
    }


def _survival() -> dict[str, pd.DataFrame]:
    curves = []
    for name, n, drop in (("hot", 12, 0.06), ("cold", 28, 0.04)):
        times = np.arange(0, n) * 110.0
        survival = np.maximum(1 - drop * np.arange(n), 0.05)
        curves.append(
            pd.DataFrame(
                {
                    "phenotype": name,
                    "time_days": times,
                    "at_risk": np.arange(n, 0, -1),
                    "events": (np.arange(n) % 2 == 1).astype(int),
                    "censored": ((np.arange(n) % 2 == 0) & (np.arange(n) > 0)).astype(int),
                    "survival": survival,
                    "ci_low": np.maximum(survival - 0.15, 0),
                    "ci_high": np.minimum(survival + 0.15, 1),
                }
            )
        )
    cox = [
        (
            patients,
            name,
            n,
            events,
            np.exp(0.15 * (at - 2)),
            np.exp(0.15 * (at - 2) - 0.3),
            np.exp(0.15 * (at - 2) + 0.3),
            fdr,
        )
        for patients, n, events in (("all", 40, 20), ("hot", 12, 6), ("cold", 28, 14))
        for at, (name, fdr) in enumerate(zip(POPULATIONS, (0.001, 0.2, 0.04, 0.9, 0.5, 0.05), strict=True))
    ]
    columns = ["patients", "population", "n", "n_events", "hr", "ci_low", "ci_high", "fdr"]
    return {
        "survival_curves": pd.concat(curves, ignore_index=True).assign(cohort=COHORT, endpoint="os"),
        "survival_tests": pd.DataFrame(
            {
                "endpoint": "os",
                "subgroup": ["all", "er_positive", "er_negative"],
                "n": [40, 30, 10],
                "n_events": [20, 14, 6],
                "p": [0.03, 0.2, 0.6],
                "hr_hot": [0.6, 0.7, 0.8],
                "hr_low": [0.4, 0.4, 0.3],
                "hr_high": [0.9, 1.2, 2.1],
                "proportional_hazards_p": [0.01, 0.4, 0.5],
                "reason": None,
                "cohort": COHORT,
            }
        ),
        "restricted_mean_survival": pd.DataFrame(
            {
                "endpoint": "os",
                "phenotype": ["hot", "cold", "hot minus cold"],
                "tau_days": 1461.0,
                "n": [12, 28, 40],
                "mean_days": [1200.0, 1100.0, 100.0],
                "ci_low": [1000.0, 950.0, -150.0],
                "ci_high": [1400.0, 1250.0, 350.0],
                "p": [np.nan, np.nan, 0.43],
                "cohort": COHORT,
            }
        ),
        "multivariable_survival": pd.DataFrame(
            {
                "endpoint": "os",
                "term": ["hot against cold", "age_years, per 10 years", "pam50"],
                "covariate": ["phenotype", "age_years", "pam50"],
                "n": [38, 38, None],
                "n_events": [20, 20, None],
                "n_left_out": [2, 2, None],
                "hr": [0.7, 1.4, np.nan],
                "ci_low": [0.4, 1.1, np.nan],
                "ci_high": [1.2, 1.8, np.nan],
                "p": [0.2, 0.01, np.nan],
                "global_proportional_hazards_p": [0.3, 0.3, np.nan],
                "caution": None,
                "reason": [None, None, "not in the model: 3.3 events per term, at least 10 are needed"],
                "cohort": COHORT,
            }
        ),
        "population_curves": pd.concat(
            [
                curve.assign(population=name, level=level)
                for name in POPULATIONS
                for level, curve in zip(("high", "low"), curves, strict=True)
            ],
            ignore_index=True,
        ).assign(cohort=COHORT, endpoint="os"),
        "population_cut_points": pd.DataFrame(
            {"population": list(POPULATIONS), "p_corrected": [0.4, 0.02, 1.0, 0.7, np.nan, 0.3]}
        ).assign(cohort=COHORT, endpoint="os"),
        "population_survival": pd.DataFrame(cox, columns=columns).assign(
            p=0.1, reason=None, cohort=COHORT, endpoint="os"
        ),
    }


def _response() -> dict[str, pd.DataFrame]:
    random = np.random.default_rng(6)
    names, phenotype = _patients()
    scores = pd.DataFrame(random.normal(0, 1, (N, len(POPULATIONS))), index=names, columns=list(POPULATIONS))
    by_phenotype, by_population = [], []
    for endpoint in ("pcr", "objective_response"):
        outcome = pd.Series((random.random(N) < 0.4) * 1.0, index=names)
        for arm, members in (("all", names), ("chemotherapy", names[::2]), ("anti-PD-1", names[1::2])):
            by_population.append(odds_per_sd(outcome[members], scores).assign(endpoint=endpoint, arm=arm))
            found = odds_ratio(outcome[members], pd.Series(phenotype, names)[members] == "hot")
            row = {"endpoint": endpoint, "arm": arm, "n": found.first.n + found.second.n, "p": found.p}
            row |= {"odds_ratio": found.value, "ci_low": found.ci_low, "ci_high": found.ci_high}
            for name, group in (("hot", found.first), ("cold", found.second)):
                row |= {
                    f"n_{name}": group.n, f"positive_{name}": group.n_positive, f"share_{name}": group.share,
                    f"share_{name}_low": group.low, f"share_{name}_high": group.high,
                }  # fmt: skip
            by_phenotype.append(row)
    populations = pd.concat(by_population, ignore_index=True).rename(columns={"score": "population"})
    return {
        "phenotype_response": pd.DataFrame(by_phenotype).assign(cohort=COHORT),
        "population_response": populations.assign(cohort=COHORT),
    }


def slice_table(
    image: np.ndarray, tumour: np.ndarray, ring: np.ndarray, spacing_mm: tuple[float, float] = (0.8, 0.8)
) -> pd.DataFrame:
    """`tumour_slice` of arrays."""
    return pd.DataFrame(
        {
            "line": range(len(image)),
            "intensities": [" ".join(f"{value:.5g}" for value in line) for line in image],
            "tumour": ["".join(map(str, line)) for line in tumour.astype(int)],
            "ring": ["".join(map(str, line)) for line in ring.astype(int)],
            "row_mm": spacing_mm[0],
            "column_mm": spacing_mm[1],
            "slice": 7,
            "top": "A",
            "left": "R",
            "volume_ml": 3.2,
            "outlines": 40,
            "cohort": COHORT,
        }
    )


def _imaging() -> dict[str, pd.DataFrame]:
    random = np.random.default_rng(3)
    names, _ = _patients()
    icc = np.linspace(0.3, 1, 50)
    agreement = [
        pd.DataFrame(
            {
                "series": "DCE", "kind": kind, "feature": [f"f{at}" for at in range(50)], "icc": icc,
                "ci_low": icc - 0.2, "ci_high": np.minimum(icc + 0.1, 1),
                "subjects": 30, "raters": 2, "kept": icc > 0.75,
            }
        )
        for kind in ("reader", "session")
    ]  # fmt: skip
    pairs = [
        (f"P{at:02d}", "DCE", "R1", 1, reader, session, dice + 0.002 * at, 6.0 + 0.1 * at, 2.0 + 0.05 * at)
        for at in range(10)
        for reader, session, dice in (("R2", 1, 0.84), ("R1", 2, 0.9))
    ]
    rings = [
        (f"ring_original_{kind}_{at}", width, abs(width - 2) * 0.1 * (at + 1), 1 - 0.05 * abs(width - 2), 12)
        for kind in ("firstorder", "glcm")
        for at in range(3)
        for width in (1.0, 2.0, 3.0, 5.0)
    ]
    effect = [
        (name, stage, f"scanner {at % 2}", float(value), float(value / 2 + at % 3))
        for stage, factor in (("before", 3.0), ("after", 0.3))
        for at, name in enumerate(names)
        for value in [(at % 2 * 2 - 1) * factor + random.normal()]
    ]
    y, x = np.mgrid[:60, :60]
    r = np.hypot(y - 30, x - 30)
    return {
        "tumour_slice": slice_table(100 - r, r < 12, abs(r - 12) <= 3),
        "radiomic_features": pd.DataFrame({"patient_id": names[:20], "f0": 1.0, "cohort": COHORT}),
        "feature_agreement": pd.concat(agreement, ignore_index=True).assign(cohort=COHORT),
        "reader_overlap": pd.DataFrame(
            pairs,
            columns=[
                "patient_id", "series", "reader_a", "session_a", "reader_b", "session_b", "dice", "hausdorff_mm",
                "hausdorff_95_mm",
            ],
        ).assign(cohort=COHORT),
        "ring_width": pd.DataFrame(
            rings, columns=["feature", "width_mm", "median_change", "rank_correlation", "patients"]
        ).assign(cohort=COHORT),
        "harmonisation_effect": pd.DataFrame(effect, columns=["patient_id", "stage", "batch", "pc1", "pc2"]).assign(
            cohort=COHORT
        ),
    }  # fmt: skip


def _signature() -> dict[str, pd.DataFrame]:
    random = np.random.default_rng(4)
    names, phenotype = _patients()
    outcome = phenotype == "hot"
    score = np.clip(0.3 + 0.3 * outcome + random.normal(0, 0.15, N), 0.02, 0.98)
    key = {"cohort": COHORT, "side": "validation", "endpoint": "hot"}
    metrics = [
        (analysis, metric, 0.8, 0.7, 0.9)
        for analysis in ("honest", "paper")
        for metric in ("auc", "accuracy", "sensitivity", "specificity", "ppv", "npv", "calibration_slope")
    ]
    features = [f"tumour_original_glcm_{at}" for at in range(4)]
    pairs = [(feature, name, at) for at, feature in enumerate(features) for name in POPULATIONS]
    correlations = [(feature, name, 0.1 * at - 0.2) for feature, name, at in pairs]
    correlation = pd.DataFrame(correlations, columns=["feature", "population", "rho"])
    specifications = pd.DataFrame(
        {
            "specification": ["tme24, within the tumour, k = 2", "tme24, over the cohort, k = 2", "lineages, k = 2"],
            "is_main": [True, False, False], "n": N, "n_hot": [12, 15, 9], "hot_share": [0.3, 0.375, 0.225],
            "leukocyte_fraction_hot": [0.3, 0.34, 0.4], "leukocyte_fraction_cold": [0.15, 0.14, 0.16],
            "purity_absolute_hot": [0.53, 0.47, 0.44], "purity_absolute_cold": [0.63, 0.65, 0.63],
            "basal_hot": [0.35, 0.27, 0.33], "basal_cold": [0.03, 0.11, 0.13],
            "hr_hot": [0.82, 0.64, 0.72], "hr_low": [0.58, 0.43, 0.49], "hr_high": [1.18, 0.95, 1.07],
            "auc": [0.66, 0.48, np.nan], "auc_low": [0.53, 0.34, np.nan], "auc_high": [0.8, 0.61, np.nan],
            "clinical_auc": [0.7, 0.59, np.nan], "clinical_auc_low": [0.6, 0.45, np.nan],
            "clinical_auc_high": [0.8, 0.7, np.nan], "n_images": [30, 30, np.nan],
        }
    )  # fmt: skip
    return {
        "signature_patients": pd.DataFrame({"patient_id": names[:20], "side": "discovery", "cohort": COHORT}),
        "rad_scores": pd.DataFrame(
            {"patient_id": names, "rad_score": score, "side": "validation", "cohort": COHORT, "caution": None}
        ),
        "roc_curves": _roc_curves(outcome, score).assign(**key),
        "reliability_curves": reliability_curve(outcome, score).rename_axis("group").reset_index().assign(**key),
        "decision_curves": decision_curve(outcome, score).assign(**key),
        "clinical_decision_curves": _clinical_decision_curves(outcome, score),
        "cohort_metrics": _in_subgroups(
            pd.DataFrame(metrics, columns=["analysis", "metric", "value", "ci_low", "ci_high"]).assign(
                **key, model="signature", method="", reason=None
            )
        ),
        "rad_score_groups": pd.DataFrame(
            {
                "variable": ["phenotype"] * 2 + ["her2"] * 2 + ["objective_response"] * 2 + ["inflamed"] * 2,
                "kind": ["clinical"] * 4 + ["endpoint"] * 4,
                "group": ["cold", "hot"] + ["negative", "positive"] * 3,
                "n": [28, 12, 39, 1, 20, 20, 28, 12],
                "mean": [0.3, 0.6, 0.4, 0.5, 0.35, 0.5, 0.3, 0.6],
                "sd": [0.1, 0.1, 0.2, np.nan, 0.1, 0.1, 0.1, 0.1],
                "median": [0.3, 0.6, 0.4, 0.5, 0.35, 0.5, 0.3, 0.6], "q1": [0.2, 0.5, 0.3, 0.5, 0.3, 0.4, 0.2, 0.5],
                "q3": [0.4, 0.7, 0.5, 0.5, 0.4, 0.6, 0.4, 0.7],
                "p": [0.001, 0.001, np.nan, np.nan, 0.03, 0.03, 0.001, 0.001],
                "fdr": [0.001, 0.001, np.nan, np.nan, 0.04, 0.04, 0.001, 0.001], "cohort": COHORT,
            }
        ),
        "rad_score_group_members": _members(names, score),
        "phenotype_specifications": specifications,
        "signature_importance": pd.DataFrame(
            {"feature": features, "rank": [1, 2, 3, 4], "importance": [0.4, 0.3, 0.2, 0.1],
             "selected_share": [1.0, 0.9, 0.4, 0.05], "permutation_importance": [0.05, -0.01, 0.02, 0]}
        ),
        "signature": pd.DataFrame(
            {
                "model_version": ["1", "2"], "n_patients": [30, 40], "n_hot": [9, 12], "oof_auc": [0.6, 0.7],
                "oof_auc_low": [0.4, 0.55], "oof_auc_high": [0.8, 0.85], "apparent_auc": [0.99, 0.98],
                "trained": pd.to_datetime(["2026-01-01", "2026-03-01"]), "alias": ["", "champion"],
            }
        ),
        "feature_cell_correlation": correlation.assign(
            n=N, p=0.1, fdr=np.where(correlation["rho"] > 0.05, 0.01, 0.5), cohort=COHORT
        ),
        "learning_curve": pd.DataFrame(
            {"n": [16, 28, 40], "n_hot": [5, 8, 12], "auc": [0.55, 0.62, 0.68],
             "auc_sd": [0.1, 0.07, 0.05], "draws": 25, "null_auc": [0.5, 0.51, 0.49], "null_sd": [0.1, 0.08, 0.06],
             "null_draws": 5}
        ),
        "signature_rivals": pd.DataFrame(
            [
                ("clinical", "honest", "auc", 0.66, 0.45, 0.82), ("clinical", "paper", "auc", 0.8, 0.6, 0.9),
                ("volume", "honest", "auc", 0.55, 0.35, 0.73), ("volume", "honest", "auc_difference", 0.1, -0.2, 0.4),
            ],
            columns=["model", "analysis", "metric", "value", "ci_low", "ci_high"],
        ).assign(n=40, n_positive=12),
        "feature_univariate": pd.DataFrame(
            {
                "feature": [*features, "tumour_original_glcm_5"], "n": N, "n_hot": HOT,
                "p": [0.0001, 0.04, 0.3, 0.6, np.nan],
                "auc": [0.8, 0.35, 0.55, 0.52, np.nan], "ci_low": [0.65, 0.2, 0.4, 0.37, np.nan],
                "ci_high": [0.9, 0.54, 0.7, 0.67, np.nan], "fdr": [0.0004, 0.08, 0.4, 0.6, np.nan],
                "kept": [True, True, False, True, True], "reason": [None] * 4 + ["all values are the same"],
            }
        ),
        "leave_one_site_out": pd.DataFrame(
            [
                ("A", 20, 7, 0.7, 0.45, 0.87, None), ("B", 6, 2, 0.5, np.nan, np.nan, "2 hot and 4 cold tumours"),
                ("C", 4, 0, np.nan, np.nan, np.nan, "only cold tumours"), ("all sites", 26, 9, 0.66, 0.46, 0.82, None),
            ],
            columns=["site", "n", "n_hot", "auc", "ci_low", "ci_high", "reason"],
        ),
        "label_permutations": pd.DataFrame(
            [
                (within, shuffle, auc, *((1 / 51, 0.019) if shuffle == 0 else (np.nan, np.nan)))
                for within, centre in (("all patients", 0.5), ("site", 0.6))
                for shuffle, auc in enumerate([0.75, *np.linspace(centre - 0.1, centre + 0.1, 50)])
            ],
            columns=["within", "shuffle", "auc", "p", "p_se"],
        ),
    }  # fmt: skip


def _roc_curves(outcome: np.ndarray, score: np.ndarray) -> pd.DataFrame:
    """A curve of all patients, and one of a subgroup."""
    parts = []
    for name, members in (("all", np.ones(N, dtype=bool)), ("er_positive", np.arange(N) % 2 == 0)):
        points = roc_curve_points(outcome[members], score[members]).rename_axis("point").reset_index()
        n, positive = int(members.sum()), int(outcome[members].sum())
        parts.append(points.assign(subgroup=name, n=n, n_positive=positive, auc=0.85, auc_low=0.75, auc_high=0.95))
    return pd.concat(parts, ignore_index=True)


def _in_subgroups(metrics: pd.DataFrame) -> pd.DataFrame:
    """The metrics of all patients, of a subgroup, and of one that is too small for a curve."""
    sizes = {"all": (N, HOT), "er_positive": (20, 6), "her2_positive": (8, 3)}
    parts = [metrics.assign(subgroup=name, n=n, n_positive=positive) for name, (n, positive) in sizes.items()]
    return pd.concat(parts, ignore_index=True)


def _clinical_decision_curves(outcome: np.ndarray, score: np.ndarray) -> pd.DataFrame:
    random = np.random.default_rng(8)
    clinical = np.clip(0.3 + 0.1 * outcome + random.normal(0, 0.15, N), 0.02, 0.98)
    parts = []
    for model, probability in (("signature", score), ("clinical", clinical), ("combined", (score + clinical) / 2)):
        gain = net_benefit_difference(outcome, probability, clinical).drop(columns="n")
        if model == "clinical":
            gain = gain[["threshold"]]
        parts.append(decision_curve(outcome, probability).merge(gain, on="threshold").assign(model=model))
    return pd.concat(parts, ignore_index=True)


def _members(names: list[str], score: np.ndarray) -> pd.DataFrame:
    """The patients of the groups of `rad_score_groups`; the last ten did not train the signature."""
    at = np.arange(N)
    groups = {
        ("phenotype", "clinical"): np.where(at < HOT, "hot", "cold"),
        ("her2", "clinical"): np.where(at < 1, "positive", "negative"),
        ("objective_response", "endpoint"): np.where(at < 20, "positive", "negative"),
        ("inflamed", "endpoint"): np.where(at < HOT, "positive", "negative"),
    }
    parts = [
        pd.DataFrame({"patient_id": names, "variable": variable, "kind": kind, "group": group, "rad_score": score})
        for (variable, kind), group in groups.items()
    ]
    return pd.concat([part.assign(side=np.where(at < N - 10, "discovery", "external")) for part in parts]).assign(
        cohort=COHORT
    )
