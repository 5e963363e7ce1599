"""Fail if a run of the simulated study left a table empty, a row that does not say simulated, or an external AUC out.

Run: ``python .ci/check_simulated.py LAKE``.
"""

import sys
from pathlib import Path

from tme_platform.lake import query

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
    return said


if __name__ == "__main__":
    found = problems(Path(sys.argv[1]))
    print("\n".join(found) or "every table has rows, and every row says simulated")
    sys.exit(bool(found))
