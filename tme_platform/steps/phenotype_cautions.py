"""Steps on what the clusters are: which populations separate them, and reasons for caution about their names."""

import pandas as pd

from tme_platform.expression import CAUTION_TIE_NOISE, RELATIVE_UNITS
from tme_platform.phenotypes import (
    Caution,
    PhenotypeModel,
    contradictions,
    inflamed_share,
    number_of_clusters,
    one_cloud,
    separation,
)
from tme_platform.steps.phenotypes import NOT_FITTED, fits_here
from tme_platform.steps.reading import phenotype_scaling, population_groups
from tme_platform.steps.scope import Scope
from tme_platform.steps.step import StepResult, empty, step
from tme_platform.tables.expression import CELL_SCORES, EXPRESSION_QUALITY, POPULATIONS
from tme_platform.tables.phenotypes import (
    CLUSTER_EVIDENCE,
    CLUSTER_NULL,
    PHENOTYPE_CAUTIONS,
    PHENOTYPE_CHARACTERISTICS,
    PHENOTYPE_MODEL,
    PHENOTYPE_SEPARATION,
    TME_PHENOTYPES,
)


@step(PHENOTYPE_SEPARATION, version="1", reads=[CELL_SCORES, PHENOTYPE_MODEL, POPULATIONS])
def phenotype_separation(scope: Scope) -> StepResult:
    """Split the distance between hot and cold into the shares of the populations."""
    if not fits_here(scope) or not scope.has_rows(PHENOTYPE_MODEL):
        return empty(scope, NOT_FITTED)
    table = separation(PhenotypeModel.from_frame(scope.read(PHENOTYPE_MODEL)), population_groups(scope))
    inflamed = float(table.loc[table["inflamed"], "share"].sum())
    return StepResult(table, details={"inflamed_share": round(inflamed, 4)})


@step(
    PHENOTYPE_CAUTIONS,
    version="3",
    reads=[
        TME_PHENOTYPES,
        CELL_SCORES,
        EXPRESSION_QUALITY,
        CLUSTER_EVIDENCE,
        CLUSTER_NULL,
        PHENOTYPE_MODEL,
        PHENOTYPE_SEPARATION,
        PHENOTYPE_CHARACTERISTICS,
    ],
)
def phenotype_cautions(scope: Scope) -> StepResult:
    """State why the phenotypes may not be hot and cold as published, from the tables that describe them."""
    if not scope.has_rows(TME_PHENOTYPES):
        return empty(scope, "the cohort has no phenotypes")
    found = [
        *_of_clusters(scope),
        *_of_ties(scope),
        *_of_other_model(scope),
        *contradictions(scope.read(PHENOTYPE_CHARACTERISTICS)),
    ]
    table = pd.DataFrame(found, columns=PHENOTYPE_CAUTIONS.own_columns)
    return StepResult(table, details={"cautions": [caution.topic for caution in found if caution.caution]})


def _of_clusters(scope: Scope) -> list[Caution]:
    """Cautions about clusters that were fitted on this cohort; labels of another cohort have theirs there."""
    if not fits_here(scope):
        return []
    k = int(scope.read(PHENOTYPE_MODEL, columns=["k"])["k"].iloc[0])
    return [
        *number_of_clusters(scope.read(CLUSTER_EVIDENCE), k),
        *one_cloud(scope.read(CLUSTER_NULL)),
        inflamed_share(scope.read(PHENOTYPE_SEPARATION)),
        *_of_input(scope),
    ]


def _of_ties(scope: Scope) -> list[Caution]:
    """Caution about tumours whose scores depend on the order of tied genes in the file."""
    quality = scope.read(EXPRESSION_QUALITY).dropna(subset=["tie_noise"])
    if quality.empty:
        return []
    counts = quality["verdict"].value_counts()
    doubtful, left_out = int(counts.get("caution", 0)), int(counts.get("not scored", 0))
    said = [f"the order of tied genes moves the scores of {doubtful} tumours by more than a tenth of their spread"] * (
        doubtful > 0
    ) + [f"{left_out} tumours have too many ties to be scored"] * (left_out > 0)
    return [Caution("tied_ranks", float(quality["tie_noise"].max()), CAUTION_TIE_NOISE, "; ".join(said))]


def _of_other_model(scope: Scope) -> list[Caution]:
    """Caution about labels by another cohort's model whose scores have another meaning."""
    declared = scope.declaration("phenotypes", "expression")
    source, own = declared.phenotypes, declared.expression
    if source is None or source.by != "model" or own is None:
        return []
    theirs = scope.declaration("expression", cohort=source.cohort).expression
    if theirs is None:
        return []
    differs = (own.unit in RELATIVE_UNITS) != (theirs.unit in RELATIVE_UNITS)
    caution = (
        f"labels come from the model of {source.cohort}, whose expression is {theirs.unit}, but here it is {own.unit}: "
        "scores of relative and of absolute expression do not have the same scale"
    )
    return [Caution("model_expression", int(differs), 0, caution if differs else "")]


def _of_input(scope: Scope) -> list[Caution]:
    """Cautions about what was clustered."""
    declared = scope.declaration("expression", "cell_scores")
    scores, found = declared.cell_scores, []
    if scores is not None and scores.kind == "fractions" and scores.lineages is None:
        what = (
            "scaled within the tumour divide tumours by their most abundant stroma"
            if phenotype_scaling(scope) == "within_sample"
            else "are skewed, so a few tumours with extreme fractions may form a cluster of their own"
        )
        caution = f"raw cell fractions {what}; sum them to lineages (`lineages:` in cohort.yaml)"
        found.append(Caution("raw_fractions", 1, 0, caution))
    if scores is None and declared.expression is not None and declared.expression.unit in RELATIVE_UNITS:
        caution = (
            "expression is relative to the cohort, so scores compare genes relative to their own distribution, not "
            "by their level"
        )
        found.append(Caution("relative_expression", 1, 0, caution))
    return found
