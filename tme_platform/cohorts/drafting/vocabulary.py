"""Names that clinical columns commonly have, and words for their values, so that a cohort file can be drafted.

The words are a closed list: a draft quotes a cell only if the cell is one of them. What the columns mean is defined in
`tables.clinical`; words that need no mapping are in `_codings`.
"""

from __future__ import annotations

import re

from tme_platform.tables.clinical import CLINICAL_COLUMNS, SURVIVAL_TITLES

_UNITS = {
    "days": "days|day|d",
    "months": "months|month|mo|mos|mths",
    "years": "years|year|yrs|yr|y",
    "percent": "percent|pct|perc",
    "fraction": "fraction|share",
    "ml": "ml|cc|cm3",
    "mm3": "mm3",
}
_NAMES = {
    "age_years": "age|age at diagnosis|age dx|age at dx|diagnosis age|patient age|age at initial pathologic diagnosis",
    "sex": "sex|gender|patient sex",
    "laterality": "laterality|side|tumour side|breast side|side of tumour",
    "stage": "stage|tumour stage|ajcc stage|pathologic stage|pathological stage|p stage|stage group"
    "|ajcc pathologic tumour stage|ajcc pathologic stage",
    "grade": "grade|nhg|histologic grade|histological grade|tumour grade|nottingham grade|elston grade|sbr grade",
    "nodes_positive": "nodes positive|positive nodes|positive lymph nodes|lymph nodes positive|nodes pos|ln pos"
    "|number of positive nodes|lymph nodes examined positive",
    "er": "er|er status|er ihc|estrogen receptor|estrogen receptor status|oestrogen receptor|oestrogen receptor status",
    "pr": "pr|pr status|pr ihc|pgr|pgr status|progesterone receptor|progesterone receptor status",
    "her2": "her 2|her 2 status|her 2 neu|erbb 2 status|her 2 ihc|her 2 final",
    "ki67_percent": "ki 67|ki 67 index|ki 67 score|mib 1",
    "pam50": "pam 50|pam 50 subtype|subtype pam 50|pam 50 call|intrinsic subtype",
    "purity_absolute": "purity absolute|absolute purity",
    "purity_lump": "purity lump|lump purity",
    "purity_ihc": "purity ihc|ihc purity",
    "purity_estimate": "purity estimate|estimate purity",
    "leukocyte_fraction": "leukocyte|leukocyte fraction",
    "tumour_volume_ml": "tumour volume|ftv|functional tumour volume|mri volume|lesion volume",
    "cd8_percent": "cd 8|cd 8 ihc|cd 8 positive|cd 8 cells",
    "stil_percent": "stil|stils|til|tils|stromal tils|stromal til|stil score",
    "immune_phenotype": "immune phenotype|tme phenotype|immunophenotype",
    "pd_l1": "pd l 1|pdl 1|pd l 1 score|pdl 1 score|pd l 1 tps|pd l 1 ic",
    "pd_l1_assay": "pd l 1 assay|pdl 1 assay|pd l 1 antibody|pd l 1 clone|pdl 1 clone",
    "arm": "arm|treatment arm|trial arm|study arm",
    "pcr": "pcr|pcr status|pathologic complete response|pathological complete response",
    "recist": "recist|recist response|best response|best overall response|bor|recist 1 1",
    "site": "site|centre|center|institution|tissue source site|study site",
    "scanner": "scanner|mr scanner|mri scanner|scanner model",
}
_TIMES = "{0}|{0} time|time {0}|{1}|{1} time|time to {0}"
_EVENTS = "{0} event|{0} status|{0} ind|{0} e|{1} event|{1} status"
_MORE_EVENTS = {"os": "|vital status|survival status|death|death event|deceased|died|dead"}
_MORE_TIMES = {"os": "|survival time|survival|follow up|follow up time|followup"}

_EVENT_WORDS = {
    "1": "dead|deceased|died|death|event|yes|progressed|recurred|relapsed"
    "|1:deceased|1:progression|1:recurred/progressed",
    "0": "alive|living|censored|no event|no|0:living|0:censored|0:diseasefree|disease free",
}
_RECEPTOR_WORDS = {"positive": "pos|+|1|yes", "negative": "neg|-|0|no"}
WORDS: dict[str, dict[str, str]] = {
    **{f"{name}_event": _EVENT_WORDS for name in SURVIVAL_TITLES},
    **dict.fromkeys(("er", "pr", "her2"), _RECEPTOR_WORDS),
    "sex": {"female": "woman|w", "male": "man"},
    "pam50": {
        "LumA": "lum a|brca_luma|luma",
        "LumB": "lum b|brca_lumb|lumb",
        "Her2": "her2e|brca_her2|her2-e",
        "Basal": "brca_basal|basal",
        "Normal": "brca_normal|normal",
    },
    "recist": {"CR": "complete remission", "PR": "partial remission", "SD": "no change", "PD": "progression"},
}
"""Words by canonical column and value, in lower case, separated by bars."""

PATIENT_NAMES = (
    *("patient id", "patient", "pseudonym", "subject id", "subject", "case id", "case", "participant id"),
    *("participant", "pid", "id", "record id", "submitter id", "patient barcode", "bcr patient barcode", "barcode"),
    *("sample id", "sample", "sample name", "submitter id samples", "title", "clid"),
)
"""Names of the column that names the patient, the most telling first."""


def plain(name: str) -> str:
    """A name as words in lower case: `OS_MONTHS`, `osMonths` and `os.months` are the same."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    words = re.findall(r"[a-z]+|\d+", spaced.lower())
    return " ".join(words).replace("tumor", "tumour")


def canonical_name(name: str) -> tuple[str, str | None] | None:
    """The canonical column that a name stands for, and the unit that the name states.

    Returns
    -------
    None if the name is not one of the known ones.
    """
    if name in CLINICAL_COLUMNS:
        return name, None
    words = plain(name)
    if words in _KNOWN:
        return _KNOWN[words], None
    rest, unit = _without_unit(words)
    found = _KNOWN.get(rest) if unit is not None else None
    if found is None or unit not in CLINICAL_COLUMNS[found].units:
        return None
    return found, None if unit == CLINICAL_COLUMNS[found].own_unit else unit


def states_unit(name: str) -> bool:
    """Whether a name says in which unit its values are."""
    return _without_unit(plain(name))[1] is not None


def own_word(column: str, cell: str) -> str | None:
    """The value of a canonical column that a cell stands for by one of the listed words, or None."""
    return _VALUES.get(column, {}).get(cell.strip().lower())


def _without_unit(words: str) -> tuple[str, str | None]:
    for unit, names in _UNITS.items():
        for name in names.split("|"):
            spelled = plain(name)
            if words.endswith(f" {spelled}"):
                return words.removesuffix(f" {spelled}").removesuffix(" in"), unit
    return words, None


def _known() -> dict[str, str]:
    listed = {name: names.split("|") for name, names in _NAMES.items()}
    for short, title in SURVIVAL_TITLES.items():
        long = plain(title)
        listed[f"{short}_days"] = (_TIMES.format(short, long) + _MORE_TIMES.get(short, "")).split("|")
        listed[f"{short}_event"] = (_EVENTS.format(short, long) + _MORE_EVENTS.get(short, "")).split("|")
    return {plain(spelled): name for name, names in listed.items() for spelled in names}


_KNOWN = _known()
_VALUES = {
    column: {word: value for value, words in values.items() for word in words.split("|")}
    for column, values in WORDS.items()
}
