"""A trial to add to the small study: progression-free survival, pCR, three arms, a PD-L1 assay, and its own columns.

Numbers are drawn at random and mean nothing; the cohort file says `simulated`.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from tme_platform_tests.support.small_study import POPULATION_GROUPS

COHORT_FILE = """\
title: A trial with three arms
roles: [phenotype_replication, immunotherapy]
provenance: {kind: simulated, source: drawn at random for a test, licence: CC0}
clinical:
  - file: clinical.csv
    patient_id: id
    columns:
      pfs_days: {column: pfs_months, unit: months}
      pfs_event: progressed
      pcr: response
      arm: treatment
      pd_l1: cps
      pd_l1_assay: antibody
      her2: {column: her2, values: {pos: positive, neg: negative}}
      stage: stage
      immune_phenotype: immune
cell_scores: {file: scores.tsv, groups: groups.tsv, method: drawn}
features: {file: features.csv, feature_set: drawn}
phenotypes: {by: model, cohort: reference}
endpoints:
  pcr: {column: pcr, positive: [yes], negative: [no], title: pathological complete response}
  pd_l1_high: {column: pd_l1, at_least: 10, where: {pd_l1_assay: ["22C3"]}, title: PD-L1 of 10 or more (22C3)}
  new_lesion:
    time: lesion_months
    unit: months
    event: lesion
    positive: [seen]
    negative: [none seen]
    title: time to a new lesion
  disease_control: null
subgroups:
  her2_negative: {her2: [negative]}
  early: {stage: [I, IA, IB]}
  triple_negative: null
"""


def land_trial(landing: Path, patients: int = 36) -> pd.DataFrame:
    """Write the landing folder `trial`; return its clinical table as written."""
    random = np.random.default_rng(11)
    folder = landing / "trial"
    folder.mkdir()
    names = [f"T{number:03d}" for number in range(patients)]
    hot = np.arange(patients) % 2 == 0
    clinical = pd.DataFrame(
        {
            "id": names,
            "pfs_months": random.integers(1, 60, patients),
            "progressed": random.choice(["0", "1"], patients, p=[0.3, 0.7]),
            "response": random.choice(["pCR", "RD"], patients),
            "treatment": random.choice(["A", "B", "C"], patients),
            "cps": random.integers(0, 40, patients),
            "antibody": random.choice(["22C3", "SP142"], patients),
            "her2": random.choice(["pos", "neg"], patients),
            "stage": random.choice(["IA", "IB", "IIA"], patients),
            "immune": random.choice(["inflamed", "excluded", "desert"], patients),
            "lesion_months": random.integers(1, 60, patients),
            "lesion": random.choice(["seen", "none seen"], patients),
        }
    )
    clinical.to_csv(folder / "clinical.csv", index=False)
    scores = pd.DataFrame(random.normal(0, 0.3, (patients, len(POPULATION_GROUPS))), columns=list(POPULATION_GROUPS))
    scores.loc[hot, ["CD8 T cells", "B cells", "NK cells"]] += 2
    scores.loc[~hot, ["Fibroblasts", "Endothelium"]] += 2
    scores.assign(patient_id=names).to_csv(folder / "scores.tsv", sep="\t", index=False)
    groups = pd.DataFrame({"population": list(POPULATION_GROUPS), "group": list(POPULATION_GROUPS.values())})
    groups.to_csv(folder / "groups.tsv", sep="\t", index=False)
    features = pd.DataFrame(random.normal(size=(patients, 6)), columns=[f"f{n}" for n in range(6)])
    features.assign(patient_id=names).to_csv(folder / "features.csv", index=False)
    (folder / "cohort.yaml").write_text(COHORT_FILE)
    return clinical
