"""What a reader must know before any number is believed, worked out from the tables; it stands first in the report."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tme_platform.report.facts import StudyFacts, records
from tme_platform.report.wording import interval, joined, number

_FEW_POSITIVE = 20
_CHANCE = 0.5


def limits(facts: StudyFacts) -> list[str]:
    """The study's limits as sentences, the gravest first; each is there only where it holds."""
    return [sentence for part in _PARTS for sentence in part(facts)]


def _simulated(facts: StudyFacts) -> Iterator[str]:
    if facts.simulated:
        yield (
            f"The cohorts {joined(facts.simulated)} are simulated. No number made from them says anything about "
            "patients; they show whether the platform finds a planted signal, and no more."
        )


def _signal(facts: StudyFacts) -> Iterator[str]:
    trained = facts.signature
    if trained is None:
        yield "No signature could be trained: there is no discovery cohort with image features and both phenotypes."
        return
    found = interval(trained["oof_auc"], trained["oof_auc_low"], trained["oof_auc_high"])
    if trained["oof_auc_low"] <= _CHANCE:
        yield (
            f"The signature does not tell hot from cold in these data: on patients that its models never saw its "
            f"AUC is {found}, and the interval includes 0.5."
        )
    yield (
        f"The AUC on the training patients themselves, which is what the paper's way reports, is "
        f"{trained['apparent_auc']:.2f} for the same forest; out of fold it is {trained['oof_auc']:.2f}. Rows of the "
        "first kind are marked “paper”, of the second “honest”. Believe the second."
    )


def _cautions(facts: StudyFacts) -> Iterator[str]:
    cautions = facts.rows("signature_cautions")
    yield from (str(text) for text in (cautions["caution"].dropna() if len(cautions) else ()))


def _decision(facts: StudyFacts) -> Iterator[str]:
    review = facts.rows("signature_review", decision="refused")
    if len(review):
        failed = review[~review["met"].astype(bool)]
        reasons = [f"{str(row['criterion']).replace('_', ' ')}: {row['explanation']}" for row in records(failed)]
        yield f"The rule for promotion refused this version of the signature ({'; '.join(reasons)})."


def _small_sides(facts: StudyFacts) -> Iterator[str]:
    table = facts.rows("cohort_metrics", metric="auc", analysis="honest", subgroup="all", model="signature")
    for row in records(table):
        fewer = min(row["n_positive"], row["n"] - row["n_positive"])
        if row["side"] != "discovery" and fewer < _FEW_POSITIVE:
            yield (
                f"Validation in {row['cohort']} ({row['side']}, {str(row['endpoint']).replace('_', ' ')}) rests on "
                f"{number(row['n'])} patients, {number(row['n_positive'])} of them positive: its AUC of "
                f"{interval(row['value'], row['ci_low'], row['ci_high'])} can be almost anything."
            )


def _external(facts: StudyFacts) -> Iterator[str]:
    if facts.signature is None:
        return
    metrics = facts.rows("cohort_metrics")
    if metrics.empty or not (metrics["side"] == "external").any():
        yield ("The signature has no external validation: discovery and validation patients are one collection, split.")
    missing = {"immune_phenotype": "CD8 immunohistochemistry", "immunotherapy": "response to immunotherapy"}
    lacking = [what for role, what in missing.items() if not facts.with_role(role)]
    if lacking:
        yield f"No cohort has {' or '.join(lacking)}: what the paper says of these is not tested here."


def _features(facts: StudyFacts) -> Iterator[str]:
    trained = facts.signature
    if trained is not None and not str(trained["feature_set"]).startswith("pyradiomics"):
        yield (
            f"The signature is trained on {number(trained['n_features'])} finished features ({trained['feature_set']}) "
            "that came with the cohort, not on the paper's 958 features of tumour and ring."
        )
    agreed = facts.rows("agreed_features")
    if trained is not None and len(agreed):
        used = agreed[agreed["feature_set"] == trained["feature_set"]]
        evidence = sorted({str(text) for text in used["evidence"].dropna()})
        if any(text.startswith("none") for text in evidence):
            yield f"Whether two readers would measure these features alike is not known ({'; '.join(evidence)})."
    kinds = facts.rows("feature_agreement")
    if len(kinds) and kinds["kind"].str.startswith("perturbation").all():
        yield (
            "Nobody outlined a tumour twice: agreement of the features is judged by small changes to outlines and "
            "images, which is kinder than a second reader."
        )


def _scores(facts: StudyFacts) -> Iterator[str]:
    collection = facts.setting("gene_sets", "collection", "")
    yield (
        f"The paper's list of 364 genes is not openly available. Populations scored from RNA are those of the "
        f"collection “{str(collection).rsplit('/', 1)[-1]}”; finished scores are whatever their cohort brought."
    )
    refused = facts.rows("populations", used=False)
    for cohort, rows in refused.groupby("cohort") if len(refused) else ():
        names = joined(sorted(map(str, rows["population"])), 6)
        yield f"Not scored in {cohort}, because too few of their genes were measured or for another reason: {names}."


def _rejected(facts: StudyFacts) -> Iterator[str]:
    rejected = facts.rows("rejected_inputs")
    if len(rejected):
        left_out = rejected["patient_id"].dropna().nunique()
        yield (
            f"{len(rejected)} findings in the input led to something being left out or set missing; they name "
            f"{left_out} patients, and some stand for many rows at once. They are listed below."
        )


def _always(facts: StudyFacts) -> Iterator[str]:
    yield (
        "False discovery rates are within a family of tests in one cohort, not over the whole report. No "
        "p-value here was planned in a protocol that the platform knows of."
    )
    yield "This is research software. It is no medical device, and nothing here is a diagnosis or advice on treatment."


_PARTS: tuple[Callable[[StudyFacts], Iterator[str]], ...] = (
    _simulated, _signal, _small_sides, _external, _cautions, _decision, _features, _scores, _rejected, _always,
)  # fmt: skip
