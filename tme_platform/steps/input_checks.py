"""Checks on what was read: tables that meet, rows where rows were declared, no data under two patients.

`tme check` states the same before a run, by the same functions of `cohorts`. Reading belongs in `cohorts`, checks on
what was computed beside the steps that compute it.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from tme_platform.cohorts import (
    Overlap,
    compare_patients,
    identifying_content,
    identifying_paths,
    image_fingerprints,
    named,
    overlaps_within,
    patients_by_table,
    read_cell_scores,
    read_clinical,
    read_manifest,
    row_fingerprints,
    same_data,
)
from tme_platform.cohorts.same_data import RULE
from tme_platform.steps.scope import Scope
from tme_platform.steps.step import Finding, content_check
from tme_platform.tables import COMMON_COLUMNS
from tme_platform.tables.cohorts import IMAGING_SERIES, PATIENTS
from tme_platform.tables.expression import CELL_SCORES
from tme_platform.tables.imaging import OUTLINE_KEY
from tme_platform.tables.radiomics import RADIOMIC_FEATURES

PATIENT_SOURCES = ("clinical", "expression", "cell_scores", "imaging", "features")
"""Parts of a cohort file that name patients."""


@content_check(
    "The tables of the cohort name the same patients: of two tables, the smaller has a share of its patients in the "
    "other (`checks: {min_shared_patients}` in the study file)."
)
def tables_meet(_patients: pd.DataFrame, scope: Scope) -> Finding:
    """Find tables of the cohort that hardly have a patient in common, and the likely cause."""
    scope.files("other_scores")
    cohort = scope.declaration(*PATIENT_SOURCES, "other_scores")
    return _meeting(overlaps_within(cohort, patients_by_table(scope.folder, cohort)), scope)


@content_check(
    "The cohort that the phenotypes come from by patient has these patients (`checks: {min_shared_patients}`)."
)
def labels_meet(_labels: pd.DataFrame, scope: Scope) -> Finding:
    """Compare the patients with those of the cohort that their phenotypes come from."""
    source = scope.declaration("phenotypes").phenotypes
    if source is None or source.by != "patient" or source.cohort is None:
        return Finding(True, "phenotypes do not come by patient from another cohort")
    own = set(scope.read(PATIENTS, columns=["patient_id"])["patient_id"])
    theirs = set(scope.read(CELL_SCORES, source.cohort, columns=["patient_id"])["patient_id"])
    if not own or not theirs:
        return Finding(True, "no patients to compare")
    return _meeting(
        [compare_patients(f"cohort {scope.own_cohort}", own, f"the phenotypes of cohort {source.cohort}", theirs)],
        scope,
    )


def _meeting(overlaps: Sequence[Overlap], scope: Scope) -> Finding:
    least = scope.study.checks.min_shared_patients
    apart = [overlap for overlap in overlaps if overlap.share < least or (least > 0 and not overlap.n_both)]
    shares = {f"{overlap.first} and {overlap.second}": round(overlap.share, 4) for overlap in overlaps}
    if not apart:
        return Finding(True, f"{len(overlaps)} pair(s) of tables meet", {"shares": shares})
    return Finding(False, " ".join(overlap.sentence for overlap in apart), {"shares": shares})


@content_check("A cohort with an imaging manifest has outlines.")
def outlines_where_declared(outlines: pd.DataFrame, scope: Scope) -> Finding:
    """Find a manifest of which no row can be used, and why."""
    cohort = scope.declaration("imaging")
    if len(outlines) or cohort.imaging is None:
        return Finding(True, f"{len(outlines):,} outline(s)")
    said = _messages(read_manifest(scope.folder, scope.own_cohort, cohort)[1])
    return Finding(False, " ".join([f"no outline of {cohort.imaging.manifest} can be used.", *said[:2]]))


@content_check("Every table of `other_scores` gives scores.")
def every_other_score(table: pd.DataFrame, scope: Scope) -> Finding:
    """Find tables of `other_scores` of which nothing can be used, and why."""
    sources = scope.declaration("other_scores").other_scores
    read = set(table["name"]) if len(table) else set()
    missing = {name: source for name, source in sources.items() if name not in read}
    if not missing:
        return Finding(True, f"{len(sources)} table(s) of other scores")
    rejected = [read_cell_scores(scope.folder, scope.own_cohort, source)[2] for source in missing.values()]
    said = [message for rows in rejected for message in _messages(rows)[:2]]
    return Finding(False, " ".join([f"other_scores: {', '.join(missing)} cannot be used.", *said]))


@content_check("A cohort with patients' files has patients.")
def patients_are_named(patients: pd.DataFrame, scope: Scope) -> Finding:
    """Find a cohort none of whose files names a patient."""
    declared = scope.declaration(*PATIENT_SOURCES)
    if len(patients) or not any(getattr(declared, part) for part in PATIENT_SOURCES):
        return Finding(True, f"{len(patients):,} patient(s)")
    rejected = read_clinical(scope.folder, scope.own_cohort, declared).rejected
    return Finding(False, " ".join(["no file names any patients. Declare one that does.", *_messages(rejected)[:2]]))


@content_check(
    "No column, cell or name of a patient in the cohort's tables looks like what identifies a person.", blocking=False
)
def nobody_is_named(patients: pd.DataFrame, scope: Scope) -> Finding:
    """Find what looks like a person in the tables of the cohort."""
    scope.files("other_scores")
    cohort = scope.declaration(*PATIENT_SOURCES, "other_scores")
    return _identifying(identifying_content(scope.folder, cohort, {"patients": set(patients["patient_id"])}))


@content_check("No name of a file or folder of the cohort looks like what identifies a person.", blocking=False)
def no_path_names_anybody(files: pd.DataFrame, scope: Scope) -> Finding:
    """Find what looks like a person in the paths of the landing folder."""
    names = scope.path_names
    return _identifying(identifying_paths(map(names.relative, files["file"].astype(str)), names.stored))


def _identifying(said: list[str]) -> Finding:
    return Finding(not said, " ".join(said[:10]) or "nothing looks like a person", {"warnings": len(said)})


def _messages(rejected: pd.DataFrame) -> list[str]:
    return rejected["message"].astype(str).tolist()


@content_check("No patients of the cohort have the same image, features, cell scores or expression.", blocking=False)
def data_once(rejected: pd.DataFrame, _scope: Scope) -> Finding:
    """Find rejections that say that patients have the same data."""
    found = rejected.loc[rejected["rule"] == RULE, "message"].astype(str).tolist()
    return Finding(not found, " ".join(found[:5]) or "no data under two patients", {"groups": len(found)})


@content_check("No image, row of features or row of cell scores is on both sides of the signature under two names.")
def data_on_one_side(patients: pd.DataFrame, scope: Scope) -> Finding:
    """Find patients on two sides of the signature whose data are the same."""
    prints = [_side_fingerprints(scope, str(cohort), members) for cohort, members in patients.groupby("cohort")]
    if not prints:
        return Finding(True, "no patients")
    found = same_data(pd.concat(prints, ignore_index=True))
    both = found[found.groupby("group")["side"].transform("nunique") > 1] if len(found) else found
    said = [
        f"{named([f'{row.patient_id} ({row.cohort}, {row.side})' for row in rows.itertuples()])} "
        f"have the same {rows['kind'].iloc[0]}."
        for _, rows in both.groupby("group")
    ]
    text = " ".join([*said[:5], "Remove all but one of each."]) if said else "no data on both sides"
    return Finding(not said, text, {"groups": len(said)})


def _side_fingerprints(scope: Scope, cohort: str, members: pd.DataFrame) -> pd.DataFrame:
    """Fingerprints of the images, features and cell scores of a cohort's patients, with their side."""
    features = scope.read(RADIOMIC_FEATURES, cohort)
    numbers = features.set_index("patient_id").drop(columns=[*OUTLINE_KEY, *COMMON_COLUMNS], errors="ignore")
    source = scope.declaration("phenotypes", cohort=cohort).phenotypes
    scored = source.cohort if source is not None and source.by == "patient" else cohort
    scores = scope.read(CELL_SCORES, scored).set_index("patient_id").drop(columns=list(COMMON_COLUMNS), errors="ignore")
    images = scope.read(IMAGING_SERIES, cohort, columns=["patient_id", "image_sha256", "dicom_series"])
    parts = [
        row_fingerprints(numbers.select_dtypes("float64"), "features"),
        row_fingerprints(scores.select_dtypes("float64"), "cell scores"),
        image_fingerprints(images),
    ]
    prints = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    sides = members.set_index("patient_id")["side"]
    return prints.assign(cohort=cohort, side=prints["patient_id"].map(sides)).dropna(subset=["side"])
