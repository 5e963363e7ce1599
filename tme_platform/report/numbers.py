"""Every number in the report as a row: section, measure, value, interval, n and published value.

The page, the table `study_report` and the manuscript's CSV files are built from these rows, so they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd

from tme_platform.report.facts import StudyFacts, records
from tme_platform.statistics.proportions import proportion_interval
from tme_platform.study.published import published

Row = dict[str, Any]
COLUMNS = (
    "number", "section", "measure", "cohort", "subject", "side", "endpoint", "analysis", "value", "ci_low", "ci_high",
    "p", "n", "n_positive", "method", "source_table", "reason", "published", "published_low", "published_high",
)  # fmt: skip
_METRICS = (
    "auc", "accuracy", "sensitivity", "specificity", "ppv", "npv", "threshold", "brier", "calibration_slope",
    "calibration_in_the_large",
)  # fmt: skip
_FDR = 0.05
_RESAMPLED = ("optimism_corrected", "632plus", "left_out")


def study_numbers(facts: StudyFacts) -> pd.DataFrame:
    """Collect all numbers of a study in the order of the report, with columns `COLUMNS`.

    `number` identifies a row: section, cohort, side, endpoint, analysis, subject and measure joined by dots. If the
    published study reports the same quantity, `published`, `published_low` and `published_high` contain its values.
    """
    rows = []
    for section, section_rows in _SECTIONS.items():
        for row in section_rows(facts):
            row["section"] = section
            parts = (
                section,
                *(row.get(key) for key in ("cohort", "side", "endpoint", "analysis", "subject", "measure")),
            )
            row["number"] = ".".join(str(part) for part in parts if part is not None)
            rows.append({**row, **published(row, facts.roles(str(row.get("cohort"))))})
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    numeric = ("value", "ci_low", "ci_high", "p", "published", "published_low", "published_high")
    return table.astype(dict.fromkeys(numeric, "float64") | dict.fromkeys(("n", "n_positive"), "Int64"))


def _cohorts(facts: StudyFacts) -> Iterator[Row]:
    for cohort in facts.cohorts:
        count = len(facts.rows("patients", cohort=cohort))
        yield _row("patients", "patients", cohort=cohort, value=count, n=count)
    patients = facts.rows("signature_patients")
    for (name, side), rows in patients.groupby(["cohort", "side"]) if len(patients) else ():
        hot = int((rows["phenotype"] == "hot").sum())
        yield _row(
            "signature_patients", "signature_patients", cohort=name, side=side, value=len(rows), n=len(rows),
            n_positive=hot,
        )  # fmt: skip


def _phenotypes(facts: StudyFacts) -> Iterator[Row]:
    for cohort in facts.cohorts:
        scored = facts.rows("populations", cohort=cohort, used=True)
        if len(scored):
            yield _row(
                "populations",
                "populations",
                cohort=cohort,
                value=len(scored),
                n=len(facts.rows("cell_scores", cohort=cohort)),
            )
        labels = facts.rows("tme_phenotypes", cohort=cohort)
        labels = labels.dropna(subset=["phenotype"]) if len(labels) else labels
        if labels.empty:
            continue
        hot, n = int((labels["phenotype"] == "hot").sum()), len(labels)
        low, high = proportion_interval(hot, n)
        yield _row(
            "hot_share", "tme_phenotypes", cohort=cohort, value=hot / n, ci_low=low, ci_high=high, n=n, n_positive=hot,
            method=f"Wilson{_label_source(labels)}",
        )  # fmt: skip
        yield from _cluster_evidence(facts, cohort, n)
        for row in records(facts.rows("phenotype_stability", cohort=cohort, kind="bootstrap", measure="jaccard")):
            yield _row(
                "bootstrap_jaccard", "phenotype_stability", cohort=cohort, subject=f"cluster {row['subject']}",
                value=row["value"], ci_low=row["ci_low"], ci_high=row["ci_high"], n=row["n"],
                method="interval from bootstrap draws",
            )  # fmt: skip


def _label_source(labels: pd.DataFrame) -> str:
    """Describe the source of labels that come from another cohort."""
    transferred = labels[labels["method"] != "fit"] if "method" in labels else labels.head(0)
    if transferred.empty:
        return ""
    source = {"patient": "the same patients in", "model": "the model of"}[str(transferred["method"].iloc[0])]
    return f"; labels from {source} {transferred['model_cohort'].iloc[0]}"


def _cluster_evidence(facts: StudyFacts, cohort: str, n: int) -> Iterator[Row]:
    evidence = facts.rows("cluster_evidence", cohort=cohort)
    if evidence.empty:
        return
    votes = evidence[evidence["chosen"] & (evidence["index_name"] != "mean_silhouette")]["k"].value_counts()
    if len(votes):
        k = int(votes[votes == votes.max()].index.min())
        method = f"{votes.max()} of {votes.sum()} indices"
        yield _row("clusters_by_vote", "cluster_evidence", cohort=cohort, value=k, n=n, method=method)
    used = facts.rows("tme_phenotypes", cohort=cohort)["cluster"].nunique()
    width = evidence[(evidence["index_name"] == "mean_silhouette") & (evidence["k"] == used)]
    for row in records(width):
        yield _row("mean_silhouette", "cluster_evidence", cohort=cohort, subject=f"k = {used}", value=row["value"], n=n)


def _meaning(facts: StudyFacts) -> Iterator[Row]:
    for cohort in facts.cohorts:
        found = facts.rows("phenotype_characteristics", cohort=cohort)
        for family, rows in found.groupby("family", sort=True) if len(found) else ():
            tested = rows.dropna(subset=["fdr"]).drop_duplicates("variable")
            if tested.empty:
                continue
            sizes = rows.drop_duplicates(["variable", "phenotype", "level"]).groupby("variable")["n"].sum()
            yield _row(
                "variables_that_differ", "phenotype_characteristics", cohort=cohort, subject=str(family),
                value=int((tested["fdr"] < _FDR).sum()), n=int(sizes.max()),
                method=f"out of {len(tested)} variables, hot vs cold, FDR < {_FDR}",
            )  # fmt: skip


def _survival(facts: StudyFacts) -> Iterator[Row]:
    for row in records(facts.rows("survival_tests", subgroup="all")):
        yield _row(
            "hazard_ratio_hot", "survival_tests", cohort=row["cohort"], endpoint=row["endpoint"],
            value=row["hr_hot"], ci_low=row["hr_low"], ci_high=row["hr_high"], p=row["p"], n=row["n"],
            n_positive=row["n_events"], method="Cox regression; p from the log-rank test",
            reason=_text(row["reason"]),
        )  # fmt: skip
    for row in records(facts.rows("multivariable_survival", covariate="phenotype")):
        yield _row(
            "hazard_ratio_hot_adjusted", "multivariable_survival", cohort=row["cohort"], endpoint=row["endpoint"],
            value=row["hr"], ci_low=row["ci_low"], ci_high=row["ci_high"], p=row["p"], n=row["n"],
            n_positive=row["n_events"], method="Cox regression with clinical variables, complete cases",
            reason=_text(row["reason"]),
        )  # fmt: skip
    for row in records(facts.rows("restricted_mean_survival", phenotype="hot minus cold")):
        yield _row(
            "restricted_mean_difference", "restricted_mean_survival", cohort=row["cohort"], endpoint=row["endpoint"],
            value=row["mean_days"], ci_low=row["ci_low"], ci_high=row["ci_high"], p=row["p"], n=row["n"],
            n_positive=row["n_events"], method="area under Kaplan-Meier curves, Greenwood", reason=_text(row["reason"]),
        )  # fmt: skip
    cox = facts.rows("population_survival", patients="all")
    for (cohort, endpoint), rows in cox.groupby(["cohort", "endpoint"]) if len(cox) else ():
        known = rows.dropna(subset=["fdr"])
        yield _row(
            "populations_with_survival", "population_survival", cohort=cohort, endpoint=endpoint,
            value=int((known["fdr"] < _FDR).sum()),
            n=int(rows["n"].max()), n_positive=int(rows["n_events"].max()),
            method=f"out of {len(known)} populations, univariate Cox regression in all tumours, FDR < {_FDR}",
        )  # fmt: skip


def _response(facts: StudyFacts) -> Iterator[Row]:
    for row in records(facts.rows("phenotype_response", arm="all")):
        yield _row(
            "odds_ratio_hot", "phenotype_response", cohort=row["cohort"], endpoint=row["endpoint"],
            value=row["odds_ratio"], ci_low=row["ci_low"], ci_high=row["ci_high"], p=row["p"], n=row["n"],
            n_positive=row["positive_hot"] + row["positive_cold"], method="Fisher's exact test, exact interval",
            reason=_text(row["reason"]),
        )  # fmt: skip
    scores = facts.rows("population_response", arm="all")
    for (cohort, endpoint), rows in scores.groupby(["cohort", "endpoint"]) if len(scores) else ():
        known = rows.dropna(subset=["fdr"])
        yield _row(
            "populations_with_response", "population_response", cohort=cohort, endpoint=endpoint,
            value=int((known["fdr"] < _FDR).sum()), n=int(rows["n"].max()), n_positive=int(rows["n_positive"].max()),
            method=f"out of {len(known)} populations, univariable logistic regression, FDR < {_FDR}",
        )  # fmt: skip


def _genes(facts: StudyFacts) -> Iterator[Row]:
    tests = facts.rows("gene_set_tests")
    for (cohort, collection), rows in tests.groupby(["cohort", "collection"]) if len(tests) else ():
        found = rows[rows["fdr"] < _FDR]
        by_method = {method: found[found["method"] == method] for method in ("sample_permutation", "camera")}
        permuted = by_method["sample_permutation"]
        for side in ("hot", "cold"):
            higher = permuted[permuted["higher_in"] == side]["term"]
            camera = by_method["camera"]
            supported = int(higher.isin(camera[camera["higher_in"] == side]["term"]).sum())
            yield _row(
                f"gene_sets_up_in_{side}", "gene_set_tests", cohort=cohort, subject=str(collection),
                value=len(higher), n=int((rows["n_hot"] + rows["n_cold"]).max()),
                method=f"out of {rows['term'].nunique()} gene sets, tumours permuted, FDR < {_FDR}; CAMERA supports "
                f"{supported}",
            )  # fmt: skip


def _images(facts: StudyFacts) -> Iterator[Row]:
    features = facts.rows("radiomic_features")
    for cohort, rows in features.groupby("cohort") if len(features) else ():
        patients = int(rows["patient_id"].nunique())
        yield _row("patients_with_features", "radiomic_features", cohort=cohort, value=patients, n=patients)
        measured = [name for name in rows.columns if str(name).startswith("tumour_") and rows[name].notna().any()]
        if measured:
            yield _row("features_per_region", "radiomic_features", cohort=cohort, value=len(measured), n=patients)


def _agreement(facts: StudyFacts) -> Iterator[Row]:
    found = facts.rows("feature_agreement")
    counts = found.groupby("cohort")["series"].nunique() if len(found) else pd.Series(dtype=int)
    several = set(counts.index[counts > 1])
    for (cohort, series, kind), rows in found.groupby(["cohort", "series", "kind"]) if len(found) else ():
        min_icc = facts.setting("agreement", "min_icc", 0.75)
        above, lower_above = int((rows["icc"] > min_icc).sum()), int((rows["ci_low"] > min_icc).sum())
        yield _row(
            "features_that_agree", "feature_agreement", cohort=cohort,
            subject=f"{kind}, series {series}" if cohort in several else str(kind), value=above / len(rows),
            n=int(rows["subjects"].max()),
            method=f"{above} of {len(rows)} features have an ICC(2,1) above {min_icc:g}; in {lower_above} the lower "
            "95 % limit is also above it. No interval for the share, because features are correlated",
        )  # fmt: skip


def _signature(facts: StudyFacts) -> Iterator[Row]:
    trained = facts.signature
    if trained is None:
        return
    n, hot = trained["n_patients"], trained["n_hot"]
    yield _row(
        "auc_out_of_fold", "signature", analysis="honest", value=trained["oof_auc"], ci_low=trained["oof_auc_low"],
        ci_high=trained["oof_auc_high"], n=n, n_positive=hot, method="repeated nested cross-validation, DeLong",
    )  # fmt: skip
    every = facts.rows("label_permutations")
    for among, shuffles in every.groupby("within", sort=False) if len(every) else ():
        within = str(among)
        true = shuffles.set_index("shuffle").loc[0]
        yield _row(
            "label_permutation", "label_permutations", subject=None if within == "all patients" else f"within {within}",
            analysis="honest", value=true["auc"], p=true["p"], n=n, n_positive=hot,
            method=f"AUC from the shortened procedure; p from {len(shuffles) - 1} label permutations among "
            f"{within if within == 'all patients' else f'patients of the same {within}'}, standard error "
            f"{true['p_se']:.2g}",
        )  # fmt: skip
    for row in records(facts.rows("signature_optimism")):
        if row["metric"] in _RESAMPLED:
            yield _row(
                "auc_resampled", "signature_optimism", subject=row["metric"], value=row["value"], n=n, n_positive=hot,
                method=row["method"],
            )  # fmt: skip
    for row in records(facts.rows("signature_rivals", metric="auc")):
        if row["model"] == "signature":  # stated above, and in the section on evaluation
            continue
        yield _row(
            "auc", "signature_rivals", subject=row["model"], analysis=row["analysis"], value=row["value"],
            ci_low=row["ci_low"], ci_high=row["ci_high"], p=row["p"], n=row["n"], n_positive=row["n_positive"],
            method=row["method"], reason=_text(row["reason"]),
        )  # fmt: skip


def _evaluation(facts: StudyFacts) -> Iterator[Row]:
    table = facts.rows("cohort_metrics")
    if table.empty:
        return
    table = table[(table["model"] == "signature") & table["metric"].isin(_METRICS)]
    table = table.assign(metric=pd.Categorical(table["metric"], _METRICS))
    table = table.sort_values(["cohort", "side", "endpoint", "subgroup", "analysis", "metric"], kind="stable")
    for row in records(table):
        subgroup = None if row["subgroup"] == "all" else row["subgroup"]
        yield _row(
            row["metric"], "cohort_metrics", cohort=row["cohort"], side=row["side"], endpoint=row["endpoint"],
            subject=subgroup, subgroup=row["subgroup"], analysis=row["analysis"], value=row["value"],
            ci_low=row["ci_low"], ci_high=row["ci_high"], p=row["p"], n=row["n"], n_positive=row["n_positive"],
            method=row["method"], reason=_text(row["reason"]),
        )  # fmt: skip


def _correlation(facts: StudyFacts) -> Iterator[Row]:
    pairs = facts.rows("feature_cell_correlation")
    for cohort, rows in pairs.groupby("cohort") if len(pairs) else ():
        yield _row(
            "pairs_that_correlate", "feature_cell_correlation", cohort=cohort, value=int((rows["fdr"] < _FDR).sum()),
            n=int(rows["n"].max()), method=f"out of {len(rows)} pairs, Spearman, FDR < {_FDR}",
        )  # fmt: skip


_SECTIONS: dict[str, Callable[[StudyFacts], Iterator[Row]]] = {
    "cohorts": _cohorts,
    "phenotypes": _phenotypes,
    "meaning": _meaning,
    "survival": _survival,
    "response": _response,
    "genes": _genes,
    "images": _images,
    "agreement": _agreement,
    "signature": _signature,
    "evaluation": _evaluation,
    "correlation": _correlation,
}


def _row(measure: str, source_table: str, **values: Any) -> Row:
    return {"measure": measure, "source_table": source_table, **values}


def _text(value: object) -> str | None:
    return None if pd.isna(value) else str(value)  # type: ignore[call-overload]
