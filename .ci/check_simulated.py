"""Check a run of the simulated study: no table is empty, every row is marked simulated, all external AUCs exist.

One held-out tumour of each cohort is then scored on its own, as by `tme score`; the score must agree with the table to
1e-12.

Run: ``python .ci/check_simulated.py LAKE``.
"""

import sys
from pathlib import Path

import pandas as pd

from tme_platform.lake import Lake, ask
from tme_platform.scoring import score_case
from tme_platform.tracking.scoring_model import load_scoring_model, open_tracker

# As in the paper, the simulated cohorts with response have images but no RNA: they have no phenotypes or cell scores.
MAY_BE_EMPTY = {"rejected_inputs", "other_scores", "phenotype_response", "population_response"}
EXTERNAL = {"sim_immune_phenotype": "inflamed", "sim_immunotherapy": "objective_response"}


def problems(lake):
    """Return one message per problem."""
    messages, tables = [], Lake(lake)
    for table in ask(tables, "select table_name from lake_tables")["table_name"]:
        counts = ask(
            tables,
            "select count(*) as n, count(*) filter (where provenance is distinct from 'simulated') as other "
            f"from {table}",
        ).iloc[0]
        if counts["n"] == 0 and table not in MAY_BE_EMPTY:
            messages.append(f"{table} has no rows")
        if counts["other"]:
            messages.append(f"{counts['other']} rows of {table} are not marked simulated")
    measured = ask(
        tables,
        "select cohort, endpoint, analysis, value, ci_low, ci_high, n, n_positive from cohort_metrics "
        "where metric = 'auc' and side = 'external' and subgroup = 'all' and value is not null order by all",
    )
    print(measured.to_string(index=False))
    for cohort, endpoint in EXTERNAL.items():
        found = measured[(measured["cohort"] == cohort) & (measured["endpoint"] == endpoint)]
        if set(found["analysis"]) != {"paper", "honest"}:
            messages.append(f"{cohort} has no external AUC for {endpoint}")
    return messages + score_differences(lake)


def score_differences(lake):
    """Return one message per held-out tumour whose own score differs from the table."""
    held_out = ask(
        Lake(lake),
        "select r.cohort, r.patient_id, r.rad_score, s.model_version, p.scanner from rad_scores r "
        "join patients p using (cohort, patient_id) join signature s using (content_key) where r.side <> 'discovery' "
        "qualify row_number() over (partition by r.cohort order by r.patient_id) = 1 order by r.cohort",
    )
    if held_out["cohort"].nunique() < 3:
        return ["fewer than three cohorts have a held-out tumour"]
    model = load_scoring_model(open_tracker(lake), str(held_out["model_version"].iloc[0]))
    messages = []
    for case in held_out.itertuples():
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
        print(f"{case.cohort} {case.patient_id}: rad-score {found.rad_score!r}, in the table {case.rad_score!r}")
        if not difference <= 1e-12:
            messages.append(f"the score of {case.patient_id} of {case.cohort} differs from the table by {difference}")
    return messages


if __name__ == "__main__":
    found = problems(Path(sys.argv[1]))
    print("\n".join(found) or "every table has rows, and every row is marked simulated")
    sys.exit(bool(found))
