"""Define the canonical clinical columns: name, type, unit, allowed values and limits.

The `patients` table, the mapping of landed clinical tables and the names in figures are derived from these definitions.
Synonyms and unit conversion belong in `tme_platform.cohorts`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tme_platform.tables.schema import Column

SUBTYPES = ("LumA", "LumB", "Her2", "Basal", "Normal")
STAGES = tuple(f"{numeral}{letter}" for numeral in ("0", "I", "II", "III", "IV") for letter in ("", "A", "B", "C"))

DAYS_PER = {"days": 1.0, "months": 365.25 / 12, "years": 365.25}
"""Length of the units of time."""

_FAMILIES = (DAYS_PER, {"percent": 1.0, "fraction": 100.0}, {"mm3": 1.0, "ml": 1000.0})
"""Units that convert into each other, in multiples of the smallest of them."""
_UNIT_NAMES = {"per cent": "percent", "a share, not per cent": "fraction"}
"""How a cohort file calls a unit that is called otherwise here."""


@dataclass(frozen=True)
class ClinicalColumn(Column):
    """A canonical clinical column.

    Attributes
    ----------
    group
        What kind of variable it is; comparisons of phenotypes correct for multiple testing within a group.
    unit
        Unit of a measured column.
    label
        Name in figures and in the report; empty where the column name reads well.
    """

    group: Literal["clinical", "survival", "subtype", "purity", "yardstick", "phenotype"] = "clinical"
    unit: str = ""
    label: str = ""

    @property
    def allowed(self) -> tuple[str, ...]:
        """The allowed words or whole numbers as text; empty for measured columns and free text."""
        if self.dtype == "Int64" and self.at_least is not None and self.at_most is not None:
            return tuple(map(str, range(int(self.at_least), int(self.at_most) + 1)))
        return self.isin or ()

    @property
    def own_unit(self) -> str:
        """The unit of the column as a cohort file calls it."""
        return _UNIT_NAMES.get(self.unit, self.unit)

    @property
    def units(self) -> tuple[str, ...]:
        """The units in which a cohort file may have the column; empty if there is no choice."""
        return next((tuple(family) for family in _FAMILIES if self.own_unit in family), ())

    def scale_from(self, unit: str) -> float:
        """The factor from one of `units` to the unit of the column."""
        family = next(family for family in _FAMILIES if self.own_unit in family)
        return family[unit] / family[self.own_unit]

    @property
    def allowed_range(self) -> str:
        """The limits and the unit of a measured column, as messages state them."""
        low = f"{self.at_least:g}" if self.at_least is not None else f"more than {self.above or 0:g}"
        if self.at_most is not None:
            return f"{low} to {self.at_most:g} ({self.unit})"
        return f"{low} or more ({self.unit})" if self.at_least is not None else f"{low} ({self.unit})"


def _number(name: str, description: str, unit: str, low: float, high: float, label: str = "") -> ClinicalColumn:
    return ClinicalColumn(name, "float64", description, at_least=low, at_most=high, unit=unit, label=label)


def _purity(name: str, method: str) -> ClinicalColumn:
    description = f"Tumour purity by {method}, a share."
    unit = "a share, not per cent"
    return ClinicalColumn(name, "float64", description, at_least=0, at_most=1, group="purity", unit=unit)


def _receptor(name: str, description: str, label: str) -> ClinicalColumn:
    return ClinicalColumn(name, "string", description, isin=("negative", "positive"), label=label)


SURVIVAL_TITLES = {
    "os": "overall survival",
    "pfs": "progression-free survival",
    "dfs": "disease-free survival",
    "rfs": "recurrence-free survival",
    "dmfs": "distant-metastasis-free survival",
}
"""Times to an event that have canonical columns."""


def _survival(name: str, observed: str) -> tuple[ClinicalColumn, ClinicalColumn]:
    title = SURVIVAL_TITLES[name].capitalize()
    return (
        ClinicalColumn(
            f"{name}_days", "float64", f"{title} or follow-up, days.", above=0, group="survival", unit="days"
        ),
        ClinicalColumn(f"{name}_event", "Int64", f"1 {observed}, 0 censored.", at_least=0, at_most=1, group="survival"),
    )


_COLUMNS = (
    _number("age_years", "Age at diagnosis, years.", "years", 0, 120, "age, years"),
    ClinicalColumn("sex", "string", "Sex.", isin=("female", "male")),
    ClinicalColumn("laterality", "string", "Side of the tumour.", isin=("left", "right", "bilateral")),
    *_survival("os", "died"),
    *_survival("pfs", "progressed or died"),
    *_survival("dfs", "recurrence, new cancer or death"),
    *_survival("rfs", "recurrence or death"),
    *_survival("dmfs", "distant metastasis or death"),
    ClinicalColumn("stage", "string", "Pathological stage, Roman numeral with letter.", isin=STAGES),
    ClinicalColumn("grade", "Int64", "Histological grade.", at_least=1, at_most=3),
    ClinicalColumn("nodes_positive", "Int64", "Lymph nodes with metastasis, a number.", at_least=0, unit="nodes"),
    _receptor("er", "Oestrogen receptor.", "oestrogen receptor"),
    _receptor("pr", "Progesterone receptor.", "progesterone receptor"),
    _receptor("her2", "HER2.", "HER2"),
    _number("ki67_percent", "Ki-67-positive tumour cells, per cent.", "per cent", 0, 100, "Ki-67, %"),
    ClinicalColumn("pam50", "string", "Published intrinsic subtype.", isin=SUBTYPES, group="subtype", label="PAM50"),
    _purity("purity_absolute", "ABSOLUTE"),
    _purity("purity_lump", "LUMP"),
    _purity("purity_ihc", "immunohistochemistry"),
    _purity("purity_estimate", "ESTIMATE"),
    ClinicalColumn(
        "leukocyte_fraction",
        "float64",
        "Leukocyte fraction of the sample by DNA methylation, a share.",
        at_least=0,
        at_most=1,
        group="yardstick",
        unit="a share, not per cent",
        label="leukocyte fraction",
    ),
    _number("tumour_volume_ml", "Functional tumour volume on MRI, ml.", "ml", 0, 5000, "tumour volume, ml"),
    _number("cd8_percent", "CD8-positive cells by immunohistochemistry, per cent.", "per cent", 0, 100, "CD8, %"),
    _number("stil_percent", "Stromal tumour-infiltrating lymphocytes, per cent.", "per cent", 0, 100, "sTIL, %"),
    ClinicalColumn(
        "immune_phenotype",
        "string",
        "Immune phenotype reported by the cohort's pathologists.",
        isin=("hot", "cold", "intermediate", "inflamed", "excluded", "desert"),
        group="phenotype",
    ),
    _number("pd_l1", "PD-L1 score, per cent.", "per cent", 0, 100, "PD-L1"),
    ClinicalColumn("pd_l1_assay", "string", "Assay (antibody) of the PD-L1 score, by code.", label="PD-L1 assay"),
    ClinicalColumn("arm", "string", "Treatment arm, by code."),
    ClinicalColumn("pcr", "string", "Pathological complete response.", isin=("no", "yes"), label="pCR"),
    ClinicalColumn(
        "recist", "string", "Best response by RECIST 1.1.", isin=("CR", "PR", "SD", "PD"), label="RECIST response"
    ),
    ClinicalColumn("site", "string", "Institution, by code."),
    ClinicalColumn("scanner", "string", "MRI scanner, by code."),
)

CLINICAL_COLUMNS: dict[str, ClinicalColumn] = {column.name: column for column in _COLUMNS}
"""The canonical clinical columns besides `patient_id`, in the order of the `patients` table."""


SURVIVAL_PAIRS = {name: (f"{name}_days", f"{name}_event") for name in SURVIVAL_TITLES}
"""Columns of time and event by endpoint (`os`, `pfs`, ...); both are always taken from the same row."""


def columns_of_group(group: str) -> list[str]:
    """Return the names of the clinical columns of a group."""
    return [column.name for column in _COLUMNS if column.group == group]
