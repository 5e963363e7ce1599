"""Steps of the specification curve: hot and cold by every definition in a written list, and what each is worth.

Labelling belongs in `phenotypes.specifications`. The study's own definition is made in `phenotypes`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from tme_platform.cohorts import Role
from tme_platform.expression import gene_set_groups, score_cells
from tme_platform.phenotypes import Scaling, label_by, scale_scores
from tme_platform.signature import SignatureSettings, clinical_features, cross_validated_auc
from tme_platform.statistics import compare_groups
from tme_platform.steps.phenotypes import too_few
from tme_platform.steps.reading import by_patient, measured_sets, phenotype_scaling, rankable_matrix
from tme_platform.steps.scope import Scope
from tme_platform.steps.step import StepResult, empty, step
from tme_platform.steps.training import TrainingSet, training_set
from tme_platform.survival import cox_univariate, log_rank
from tme_platform.tables.clinical import columns_of_group
from tme_platform.tables.cohorts import EXPRESSION, PATIENTS
from tme_platform.tables.evaluation import PHENOTYPE_SPECIFICATIONS
from tme_platform.tables.expression import CELL_SCORES, EXPRESSION_QUALITY, OTHER_SCORES, POPULATIONS
from tme_platform.tables.phenotypes import SPECIFICATION_LABELS, TME_PHENOTYPES
from tme_platform.tables.radiomics import AGREED_FEATURES
from tme_platform.tables.signature import SIGNATURE_PATIENTS

_SCALED = {"within_sample": "within the tumour", "over_cohort": "over the cohort"}


@dataclass(frozen=True)
class _Definition:
    """One line of the list: what is clustered, and how."""

    name: str
    cohort: str
    source: str
    scores: pd.DataFrame
    groups: dict[str, str | None]
    scaling: Scaling
    k: int | None
    is_main: bool = False


def _reference(scope: Scope) -> str | None:
    """The cohort whose patients' labels the signature learns, or the one that defines the phenotypes."""
    for cohort in scope.with_role(Role.SIGNATURE_DISCOVERY):
        source = scope.declaration("phenotypes", cohort=cohort).phenotypes
        if source is not None:
            return source.cohort or cohort
    return next(iter(scope.with_role(Role.PHENOTYPE_REFERENCE)), None)


def _definitions(scope: Scope, reference: str) -> Iterator[_Definition]:
    """The written list: collections of gene sets by scaling and number of clusters, then other measurements."""
    if scope.has_rows(EXPRESSION, reference):
        yield from _from_expression(scope, reference)
    else:
        yield from _from_finished_scores(scope, reference, reference)
    for cohort in scope.study.specifications.cohorts:
        if cohort in scope.cohorts:
            yield from _from_finished_scores(scope, cohort, reference)
            yield from _from_other_scores(scope, cohort)
    yield from _from_other_scores(scope, reference)


def _with_own_names(definitions: Iterator[_Definition]) -> Iterator[_Definition]:
    """Definitions of which no two have the same name: methods of several cohorts may be called the same."""
    seen: set[str] = set()
    for definition in definitions:
        name, number = definition.name, 1
        while name in seen:
            number += 1
            name = f"{definition.name} ({definition.cohort}" + (f", {number - 1})" if number > 2 else ")")
        seen.add(name)
        yield replace(definition, name=name)


def _from_expression(scope: Scope, cohort: str) -> Iterator[_Definition]:
    matrix, main = rankable_matrix(scope, cohort), scope.study.gene_sets.collection
    own_scaling, own_k = phenotype_scaling(scope, cohort), _own_k(scope, cohort)
    for collection in dict.fromkeys([main, *scope.study.phenotypes.compared_collections]):
        _, usable, _ = measured_sets(scope, collection, matrix.index)
        if len(usable) < 2:
            continue
        settings = scope.study.gene_sets
        scores = score_cells(matrix, usable, engine=settings.engine, weight=settings.weight)
        groups: dict[str, str | None] = dict(gene_set_groups(scope.collection(collection)))
        for scaling in ("within_sample", "over_cohort"):
            for k in dict.fromkeys([own_k, 2, None]) if collection == main else (2,):
                is_main = collection == main and scaling == own_scaling and k == own_k
                name = f"{collection}, {_SCALED[scaling]}, {_clusters(k)}"
                yield _Definition(name, cohort, f"RNA, {collection}", scores, groups, scaling, k, is_main)


def _own_k(scope: Scope, reference: str) -> int | None:
    """The study's number of clusters; None is the vote. By silhouette it is that of the reference's own clusters."""
    k = scope.study.phenotypes.k
    if k == "silhouette":
        return int(scope.read(TME_PHENOTYPES, reference, columns=["cluster"])["cluster"].nunique())
    return None if k == "vote" else k


def _from_finished_scores(scope: Scope, cohort: str, reference: str) -> Iterator[_Definition]:
    if not scope.has_rows(CELL_SCORES, cohort):
        return
    listed = scope.read(POPULATIONS, cohort, columns=["population", "population_group", "method"])
    scores = by_patient(scope.read(CELL_SCORES, cohort)).T
    scaling = phenotype_scaling(scope, cohort)
    method = str(listed["method"].iloc[0])
    own_k = _own_k(scope, reference)
    for k in dict.fromkeys([own_k, 2, None]):
        name = f"{method}, {_SCALED[scaling]}, {_clusters(k)}"
        groups = dict(zip(listed["population"], listed["population_group"], strict=True))
        yield _Definition(name, cohort, method, scores, groups, scaling, k, cohort == reference and k == own_k)


def _from_other_scores(scope: Scope, cohort: str) -> Iterator[_Definition]:
    declared = scope.declaration("other_scores", cohort=cohort).other_scores
    if not declared or not scope.has_rows(OTHER_SCORES, cohort):
        return
    for name, rows in scope.read(OTHER_SCORES, cohort).groupby("name", sort=True):
        source = declared[str(name)]
        scaling: Scaling = "within_sample" if source.lineages is None else "over_cohort"
        scores = rows.pivot(index="population", columns="patient_id", values="score")
        listed = rows.drop_duplicates("population")
        groups = dict(zip(listed["population"], listed["population_group"], strict=True))
        method = source.method
        yield _Definition(f"{method}, {_SCALED[scaling]}, k = 2", cohort, method, scores, groups, scaling, 2)


def _clusters(k: int | None) -> str:
    return "k by vote" if k is None else f"k = {k}"


@step(
    SPECIFICATION_LABELS,
    version="3",
    reads=[TME_PHENOTYPES, EXPRESSION, EXPRESSION_QUALITY, CELL_SCORES, POPULATIONS, OTHER_SCORES],
)
def specification_labels(scope: Scope) -> StepResult:
    """Label the reference patients by every definition in the list."""
    reference = _reference(scope)
    if reference is None or not scope.has_rows(TME_PHENOTYPES, reference):
        return empty(scope, "no cohort defines phenotypes")
    settings = scope.study.phenotypes
    own = scope.read(TME_PHENOTYPES, reference, columns=["patient_id", "phenotype"])
    main = own.set_index("patient_id")["phenotype"]
    parts = []
    for definition in _with_own_names(_definitions(scope, reference)):
        if too_few(scale_scores(definition.scores, definition.scaling).dropna(), definition.k or settings.k_max):
            continue
        scope.report(definition.name)
        found = label_by(
            definition.scores, definition.groups, scaling=definition.scaling, k=definition.k, k_max=settings.k_max,
            like=main, seed=settings.seed, n_init=settings.starts,
        )  # fmt: skip
        labels = found.phenotype.rename_axis("patient_id").rename("phenotype").reset_index()
        parts.append(
            labels.assign(
                specification=definition.name,
                cohort=definition.cohort,
                source=definition.source,
                k=found.k,
                silhouette=found.silhouette,
                is_main=definition.is_main,
            )
        )
    if not parts:
        return empty(scope, "too few tumours to cluster")
    table = pd.concat(parts, ignore_index=True)
    return StepResult(table, details={"specifications": int(table["specification"].nunique())})


@step(
    PHENOTYPE_SPECIFICATIONS,
    version="1",
    reads=[SPECIFICATION_LABELS, SIGNATURE_PATIENTS, AGREED_FEATURES],
    reads_all_cohorts=[PATIENTS],
)
def phenotype_specifications(scope: Scope) -> StepResult:
    """Describe hot and cold by each definition: yardsticks, subtype, survival, and the honest AUC of a signature."""
    labels = scope.read(SPECIFICATION_LABELS)
    if labels.empty:
        return empty(scope, "no definitions were compared")
    training = training_set(scope.read(SIGNATURE_PATIENTS), scope.read(AGREED_FEATURES), side=None)
    rows: list[dict[str, object]] = []
    known: dict[tuple[object, ...], dict[str, object]] = {}
    for specification, part in labels.groupby("specification", sort=False):
        scope.report(str(specification))
        phenotype = part.set_index("patient_id")["phenotype"].astype("object")
        cohort = str(part["cohort"].iloc[0])
        clinical = scope.read(PATIENTS, cohort).set_index("patient_id").reindex(phenotype.index)
        imaged = phenotype.reindex(training.features.index)
        imaged = imaged[imaged.isin(["hot", "cold"])]
        same = (cohort, *imaged.items())  # definitions that label the imaged patients alike share a cross-validation
        if same not in known:
            known[same] = _signature(scope, training, imaged, clinical)
        (first,) = part.drop(columns=["patient_id", "phenotype"]).head(1).to_dict("records")
        rows.append(
            {**{str(name): value for name, value in first.items()}, **_described(phenotype, clinical), **known[same]}
        )
    table = pd.DataFrame(rows).reindex(columns=PHENOTYPE_SPECIFICATIONS.own_columns)
    aucs = table["auc"].dropna()
    details: dict[str, object] = {"specifications": len(table)}
    if len(aucs):
        details |= {"auc_lowest": round(float(aucs.min()), 3), "auc_highest": round(float(aucs.max()), 3)}
    return StepResult(table, details=details)


def _described(phenotype: pd.Series, clinical: pd.DataFrame) -> dict[str, object]:
    two = phenotype[phenotype.isin(["hot", "cold"])]
    hot, rows = two == "hot", clinical.loc[two.index]
    found: dict[str, object] = {
        "n": len(phenotype),
        "n_hot": int((phenotype == "hot").sum()),
        "hot_share": float((phenotype == "hot").mean()),
    }
    for column in (*columns_of_group("yardstick"), "purity_absolute"):
        values = rows[column].astype(float)
        found[f"{column}_hot"], found[f"{column}_cold"] = values[hot].mean(), values[~hot].mean()
        found[f"{column}_p"] = compare_groups(values.to_numpy(), two.to_numpy(), test="wilcoxon").p
    basal = (rows["pam50"] == "Basal").where(rows["pam50"].notna())
    found["basal_hot"], found["basal_cold"] = basal[hot].astype(float).mean(), basal[~hot].astype(float).mean()
    followed = rows[["os_days", "os_event"]].astype(float).assign(hot=hot.astype(float)).dropna()
    ratio = cox_univariate(followed, "os_days", "os_event", ["hot"]).iloc[0]
    found["log_rank_p"] = log_rank(followed["os_days"], followed["os_event"], followed["hot"]).p
    limits = {"hr_hot": ratio["hr"], "hr_low": ratio["ci_low"], "hr_high": ratio["ci_high"]}
    return found | {name: value if np.isfinite(value) else np.nan for name, value in limits.items()}


def _signature(scope: Scope, training: TrainingSet, labels: pd.Series, clinical: pd.DataFrame) -> dict[str, object]:
    """Honest AUCs for the labels of the imaged patients: of the signature's procedure, and of clinical variables."""
    least = scope.study.signature.n_splits
    if labels.nunique() < 2 or labels.value_counts().min() < least:
        return {"reason": f"fewer than {least} hot or cold patients with image features"}
    settings = scope.study.signature.model_copy(
        update={"n_repeats": scope.study.specifications.repeats, "permutations": 1}
    )
    found = cross_validated_auc(
        training.features.loc[labels.index], labels, settings=settings, kept_features=training.kept_features,
        n_jobs=scope.workers,
    )  # fmt: skip
    return {
        "n_images": found.n,
        "n_images_hot": found.n_positive,
        "auc": found.auc,
        "auc_low": found.ci_low,
        "auc_high": found.ci_high,
        **_clinical(scope, settings, labels, clinical),
    }


def _clinical(
    scope: Scope, settings: SignatureSettings, labels: pd.Series, clinical: pd.DataFrame
) -> dict[str, object]:
    variables = clinical.loc[labels.index, list(scope.study.evaluation.clinical_variables)]
    coded = clinical_features(variables.dropna(axis="columns", how="all"))
    if coded.empty:
        return {}
    found = cross_validated_auc(coded, labels, settings=settings.for_few_variables(), n_jobs=scope.workers)
    return {"clinical_auc": found.auc, "clinical_auc_low": found.ci_low, "clinical_auc_high": found.ci_high}
