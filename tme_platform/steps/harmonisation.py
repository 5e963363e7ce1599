"""Steps of harmonisation: scanner effects are removed if the study asks for it. ComBat belongs in `radiomics`.

It is learned on the patients that train the signature and applied to everybody of a scanner they know. It never sees a
phenotype, but all training patients at once: within the signature's folds it is a given, as the extraction is.
"""

import pandas as pd

from tme_platform.cohorts import Role
from tme_platform.radiomics import (
    batch_components,
    batch_share,
    combat_from_table,
    combat_table,
    fit_harmonisation,
    harmonise,
)
from tme_platform.steps.reading import first_readings, of_signature_series
from tme_platform.steps.scope import Scope
from tme_platform.steps.step import StepResult, empty, step
from tme_platform.tables.cohorts import PATIENTS
from tme_platform.tables.imaging import OUTLINE_KEY
from tme_platform.tables.radiomics import HARMONISATION, HARMONISATION_EFFECT, HARMONISED_FEATURES, RADIOMIC_FEATURES
from tme_platform.tables.signature import COHORT_SPLIT

OFF = "the study does not harmonise (harmonisation.batch is none)"
_NAMES = ["cohort", *OUTLINE_KEY, "feature_set", "row_key", "provenance"]


@step(HARMONISATION, version="2", reads=[RADIOMIC_FEATURES, PATIENTS, COHORT_SPLIT])
def harmonisation(scope: Scope) -> StepResult:
    """Learn ComBat (Johnson 2007) on the patients that train the signature, and on nobody else."""
    column = scope.study.harmonisation.batch
    if column == "none":
        return empty(scope, OFF)
    parts = [_training(scope, cohort, column) for cohort in scope.with_role(Role.SIGNATURE_DISCOVERY)]
    together = pd.concat([part for part in parts if len(part)], ignore_index=True) if any(map(len, parts)) else None
    if together is None:
        return empty(scope, "no training patient with image features")
    tables, notes = [], {}
    for name, rows in together.groupby("feature_set"):
        features = rows.drop(columns=["feature_set", "batch"]).dropna(axis="columns", how="all")
        fitted, remarks = fit_harmonisation(
            features, rows["batch"], min_patients=scope.study.harmonisation.min_patients
        )
        notes[str(name)] = "; ".join(remarks) or f"learned on {len(rows)} patients"
        if fitted is not None:
            tables.append(combat_table(fitted).assign(feature_set=name))
    if not tables:
        return empty(scope, "; ".join(notes.values()))
    return StepResult(pd.concat(tables, ignore_index=True), details={"batch_column": column, "learned": notes})


def _training(scope: Scope, cohort: str, column: str) -> pd.DataFrame:
    """First readings of a discovery cohort's training side, with their batch; numbered, as names may be shared."""
    features = first_readings(of_signature_series(scope, scope.read(RADIOMIC_FEATURES, cohort), cohort))
    if scope.declaration("split", cohort=cohort).split is not None:
        side = scope.read(COHORT_SPLIT, cohort).set_index("patient_id")["side"]
        features = features[(side.reindex(features.index) == "discovery").to_numpy()]
    return features.assign(batch=batches(scope, cohort, column).reindex(features.index)).reset_index(drop=True)


def batches(scope: Scope, cohort: str, column: str) -> pd.Series:
    """The batch of each patient of a cohort; may be missing."""
    return scope.read(PATIENTS, cohort, columns=["patient_id", column]).set_index("patient_id")[column]


@step(HARMONISED_FEATURES, version="3", reads=[RADIOMIC_FEATURES, PATIENTS, HARMONISATION])
def harmonised_features(scope: Scope) -> StepResult:
    """Apply the learned ComBat; a scanner of too few training patients is left as it is, and the row says so."""
    column, least = scope.study.harmonisation.batch, scope.study.harmonisation.min_patients
    if column == "none":
        return empty(scope, OFF)
    rows = scope.read(RADIOMIC_FEATURES)
    if rows.empty:
        return empty(scope, "no image features")
    learned = scope.read(HARMONISATION, rows={"feature_set": sorted(rows["feature_set"].unique())})
    rows["batch"] = rows["patient_id"].map(batches(scope, scope.own_cohort, column)).astype("string")
    features = rows.drop(columns=[*_NAMES, "batch"])
    done = pd.Series(False, index=rows.index)
    wanted = pd.Series(rows.index.isin(of_signature_series(scope, rows).index), rows.index)
    for name, part in learned.groupby("feature_set"):
        of_set = (rows["feature_set"] == name) & wanted
        if not of_set.any():
            continue
        features.loc[of_set], done.loc[of_set] = harmonise(
            features[of_set], rows.loc[of_set, "batch"], combat_from_table(part)
        )
    notes: list[str | None] = [
        _note(batch, was_done, column, least) if in_series else "not harmonised: not the series of the signature"
        for batch, was_done, in_series in zip(rows["batch"].fillna(""), done, wanted, strict=True)
    ]
    described = rows[[*OUTLINE_KEY, "feature_set", "row_key", "batch"]].assign(
        harmonised=done, note=pd.Series(notes, rows.index)
    )
    if not done.all():
        scope.log.warning("%s: %d of %d rows left as they are", scope.cohort, int((~done).sum()), len(done))
    details = {
        "harmonised": int(done.sum()),
        "left_as_is": int((~done).sum()),
        "unseen_batches": sorted(rows.loc[wanted & ~done, "batch"].dropna().unique()),
    }
    return StepResult(pd.concat([described, features], axis=1), details=details)


def _note(batch: str, done: bool, column: str, least: int) -> str | None:
    if done:
        return None
    if not batch:
        return f"not harmonised: the patient has no {column}"
    return f"not harmonised: fewer than {least} training patients with complete features have {column} {batch}"


@step(HARMONISATION_EFFECT, version="1", reads=[RADIOMIC_FEATURES, HARMONISED_FEATURES, COHORT_SPLIT])
def harmonisation_effect(scope: Scope) -> StepResult:
    """Place every patient on two principal components before and after, and measure how much the batch explains."""
    if scope.study.harmonisation.batch == "none":
        return empty(scope, OFF)
    before, after = (
        scope.read(schema).set_index(["cohort", *OUTLINE_KEY]).sort_index()
        for schema in (RADIOMIC_FEATURES, HARMONISED_FEATURES)
    )
    after = after[after["harmonised"]]
    after = after[~after.index.droplevel([*OUTLINE_KEY[1:]]).duplicated()]
    if after.empty:
        return empty(scope, "nobody was harmonised")
    after = after[after["feature_set"] == after["feature_set"].mode()[0]]
    names = [name for name in after.columns.intersection(before.columns) if name not in _NAMES]
    pair = before.loc[after.index, names], after[names]
    table = batch_components(*pair).assign(batch=lambda rows: [*after["batch"], *after["batch"]])
    side = scope.read(COHORT_SPLIT).set_index(["cohort", "patient_id"])["side"]
    table["side"] = side.reindex(pd.MultiIndex.from_frame(table[["cohort", "patient_id"]])).to_numpy()
    shares = [batch_share(part, after["batch"]).median() for part in pair]
    details = {
        "patients": len(after),
        "features": len(names),
        "median_share_of_batch_before": float(shares[0]),
        "median_share_of_batch_after": float(shares[1]),
    }
    return StepResult(table.drop(columns=[*OUTLINE_KEY[1:]]), details=details)
