"""Read a finished radiomic feature table. Extracting features belongs in `radiomics`."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tme_platform.cohorts._feature_columns import (
    Refused,
    clinical_numbers,
    constant_columns,
    identical_columns,
    refused_by_name,
    refused_by_value,
)
from tme_platform.cohorts._measurements import marked, read_by_patient, to_numbers
from tme_platform.cohorts._tables import columns_of, has_column, no_column, short
from tme_platform.cohorts.cells import cell
from tme_platform.cohorts.clinical import read_clinical
from tme_platform.cohorts.declaration import Cohort, FeatureSource
from tme_platform.cohorts.errors import CohortError
from tme_platform.cohorts.folders import landing_path
from tme_platform.cohorts.pattern import matches_whole
from tme_platform.cohorts.rejections import Rejections
from tme_platform.cohorts.spelling import without_unusable_names
from tme_platform.counted import counted
from tme_platform.evaluation.endpoints import Endpoints, combined_endpoints, declared_columns
from tme_platform.tables.radiomics import AGREED_FEATURES, HARMONISED_FEATURES, RADIOMIC_FEATURES

_TAKEN = [
    column.name for table in (RADIOMIC_FEATURES, HARMONISED_FEATURES, AGREED_FEATURES) for column in table.all_columns
]
"""Columns that tables of features have beside the features."""
_SHOWN = 5


def read_features(folder: Path, cohort_name: str, cohort: Cohort) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the finished features of a cohort, one row per patient.

    Returns
    -------
    features
        Patients (index `patient_id`, in the order of the file) x renamed features, float64. Cells that are not finite
        numbers are missing. Left out are text columns (settings, versions), columns that are not features by their
        name or values (row numbers, diagnostics, identifiers, outcomes; `columns` and `exclude` of the cohort file
        decide the other ones), and patients without any feature. Nothing is left if no feature varies.
    rejected
        Rows of `REJECTED_COLUMNS`: each column that was left out, with the reason.
    """
    rejected = Rejections(cohort_name)
    source = cohort.features
    features = pd.DataFrame(index=pd.Index([], name="patient_id", dtype="string"), dtype="float64")
    if source is not None:
        key = source.patient_id
        table = read_by_patient(folder, source.file, key.column, rejected, pattern=key.pattern, sheet=source.sheet)
        if table is not None:
            table = _named(_declared(table, source, rejected), cohort, source, rejected)
            numbers = _numeric(_by_value(table, folder, cohort_name, cohort, rejected), source, rejected)
            features = without_unusable_names(_rename(numbers, source, rejected), _TAKEN, rejected, source.file)
            _report_repetition(features, source, rejected)
            if len(constant_columns(features)) == features.shape[1]:  # nothing to learn from
                features = features.iloc[:0, :0]
    return features, rejected.frame()


def feature_names(folder: Path, cohort: Cohort) -> list[str]:
    """Names of the columns of a cohort's finished feature table, renamed as declared; none if it cannot be read."""
    source = cohort.features
    if source is None:
        return []
    try:
        path = landing_path(folder, source.file)
        names = columns_of(path, source.sheet)
    except (CohortError, ValueError, OSError, EOFError):  # a run says so when it reads the values
        return []
    return [source.rename.get(name, name) for name in names if name != source.patient_id.column]


def _declared(table: pd.DataFrame, source: FeatureSource, rejected: Rejections) -> pd.DataFrame:
    """Take the columns that the cohort file names, and leave out those that it excludes."""
    names = list(map(str, table.columns))
    for listed in (source.columns, source.exclude):
        for name in () if listed is None or isinstance(listed, str) else listed:
            if name not in names:
                message = no_column(source.file, name, table, "`columns` and `exclude` of `features` in cohort.yaml")
                rejected.add(rule="unknown_column", message=message, action="column left out", file=source.file)
    taken = [
        name
        for name in names
        if (source.columns is None or _listed(name, source.columns)) and not _listed(name, source.exclude)
    ]
    if len(taken) < len(names):
        left = [name for name in names if name not in taken]
        what = counted(len(left), "column is", "columns are")
        message = f"{what} left out by `columns` and `exclude` of cohort.yaml ({_shown(left)})."
        rejected.add(rule="excluded_column", message=message, action="column left out", file=source.file)
    return table[taken]


def _listed(name: str, listed: str | tuple[str, ...]) -> bool:
    return matches_whole(listed, [name])[0] if isinstance(listed, str) else name in listed


def _named(table: pd.DataFrame, cohort: Cohort, source: FeatureSource, rejected: Rejections) -> pd.DataFrame:
    endpoints = combined_endpoints(Endpoints({}), cohort.endpoints)
    own = {*endpoints, *(column for _, column in declared_columns(cohort.endpoints, cohort.subgroups))}
    return _without(table, refused_by_name(list(map(str, table.columns)), own - {"tumour_volume_ml"}), source, rejected)


def _by_value(
    table: pd.DataFrame, folder: Path, cohort_name: str, cohort: Cohort, rejected: Rejections
) -> pd.DataFrame:
    source = cohort.features
    if source is None:
        return table
    clinical = read_clinical(folder, cohort_name, cohort).patients if cohort.clinical else pd.DataFrame()
    found = refused_by_value(to_numbers(table)[0], table, clinical_numbers(clinical))
    return _without(table, found, source, rejected)


def _without(table: pd.DataFrame, found: list[Refused], source: FeatureSource, rejected: Rejections) -> pd.DataFrame:
    """Leave out columns that are not features, but keep those that the cohort file lists, unless they are outcomes."""
    listed = () if source.columns is None or isinstance(source.columns, str) else source.columns
    left_out: set[str] = set()
    for refused in found:
        names = [name for name in refused.names if refused.final or name not in listed]
        if not names:
            continue
        what = counted(len(names), f"column {refused.one}", f"columns {refused.many}")
        message = f"{what} ({_shown(names)}). {refused.advice}"
        rejected.add(rule=refused.rule, message=message, action="column left out", file=source.file)
        left_out.update(names)
    return table[[name for name in table.columns if str(name) not in left_out]]


def _rename(table: pd.DataFrame, source: FeatureSource, rejected: Rejections) -> pd.DataFrame:
    for theirs in source.rename:
        correct = "`rename` in cohort.yaml"
        has_column(table, theirs, source.file, rejected, correct=correct, action="column not renamed")
    renamed = table.rename(columns=source.rename)
    again = renamed.columns.duplicated()
    for name in sorted(set(renamed.columns[again])):
        message = (
            f"two columns are named {short(name)} after `rename`; the first is used. Give each column its own name."
        )
        rejected.add(rule="duplicate_column", message=message, action="column left out", file=source.file)
    return renamed.loc[:, ~again]


def _numeric(text: pd.DataFrame, source: FeatureSource, rejected: Rejections) -> pd.DataFrame:
    numbers, bad = to_numbers(text)
    textual = numbers.isna().all() & bad.any()
    if textual.any():
        names = list(map(str, textual.index[textual]))
        what = counted(len(names), "column holds", "columns hold")
        message = f"{what} no numbers ({_shown(names)}). No action needed unless they are features."
        rejected.add(rule="not_a_number", message=message, action="column left out", file=source.file)
    numbers, bad = numbers.loc[:, ~textual], bad.loc[:, ~textual]
    cases = [
        (patient, f"{name} is {cell(wrong)}, not a finite number")
        for patient, name, wrong in marked(text[bad.columns], bad)
    ]
    advice = "Correct it, or leave it empty."
    rejected.add_cases(
        cases, rule="not_a_number", advice=advice, action="value set missing", file=source.file, unit="values"
    )
    empty = numbers.isna().all(axis=1)
    cases = [(str(patient), "the patient has no feature values") for patient in numbers.index[empty]]
    advice = "Add the values, or delete the row."
    rejected.add_cases(cases, rule="no_features", advice=advice, action="patient left out", file=source.file)
    return numbers[~empty]


def _report_repetition(features: pd.DataFrame, source: FeatureSource, rejected: Rejections) -> None:
    """State which features carry no information of their own; they are kept, as other cohorts may need them."""
    if constant := constant_columns(features):
        message = (
            f"{counted(len(constant), 'feature has', 'features have')} the same value for every patient "
            f"({_shown(constant)}). Check them, or list them under `exclude`."
        )
        rejected.add(rule="constant_feature", message=message, action="column kept", file=source.file)
    if pairs := identical_columns(features):
        shown = ", ".join(f"{short(name)} and {short(earlier)}" for name, earlier in pairs[:_SHOWN])
        more = ", ..." if len(pairs) > _SHOWN else ""
        message = (
            f"{counted(len(pairs), 'feature has', 'features have')} the values of another one ({shown}{more}). List "
            "one of the two under `exclude`."
        )
        rejected.add(rule="duplicate_feature", message=message, action="column kept", file=source.file)


def _shown(names: list[str]) -> str:
    return ", ".join(map(short, names[:_SHOWN])) + (", ..." if len(names) > _SHOWN else "")
