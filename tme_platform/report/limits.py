"""All limitations of the study, derived from its tables. Those of a single finding belong in `findings`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tme_platform.report.facts import StudyFacts, records
from tme_platform.report.wording import interval, join_names, number

FEW_POSITIVE = 20
"""Below this number of patients in the smaller group, an AUC or a share is not reliable."""
CHANCE = 0.5
"""The AUC of a score that has nothing to do with the outcome."""


def limits(facts: StudyFacts) -> list[str]:
    """List the limitations that apply to the study as sentences, the most serious first."""
    return [sentence for check in _CHECKS for sentence in check(facts)]


def _simulated(facts: StudyFacts) -> Iterator[str]:
    if facts.simulated:
        named = join_names([facts.named(name) for name in facts.simulated])
        yield (
            f"These cohorts are simulated: {named}. Their results "
            "say nothing about patients. They only show whether the platform finds a planted signal."
        )


def _signal(facts: StudyFacts) -> Iterator[str]:
    trained = facts.signature
    if trained is None:
        yield "No signature was trained: no discovery cohort has both image features and the two phenotypes."
        return
    out_of_fold = interval(trained["oof_auc"], trained["oof_auc_low"], trained["oof_auc_high"])
    if trained["oof_auc_low"] <= CHANCE:
        yield (
            f"There is no evidence that the signature separates hot from cold in these data: its out-of-fold AUC is "
            f"{out_of_fold}, and the interval does not lie above 0.5."
        )
    yield (
        f"The apparent AUC, measured on the training patients, is {trained['apparent_auc']:.2f}; the out-of-fold AUC "
        f"is {trained['oof_auc']:.2f}. Rows marked “paper” are our reading of the paper, rows marked “honest” are of "
        "patients that the model was not trained on. Rely on the “honest” rows."
    )


def _phenotypes(facts: StudyFacts) -> Iterator[str]:
    """Report why the clusters of a cohort may not be hot and cold as published."""
    for cohort in facts.cohorts:
        rows = facts.rows("phenotype_cautions", cohort=cohort)
        cautions = [str(text) for text in (rows["caution"].dropna() if len(rows) else ())]
        if cautions:
            yield f"Read “hot” and “cold” in {facts.named(cohort)} with caution: {'; '.join(cautions)}."


def _cautions(facts: StudyFacts) -> Iterator[str]:
    cautions = facts.rows("signature_cautions")
    yield from (str(text) for text in (cautions["caution"].dropna() if len(cautions) else ()))


def _refused_version(facts: StudyFacts) -> Iterator[str]:
    review = facts.rows("signature_review", decision="refused")
    if len(review):
        failed = review[~review["met"].astype(bool)]
        reasons = [f"{str(row['criterion']).replace('_', ' ')}: {row['explanation']}" for row in records(failed)]
        yield f"The promotion rule refused this version of the signature ({'; '.join(reasons)})."


def _small_validation_sets(facts: StudyFacts) -> Iterator[str]:
    table = facts.rows("cohort_metrics", metric="auc", analysis="honest", subgroup="all", model="signature")
    for row in records(table):
        fewer = min(row["n_positive"], row["n"] - row["n_positive"])
        if row["side"] != "discovery" and fewer < FEW_POSITIVE:
            yield (
                f"The evaluation in {facts.named(row['cohort'])} ({row['side']}, "
                f"{str(row['endpoint']).replace('_', ' ')}) has {number(row['n'])} patients, "
                f"{number(row['n_positive'])} of them positive. Its AUC of "
                f"{interval(row['value'], row['ci_low'], row['ci_high'])} is not reliable."
            )


def _external(facts: StudyFacts) -> Iterator[str]:
    if facts.signature is None:
        return
    metrics = facts.rows("cohort_metrics")
    if metrics.empty or not (metrics["side"] == "external").any():
        yield "The signature has no external validation. Discovery and validation are a split of one collection."
    required = {"immune_phenotype": "CD8 immunohistochemistry", "immunotherapy": "response to immunotherapy"}
    lacking = [data for role, data in required.items() if not facts.with_role(role)]
    if lacking:
        yield f"No cohort has {' or '.join(lacking)}: the paper's results that need these data are not tested here."


def _features(facts: StudyFacts) -> Iterator[str]:
    trained = facts.signature
    if trained is not None and not str(trained["feature_set"]).startswith("pyradiomics"):
        yield (
            f"The signature is trained on {number(trained['n_features'])} precomputed features "
            f"({trained['feature_set']}) supplied with the cohort, not on the paper's 958 features of tumour and ring."
        )
    agreed = facts.rows("agreed_features")
    if trained is not None and len(agreed):
        used = agreed[agreed["feature_set"] == trained["feature_set"]]
        evidence = sorted({str(text) for text in used["evidence"].dropna()})
        if any(text.startswith("none") for text in evidence):
            yield f"The agreement of these features between readers is not known ({'; '.join(evidence)})."
    kinds = facts.rows("feature_agreement")
    if len(kinds) and kinds["kind"].str.startswith("perturbation").all():
        yield (
            "No tumour was outlined twice. Feature agreement is measured with small perturbations of outlines and "
            "images, a weaker test than a second reader."
        )


def _not_harmonised(facts: StudyFacts) -> Iterator[str]:
    """Count the rad-scores of features that could not be harmonised, beside harmonised ones."""
    scores = facts.rows("rad_scores")
    marked = scores[scores["caution"].notna()] if "caution" in scores else scores.head(0)
    if len(marked):
        counts = marked.groupby(["cohort", "side"]).size().reset_index(name="n")
        named = join_names([f"{row['n']} in {facts.named(row['cohort'])} ({row['side']})" for row in records(counts)])
        yield (
            f"{len(marked)} of {len(scores)} rad-scores are computed from features that could not be harmonised, "
            f"because too few training patients share the scanner or site: {named}. They are not comparable with the "
            "others."
        )


def _images_for_methods(facts: StudyFacts) -> Iterator[str]:
    """Name cohorts whose images are used only to test methods."""
    trained_on = set(facts.rows("signature_patients").get("cohort", ()))
    for cohort in facts.with_role("imaging_methods"):
        if cohort not in trained_on:
            yield (
                f"The images of {facts.named(cohort)} are used only to test outlines, rings and features. The "
                "signature uses none of their values."
            )


def _scores(facts: StudyFacts) -> Iterator[str]:
    collection = facts.setting("gene_sets", "collection", "")
    yield (
        f"The paper's list of 364 genes is not openly available. Populations scored from RNA use the collection "
        f"“{str(collection).rsplit('/', 1)[-1]}”. Precomputed scores are used as supplied with their cohort."
    )
    refused = facts.rows("populations", used=False)
    for cohort, rows in refused.groupby("cohort") if len(refused) else ():
        names = join_names(sorted(map(str, rows["population"])), 6)
        yield f"Not scored in {facts.named(cohort)} (too few genes measured, or another reason): {names}."


def _rejected(facts: StudyFacts) -> Iterator[str]:
    rejected = facts.rows("rejected_inputs")
    if len(rejected):
        n_patients = rejected["patient_id"].dropna().nunique()
        yield (
            f"{len(rejected)} problems in the input led to data being left out or set to missing. {n_patients} "
            "patients are identified; one problem may cover many rows. The section “Rejected input” lists the problems."
        )


def _general(facts: StudyFacts) -> Iterator[str]:
    yield (
        "False discovery rates are controlled within one family of tests in one cohort, not across the report. The "
        "platform knows of no protocol that specified these tests in advance."
    )
    yield "This is research software, not a medical device. The report is not a diagnosis or advice on treatment."


_CHECKS: tuple[Callable[[StudyFacts], Iterator[str]], ...] = (
    _simulated, _signal, _phenotypes, _small_validation_sets, _external, _cautions, _refused_version,
    _features, _not_harmonised, _images_for_methods, _scores, _rejected, _general,
)  # fmt: skip
