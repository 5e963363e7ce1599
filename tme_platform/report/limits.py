"""What a reader must know before any number is believed, worked out from the tables; it stands first in the report."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tme_platform.report.facts import StudyFacts, records
from tme_platform.report.wording import interval, joined, number

_FEW_POSITIVE = 20
_CHANCE = 0.5
_FDR = 0.05
_NEARLY_ALL = 0.8
"""Where hot is inflamed, as in the simulated study, stroma still has two thirds: scores are scaled in a tumour."""
_INFLAMED = {
    "HALLMARK_INTERFERON_GAMMA_RESPONSE": "interferon gamma response",
    "HALLMARK_INFLAMMATORY_RESPONSE": "inflammatory response",
    "HALLMARK_ALLOGRAFT_REJECTION": "allograft rejection",
}


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


def _meaning(facts: StudyFacts) -> Iterator[str]:
    """Cohorts in which the hot tumours are not what an inflamed tumour is expected to be."""
    for cohort in facts.cohorts:
        against = [*_against_in_values(facts, cohort), *_against_in_sets(facts, cohort)]
        if against:
            labels = facts.rows("tme_phenotypes", cohort=cohort)
            source = str(labels["model_cohort"].iloc[0]) if "model_cohort" in labels and len(labels) else cohort
            taken = "" if source == cohort else f", with the labels of {source}"
            yield (
                f"“Hot” may not mean inflamed in {cohort}{taken}: {'; '.join(against)}. The label rests on the cell "
                "scores alone; read it as the name of a cluster."
            )
    for cohort in facts.cohorts:
        yield from _what_separates(facts, cohort)


def _against_in_values(facts: StudyFacts, cohort: str) -> Iterator[str]:
    """Purity that is higher and checkpoint genes that are lower in hot tumours, at an FDR below 0.05."""
    rows = facts.rows("phenotype_characteristics", cohort=cohort)
    if rows.empty or not {"family", "median", "fdr"} <= set(rows):
        return
    firm = rows[(rows["fdr"] < _FDR) & rows["family"].isin(("purity", "checkpoint_genes"))]
    medians = firm.pivot_table(index=["family", "variable"], columns="phenotype", values="median")
    if not {"hot", "cold"} <= set(medians):
        return
    higher = medians["hot"] > medians["cold"]
    purer = [str(name).removeprefix("purity_").upper() for family, name in higher[higher].index if family == "purity"]
    lower = [str(name) for family, name in higher[~higher].index if family == "checkpoint_genes"]
    if purer:
        yield f"tumour purity is higher in hot tumours (by {joined(purer)})"
    if lower:
        yield f"checkpoint genes are lower in hot tumours ({joined(lower)})"


def _against_in_sets(facts: StudyFacts, cohort: str) -> Iterator[str]:
    """Hallmarks of inflammation that are lower in hot tumours."""
    sets = facts.rows("pathway_enrichment", cohort=cohort)
    if sets.empty:
        return
    down = sets[sets["term"].isin(_INFLAMED) & (sets["nes"] < 0) & (sets["fdr"] < _FDR)]
    if len(down):
        names = joined(sorted(_INFLAMED[str(term)] for term in down["term"]))
        yield f"gene sets of inflammation are lower in hot tumours ({names})"


def _what_separates(facts: StudyFacts, cohort: str) -> Iterator[str]:
    """Clusters that lie apart by populations that are not immune."""
    centres = facts.rows("phenotype_model", cohort=cohort)
    groups = facts.rows("populations", cohort=cohort, population_group="non_immune")
    if centres.empty or groups.empty:
        return
    by_phenotype = centres.pivot_table(index="population", columns="phenotype", values="centroid")
    if not {"hot", "cold"} <= set(by_phenotype):
        return
    apart = (by_phenotype["hot"] - by_phenotype["cold"]) ** 2
    part = apart[apart.index.isin(groups["population"])].sort_values(ascending=False) / apart.sum()
    if part.sum() > _NEARLY_ALL:
        names = joined([f"{name} {share:.0%}".replace("%", " %") for name, share in part.head(2).items()])
        yield (
            f"In {cohort} {part.sum():.0%} of the squared distance between the hot and the cold centre ".replace(
                "%", " %"
            )
            + f"comes from populations that are not immune ({names}); the phenotypes differ in stroma first."
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


def _one_cloud(facts: StudyFacts) -> Iterator[str]:
    """Cohorts whose clusters are no more separate or stable than those of one Gaussian cloud."""
    for cohort in facts.cohorts:
        rows = facts.rows("cluster_null", cohort=cohort)
        if len(rows) and (rows["value"] <= rows["null_high"]).all():
            yield (
                f"In {cohort} there is no evidence of separate clusters: a single Gaussian cloud gives the same "
                "(silhouette, gap statistic and bootstrap stability are within or below its 95 % interval). This does "
                "not show that there are none."
            )


def _small_sides(facts: StudyFacts) -> Iterator[str]:
    table = facts.rows("cohort_metrics", metric="auc", analysis="honest", subgroup="all", model="signature")
    for row in records(table):
        fewer = min(row["n_positive"], row["n"] - row["n_positive"])
        if row["side"] != "discovery" and fewer < _FEW_POSITIVE:
            yield (
                f"Validation in {row['cohort']} ({row['side']}, {str(row['endpoint']).replace('_', ' ')}) rests on "
                f"{number(row['n'])} patients, {number(row['n_positive'])} of them positive: its AUC of "
                f"{interval(row['value'], row['ci_low'], row['ci_high'])} is not to be relied on."
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


def _other_images(facts: StudyFacts) -> Iterator[str]:
    """Images that serve the methods and not the question."""
    trained_on = set(facts.rows("signature_patients").get("cohort", ()))
    for cohort in facts.with_role("imaging_methods"):
        if cohort not in trained_on:
            title = facts.rows("cohorts", cohort=cohort).get("title")
            named = "" if title is None else f" ({title.iloc[0]})"
            yield (
                f"The images of {cohort}{named} serve to try outlines, rings and features out; none of their values "
                "enters the signature."
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
    _simulated, _signal, _meaning, _one_cloud, _small_sides, _external, _cautions, _decision, _features, _other_images,
    _scores, _rejected, _always,
)  # fmt: skip
