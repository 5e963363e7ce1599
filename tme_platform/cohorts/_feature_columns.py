"""Tell the features of a finished table from its other columns, by name and values. Reading belongs in `features`."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tme_platform.tables.clinical import CLINICAL_COLUMNS

_DESCRIBES = frozenset(
    {"label", "labels", "image", "images", "mask", "masks", "segmentation", "roi", "reader", "rater", "observer"}
    | {"session", "series", "scan", "phase", "visit", "timepoint", "batch", "fold", "split", "set", "cohort", "dataset"}
    | {"id", "ids", "uid", "uuid", "patient", "patientid", "subject", "subjectid", "case", "caseid", "sample"}
    | {"sampleid", "study", "studyid", "mrn", "accession", "accessionnumber", "studyuid", "seriesuid", "name"}
    | {"patientname", "file", "filename", "path", "folder", "index", "row", "rownumber", "number", "no", "nr"}
    | {"date", "studydate", "scandate", "birthdate", "acquisitiondate", "unnamed0", "examdate", "mridate", "birthyear"}
    | {
        f"{what}{number}"
        for what in ("patient", "pat", "case", "lesion", "scan", "fold", "exam", "subject", "row")
        for number in ("id", "no", "nr", "number")
    }
    | {"traintest", "istrain", "train", "istest"}
)
"""Names of columns that say which row it is, in lower case without anything but letters and digits."""

_OUTCOMES = frozenset(
    {"os", "pfs", "dfs", "rfs", "efs", "dss", "ddfs", "dmfs", "event", "status", "time", "censor", "censored", "death"}
    | {"dead", "alive", "deceased", "vital", "survival", "recurrence", "relapse", "progression", "metastasis"}
    | {"response", "responder", "responders", "recist", "pcr", "rcb", "outcome", "outcomes", "endpoint", "target"}
    | {"y", "class", "classes", "group", "groups", "cluster", "hot", "cold", "inflamed", "desert", "excluded"}
    | {"phenotype", "immunophenotype", "tme", "tils", "til", "stil", "stils", "cd8", "pdl1"}
    | {"age", "sex", "gender", "race", "menopause", "stage", "grade", "er", "pr", "hr", "her2", "ki67", "pam50"}
    | {"subtype", "histology", "nodes", "treatment", "arm", "therapy", "laterality", "truth", "groundtruth"}
    | {"died", "dfi", "pfi", "surv", "cens", "recurred", "relapsed", "progressed", "followup", "menopausal", "bmi"}
    | {"tstage", "nstage", "mstage", "nodepos", "purity", "pred", "prediction", "predicted", "prob", "probability"}
    | {"risk", "radscore", "immunescore", "stromalscore", "estimatescore", "verstorben", "vitalstatus"}
)
"""Words of which the names of outcomes and clinical variables are made."""

_BETWEEN = frozenset(
    {"is", "at", "to", "of", "the", "in", "diagnosis", "tumour", "tumor", "patient", "immune", "overall", "free"}
    | {"days", "day", "months", "month", "years", "year", "percent", "pct", "binary", "code", "coded", "positive"}
    | {"negative", "score", "objective", "complete", "pathological", "disease", "control", "last", "followup", "follow"}
    | {"up", "clinical", "l1", "pd", "ki", "her", "0", "1", "2", "67", "true", "flag", "label", "id", "node", "nodal"}
    | {"histologic", "histological"}
)
"""Words that may stand beside those of `_OUTCOMES`."""

_MEASURED_ON_IMAGES = frozenset({"tumour_volume_ml"})
_CANONICAL = frozenset(CLINICAL_COLUMNS) - _MEASURED_ON_IMAGES
_FEWEST = 5
"""Patients from which on the values of a column are judged."""
_FEWEST_FOR_IDS = 10
_LONG_ID = 10**5
_FEW_LEVELS = 5
_PROPORTIONAL = 1 - 1e-9
_DATE = r"\d{4}[-/.]?\d{2}[-/.]?\d{2}(?:[ T].*)?|\d{1,2}[-/.](?:\d{1,2}|[A-Za-z]{3})[-/.]\d{2,4}"
_MOSTLY = 0.5


@dataclass(frozen=True)
class Refused:
    """Columns that are not features: why (of one column, and of several), what to do, and whether it is final.

    What is final is not changed by naming the columns in the cohort file.
    """

    rule: str
    one: str
    many: str
    names: list[str]
    advice: str = "No action needed unless they are features; then list all features under `columns` in cohort.yaml."
    final: bool = False


def refused_by_name(names: Collection[str], endpoints: Collection[str]) -> list[Refused]:
    """Columns whose name says that they are not features.

    Parameters
    ----------
    names
        Of the columns as in the file; a column without a name is `column_N`.
    endpoints
        Endpoints of the cohort, and the columns that they are made of.
    """
    own = {_plain(name) for name in endpoints}
    outcome = [name for name in names if _plain(name) in own or _is_outcome(name)]
    rest = [name for name in names if name not in outcome]
    unnamed = [name for name in rest if re.fullmatch(r"column_\d+|(?i:unnamed: ?\d+)", name)]
    diagnostic = [name for name in rest if re.search(r"(?:^|[._-])diagnostics?[._-]", name)]
    described = [name for name in rest if _plain(name) in _DESCRIBES and name not in unnamed]
    found = [
        _refused(
            "outcome_column",
            "is|are",
            "named like outcomes or clinical variables, not features",
            outcome,
            "An outcome must not enter a signature: delete them, or rename them in the file if they are features.",
        ),
        _refused(
            "unnamed_column", "has|have", "no name in the header, as the row numbers that pandas and R write", unnamed
        ),
        _refused(
            "diagnostic_column", "holds|hold", "diagnostics of pyradiomics, which describe the extraction", diagnostic
        ),
        _refused("row_description", "says|say", "which patient, image, mask or reader a row is of", described),
    ]
    return [refused for refused in found if refused.names]


def refused_by_value(
    numbers: pd.DataFrame, text: pd.DataFrame, clinical: Mapping[str, pd.Series[float]]
) -> list[Refused]:
    """Columns whose values are not those of a feature.

    Parameters
    ----------
    numbers, text
        Patients x columns: numbers (NaN where there is none), and the cells as landed.
    clinical
        Clinical variables of the cohort as numbers by patient.
    """
    running, ids, dates = [], [], []
    outcome: dict[str, str] = {}
    for name in numbers.columns:
        values = numbers[name].dropna()
        column = values.to_numpy()
        if _mostly_dates(text[name]):
            dates.append(str(name))
        elif variable := next((key for key, other in clinical.items() if _duplicates(values, other)), None):
            outcome[str(name)] = variable
        elif len(column) >= _FEWEST and (column % 1 == 0).all() and len(np.unique(column)) == len(column):
            if np.ptp(column) == len(column) - 1 or (len(column) >= _FEWEST_FOR_IDS and _runs(column)):
                running.append(str(name))
            elif len(column) >= _FEWEST_FOR_IDS and _like_ids(column):
                ids.append(str(name))
    if len(running) > max(1.0, _MOSTLY * numbers.shape[1]):
        running = []  # a table of ranks
    found = [
        _refused(
            "outcome_column",
            "has|have",
            f"the values of clinical variables of the cohort: {', '.join(sorted(set(outcome.values())))}",
            list(outcome),
            "An outcome must not enter a signature: delete them. If they are features, remove the clinical column from "
            "cohort.yaml.",
        ),
        _refused("counter_column", "counts|count", "the rows: consecutive or running whole numbers", running),
        _refused("identifier_column", "holds|hold", "long whole numbers that are all different, like identifiers", ids),
        _refused("date_column", "holds|hold", "dates", dates),
    ]
    return [refused for refused in found if refused.names]


def _refused(rule: str, verb: str, what: str, names: list[str], final_advice: str = "") -> Refused:
    """`verb` in the singular and the plural, with a bar between; with `final_advice` the refusal is final."""
    one, many = verb.split("|")
    found = Refused(rule, f"{one} {what}", f"{many} {what}", names)
    return replace(found, advice=final_advice, final=True) if final_advice else found


def clinical_numbers(patients: pd.DataFrame) -> dict[str, pd.Series[float]]:
    """The canonical clinical variables as numbers by patient; words are numbered."""
    found = {}
    for name in sorted(_CANONICAL & set(patients.columns)):
        known = patients.set_index("patient_id")[name].dropna()
        if (known != known.iloc[:1].squeeze()).any():
            words = CLINICAL_COLUMNS[name].dtype == "string"
            codes = pd.Series(pd.factorize(known)[0], known.index) if words else known
            found[name] = codes.astype("float64")
    return found


def identical_columns(numbers: pd.DataFrame) -> list[tuple[str, str]]:
    """Pairs of columns with the same values, the later one first; columns of one value are left out."""
    first: dict[bytes, str] = {}
    pairs = []
    for name in numbers.columns:
        column = numbers[name].to_numpy()
        if len(column) < _FEWEST or np.isnan(column).all() or not np.nanmax(column) > np.nanmin(column):
            continue
        earlier = first.setdefault((column + 0.0).tobytes(), str(name))
        if earlier != str(name):
            pairs.append((str(name), earlier))
    return pairs


def constant_columns(numbers: pd.DataFrame) -> list[str]:
    """Columns with the same number for every patient who has one."""
    enough = numbers.notna().sum() >= _FEWEST
    return list(map(str, numbers.columns[enough & (numbers.max() == numbers.min())]))


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _is_outcome(name: str) -> bool:
    if name in _CANONICAL:
        return True
    if _plain(name) in _OUTCOMES:
        return True
    words = re.findall(r"[a-z]+|\d+", re.sub(r"([a-z])([A-Z])", r"\1 \2", name).lower())
    joined = re.findall(r"[a-z0-9]+", name.lower())
    return any(
        bool(parts) and any(part in _OUTCOMES for part in parts) and all(part in _OUTCOMES | _BETWEEN for part in parts)
        for parts in (words, joined)
    )


def _mostly_dates(text: pd.Series) -> bool:
    cells = text.astype("string").str.strip().replace("", pd.NA).dropna()
    if len(cells) < 1 or not cells.iloc[0][:1].isdigit():
        return False
    dated = cells.str.fullmatch(_DATE).astype(bool)
    if dated.mean() <= _MOSTLY:
        return False
    plain = pd.to_datetime(cells[dated], errors="coerce", format="%Y%m%d") if cells.str.isdigit().all() else None
    return plain is None or bool(len(cells) >= _FEWEST and plain.dt.year.between(1900, 2100).mean() > _MOSTLY)


def _duplicates(values: pd.Series[float], other: pd.Series[float]) -> bool:
    """Whether a column is a clinical variable in the same or another coding or unit."""
    both = pd.concat([values, other], axis=1, join="inner").dropna().to_numpy()
    if len(both) < _FEWEST_FOR_IDS or (np.ptp(both, axis=0) == 0).any():
        return False
    levels, their_levels = len(np.unique(both[:, 0])), len(np.unique(both[:, 1]))
    if their_levels <= _FEW_LEVELS:
        return levels == their_levels == len(np.unique(both, axis=0))
    return bool(abs(np.corrcoef(both.T)[0, 1]) > _PROPORTIONAL)


def _runs(column: NDArray[np.float64]) -> bool:
    steps = np.diff(column)
    return bool((steps > 0).all() or (steps < 0).all())


def _like_ids(column: NDArray[np.float64]) -> bool:
    digits = np.floor(np.log10(np.abs(column) + 1))
    return bool(np.abs(column).min() >= _LONG_ID and np.ptp(digits) == 0)
