"""Simulate patients: latent infiltration, clinical variables, and the latent variable of the image.

Patient i depends only on (seed, cohort, i). Expression belongs in `expression`, images in `image`.

The probability that a tumour is hot depends on its subtype; its infiltration is normal around 1.0 (hot) or -0.65
(cold). CD8, PD-L1, response and survival follow the infiltration with independent noise. Images follow the latent
variable

    (effect * infiltration + noise) / sqrt(effect**2 + 1),

so that images look alike at any effect and carry no information about the infiltration if the effect is 0.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from tme_platform.simulation.cohorts import SUBTYPES, SimulatedCohort
from tme_platform.simulation.scanners import SCANNERS
from tme_platform.simulation.seeds import random_for

TRUTH_COLUMNS = ("simulated_hot", "simulated_infiltration", "simulated_image_latent")
"""The truth, kept in the clinical table but mapped to no canonical column."""

_HOT_SHARE = {"LumA": 0.25, "LumB": 0.30, "Her2": 0.50, "Basal": 0.55, "Normal": 0.40}
_HOT, _COLD, _SPREAD = 1.0, -0.65, 0.45
_POSITIVE = {  # share positive, by subtype: oestrogen receptor, progesterone receptor, HER2
    "LumA": (0.97, 0.88, 0.09),
    "LumB": (0.95, 0.75, 0.24),
    "Her2": (0.35, 0.25, 0.75),
    "Basal": (0.10, 0.07, 0.05),
    "Normal": (0.75, 0.62, 0.10),
}
_LOG_HAZARD = {"I": -0.6, "II": 0.0, "III": 0.6, "IV": 1.5}
_HAZARD_OF_INFILTRATION = -0.35
_WEIBULL_SHAPE = 1.2
_RECIST = ((1.75, "CR"), (0.55, "PR"), (-0.60, "SD"), (-np.inf, "PD"))
_MISSING = {"er": 0.03, "pr": 0.03, "her2": 0.05, "stage": 0.03, "purity_absolute": 0.1, "purity_lump": 0.08}


def simulate_patients(cohort: SimulatedCohort, patients: int, *, effect: float, seed: int) -> pd.DataFrame:
    """Draw the patients of a cohort.

    Parameters
    ----------
    cohort
        The cohort.
    patients
        Number of patients. A larger number does not change the first patients.
    effect
        Strength of the link between infiltration and images; 0 is none.
    seed
        The study's seed.

    Returns
    -------
    pandas.DataFrame
        By `patient_id`: the clinical columns of all simulated cohorts, including those that this one does not provide,
        `TRUTH_COLUMNS`, and `subtype`, which is never missing.

    Raises
    ------
    ValueError
        If `effect` or `patients` is negative.
    """
    if patients < 0 or not effect >= 0:
        raise ValueError(f"cannot simulate {patients} patients with effect {effect}: neither may be negative")
    rows = [_patient(cohort, number, effect, seed) for number in range(1, patients + 1)]
    index = pd.Index([patient_id(cohort, number) for number in range(1, patients + 1)], name="patient_id")
    return pd.DataFrame(rows, index=index)


def patient_id(cohort: SimulatedCohort, number: int) -> str:
    """Return the pseudonym of a patient, numbered from 1."""
    return f"{cohort.prefix}{number:05d}"


def _patient(cohort: SimulatedCohort, number: int, effect: float, seed: int) -> dict[str, object]:
    random = random_for(seed, cohort.name, number, "patient")
    subtype = str(random.choice(SUBTYPES, p=cohort.subtypes))
    hot = bool(random.random() < _HOT_SHARE[subtype])
    infiltration = float(random.normal(_HOT if hot else _COLD, _SPREAD))
    latent = (effect * infiltration + random.normal()) / np.sqrt(effect**2 + 1)
    stages, shares = zip(*cohort.stages, strict=True)
    stage = str(random.choice(stages, p=np.array(shares) / sum(shares)))
    row: dict[str, object] = {
        "subtype": subtype,
        "age_years": round(float(np.clip(random.normal(57, 12.5), 25, 90)), 1),
        "sex": "male" if random.random() < 0.01 else "female",
        "laterality": str(random.choice(["left", "right"])),
        "stage": stage,
        **_receptors(subtype, random),
        "pam50": subtype,
        **_survival(cohort, subtype, stage, infiltration, random),
        **_purities(infiltration, random),
        **_immunohistochemistry(infiltration, random),
        "recist": _response(infiltration, random),
        "site": f"site {random.integers(1, 4)}",
        "scanner": str(random.choice(list(SCANNERS))),
        "simulated_hot": hot,
        "simulated_infiltration": round(infiltration, 4),
        "simulated_image_latent": round(float(latent), 4),
    }
    row |= _treatment(cohort, number, row, infiltration, seed)
    for name, share in _MISSING.items():
        if random.random() < share:
            row[name] = None
    return row


def _receptors(subtype: str, random: np.random.Generator) -> dict[str, object]:
    positive = random.random(3) < _POSITIVE[subtype]
    return {
        name: "positive" if found else "negative" for name, found in zip(("er", "pr", "her2"), positive, strict=True)
    }


def _survival(
    cohort: SimulatedCohort, subtype: str, stage: str, infiltration: float, random: np.random.Generator
) -> dict[str, object]:
    log_hazard = _LOG_HAZARD[stage.rstrip("ABC")] + _HAZARD_OF_INFILTRATION * infiltration + 0.3 * (subtype == "Basal")
    scale = cohort.survival_days / np.log(2) ** (1 / _WEIBULL_SHAPE) * np.exp(-log_hazard / _WEIBULL_SHAPE)
    death = scale * random.weibull(_WEIBULL_SHAPE)
    end = cohort.follow_up_days * np.exp(random.normal(0, 0.6))
    return {"os_days": max(1, round(float(min(death, end)))), "os_event": int(death <= end)}


def _purities(infiltration: float, random: np.random.Generator) -> dict[str, object]:
    true = 0.6 - 0.9 * infiltration + random.normal(0, 0.5)
    seen = {"purity_absolute": (0.0, 0.45), "purity_lump": (0.6, 0.4), "purity_ihc": (1.2, 0.7)}
    return {name: round(_share(true + shift + random.normal(0, sd)), 3) for name, (shift, sd) in seen.items()}


def _immunohistochemistry(infiltration: float, random: np.random.Generator) -> dict[str, object]:
    cd8 = 100 * _share(-1.65 + 1.05 * infiltration + random.normal(0, 0.45))
    called = "inflamed" if cd8 >= 20 else str(random.choice(["excluded", "desert"]))
    expressed = 0.15 + 0.9 * infiltration + random.normal(0, 0.9) > 0
    pd_l1 = float(np.clip(np.exp(random.normal(1.9, 1.0)), 1, 100)) if expressed else 0.0
    return {"cd8_percent": round(cd8, 1), "immune_phenotype": called, "pd_l1": round(pd_l1)}


def _response(infiltration: float, random: np.random.Generator) -> str:
    benefit = infiltration + random.normal(0, 0.6)
    return next(word for least, word in _RECIST if benefit >= least)


def _treatment(
    cohort: SimulatedCohort, number: int, row: dict[str, object], infiltration: float, seed: int
) -> dict[str, object]:
    """Arm, PD-L1 assay and progression-free survival, which ends with progression, death or follow-up."""
    random = random_for(seed, cohort.name, number, "treatment")
    progression = 0.6 * cohort.survival_days * np.exp(0.5 * infiltration) * random.weibull(_WEIBULL_SHAPE)
    os_days = float(str(row["os_days"]))
    return {
        "arm": str(random.choice(["immunotherapy", "immunotherapy and chemotherapy"])),
        "pd_l1_assay": str(random.choice(["22C3", "SP142"], p=[0.7, 0.3])),
        "pfs_days": max(1, round(min(float(progression), os_days))),
        "pfs_event": 1 if progression < os_days else row["os_event"],
    }


def _share(logit: float) -> float:
    return float(1 / (1 + np.exp(-logit)))
