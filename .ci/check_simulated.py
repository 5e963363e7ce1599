"""Fail if a run of the simulated study left a table empty, a row that does not say simulated, or an external AUC out.

A tumour of each cohort that no version was trained on is then scored by itself, as `tme score` does: that has to agree
with the table to 1e-12.

Run: ``python .ci/check_simulated.py LAKE``.
"""

import sys
from pathlib import Path

import pandas as pd

from tme_platform.lake import query
from tme_platform.scoring import score_case
from tme_platform.tracking.scoring_model import load_scoring_model, open_tracker

MAY_BE_EMPTY = {"rejected_inputs"}
EXTERNAL = {"sim_immune_phenotype": "cd8_inflamed", "sim_immunotherapy": "objective_response"}


def problems(lake):
    """Sentences, one per thing that is amiss."""
    said = []
    for table in query(lake, "select table_name from lake_tables")["table_name"]:
        counts = query(
            lake,
            "select count(*) as n, count(*) filter (where provenance is distinct from 'simulated') as other "
            f"from {table}",
        ).iloc[0]
        if counts["n"] == 0 and table not in MAY_BE_EMPTY:
            said.append(f"{table} has no rows")
        if counts["other"]:
            said.append(f"{counts['other']} rows of {table} do not say simulated")
    measured = query(
        lake,
        "select cohort, endpoint, analysis, value, ci_low, ci_high, n, n_positive from cohort_metrics "
        "where metric = 'auc' and side = 'external' and subgroup = 'all' and value is not null order by all",
    )
    print(measured.to_string(index=False))
    for cohort, endpoint in EXTERNAL.items():
        found = measured[(measured["cohort"] == cohort) & (measured["endpoint"] == endpoint)]
        if set(found["analysis"]) != {"paper", "honest"}:
            said.append(f"{cohort} has no external AUC for {endpoint}")
    return said + scored_otherwise(lake)


def scored_otherwise(lake):
    """Sentences on held-back tumours whose score by themselves is another than in the table."""
    held_back = query(
        lake,
        "select r.cohort, r.patient_id, r.rad_score, s.model_version, p.scanner from rad_scores r "
        "join patients p using (cohort, patient_id) join signature s using (content_key) where r.side <> 'discovery' "
        "qualify row_number() over (partition by r.cohort order by r.patient_id) = 1 order by r.cohort",
    )
    if held_back["cohort"].nunique() < 3:
        return ["fewer than three cohorts have a tumour that was held back"]
    model = load_scoring_model(open_tracker(lake), str(held_back["model_version"].iloc[0]))
    said = []
    for case in held_back.itertuples():
        folder = lake / "landing" / case.cohort
        outlines = pd.read_csv(folder / "imaging.csv", dtype=str).query("patient_id == @case.patient_id")
        first = outlines.sort_values(["session", "reader"]).iloc[0]
        exclusion = None if pd.isna(first["exclusion_mask"]) else folder / first["exclusion_mask"]
        found = score_case(
            model,
            folder / first["image"],
            folder / first["mask"],
            label=int(first["mask_label"]),
            exclusion_mask=exclusion,
            batch=case.scanner,
        )
        difference = abs(found.rad_score - case.rad_score)
        print(f"{case.cohort} {case.patient_id}: rad-score {found.rad_score!r}, from the table {case.rad_score!r}")
        if not difference <= 1e-12:
            said.append(f"{case.patient_id} of {case.cohort} scores {difference} otherwise by itself")
    return said


if __name__ == "__main__":
    found = problems(Path(sys.argv[1]))
    print("\n".join(found) or "every table has rows, and every row says simulated")
    sys.exit(bool(found))
