"""A trial with endpoints of its own goes from its cohort file to every table, figure and page that concerns it."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from tme_platform.cohorts import check_cohort
from tme_platform.evaluation import auc_delong
from tme_platform.figures import draw
from tme_platform.lake import Lake
from tme_platform.survival import cox_univariate, kaplan_meier, log_rank
from tme_platform.tables import COMMON_COLUMNS, TABLES
from tme_platform_tests.support.platform import Platform, copied_platform
from tme_platform_tests.support.trial_cohort import COHORT_FILE, land_trial

DAYS_PER_MONTH = 365.25 / 12


@pytest.fixture(scope="module")
def trial(small_run: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Platform, pd.DataFrame]:
    platform = copied_platform(small_run, tmp_path_factory.mktemp("trial"))
    clinical = land_trial(platform.workspace.landing).set_index("id")
    outcome, _ = platform.run()
    assert outcome.success, outcome.failures
    return platform, clinical


def rows(lake: Lake, table: str) -> pd.DataFrame:
    return lake.read(TABLES[table], "trial")


def test_the_cohort_file_is_ready(trial: tuple[Platform, pd.DataFrame]) -> None:
    report = check_cohort(trial[0].workspace.landing / "trial")
    assert report.problems == ()
    assert report.rejected.empty
    assert report.counts["patients with pfs"] == 36
    assert report.counts["pfs events"] == (trial[1]["progressed"] == "1").sum()


def test_endpoints_and_subgroups_with_values_are_listed(trial: tuple[Platform, pd.DataFrame]) -> None:
    table = rows(trial[0].workspace.lake, "endpoints").set_index("endpoint")
    clinical = trial[1]
    assert set(table.index[table["kind"] == "time to event"]) == {"pfs", "new_lesion"}
    assert set(table.index[table["kind"] == "two classes"]) == {"pcr", "inflamed", "pd_l1_positive", "pd_l1_high"}
    assert set(table.index[table["kind"] == "subgroup"]) == {"her2_positive", "her2_negative", "early"}
    assert table.loc["new_lesion", "title"] == "time to a new lesion"
    assert table.loc["pcr", "n_positive"] == (clinical["response"] == "pCR").sum()
    assert table.loc["early", "n"] == clinical["stage"].isin(["IA", "IB"]).sum()
    excluded = (clinical["immune"] == "excluded").sum()
    assert excluded > 0
    assert table.loc["inflamed", "n"] == len(clinical) - excluded, "excluded is neither inflamed nor cold"


@pytest.mark.parametrize(
    ("endpoint", "months", "event", "observed"),
    [("pfs", "pfs_months", "progressed", "1"), ("new_lesion", "lesion_months", "lesion", "seen")],
)
def test_survival_is_analysed_by_endpoint(
    trial: tuple[Platform, pd.DataFrame], endpoint: str, months: str, event: str, observed: str
) -> None:
    lake, clinical = trial[0].workspace.lake, trial[1]
    label = rows(lake, "tme_phenotypes").set_index("patient_id")["phenotype"].reindex(clinical.index)
    time, seen = clinical[months] * DAYS_PER_MONTH, (clinical[event] == observed).astype(float)
    curves = rows(lake, "survival_curves").query("endpoint == @endpoint and phenotype == 'hot'")
    expected = kaplan_meier(time, seen, label).query("group == 'hot'")
    assert curves["survival"].to_list() == pytest.approx(expected["survival"].to_list())
    by_subgroup = rows(lake, "survival_tests").query("endpoint == @endpoint").set_index("subgroup")
    assert set(by_subgroup.index) >= {"all", "her2_positive", "her2_negative"}
    positive = clinical["her2"] == "pos"
    assert by_subgroup.loc["her2_positive", "p"] == pytest.approx(
        log_rank(time[positive], seen[positive], label[positive]).p
    )
    tested = by_subgroup.loc["all"]
    assert tested["p"] == pytest.approx(log_rank(time, seen, label).p)
    assert tested["n_events"] == seen.sum()
    for table in (
        "restricted_mean_survival",
        "multivariable_survival",
        "population_survival",
        "population_cut_points",
        "population_curves",
        "rad_score_survival",
    ):
        assert endpoint in set(rows(lake, table)["endpoint"]), table
    split = rows(lake, "rad_score_survival").set_index("endpoint").loc[endpoint]
    assert split["events_high"] + split["events_low"] == seen.sum()


def test_overall_survival_is_what_its_columns_give(small_run: Path) -> None:
    lake = Lake(str(small_run / "lake"))
    landed = pd.read_csv(small_run / "landing" / "reference" / "clinical.csv", index_col="id")
    label = lake.read(TABLES["tme_phenotypes"], "reference").set_index("patient_id")["phenotype"].reindex(landed.index)
    tested = lake.read(TABLES["survival_tests"], "reference")
    assert tested["endpoint"].tolist() == ["os"]
    assert tested["p"].item() == pytest.approx(log_rank(landed["days"], landed["dead"], label).p)
    expected = kaplan_meier(landed["days"], landed["dead"], ["all"] * len(landed))
    curves = lake.read(TABLES["survival_curves"], "reference").query("phenotype == 'all'")
    assert curves["survival"].to_list() == pytest.approx(expected["survival"].to_list())
    scores = lake.read(TABLES["cell_scores"], "reference").set_index("patient_id").drop(columns=list(COMMON_COLUMNS))
    cox = cox_univariate(landed.join(scores), "days", "dead", list(scores.columns), standardise=True)
    population = (
        lake.read(TABLES["population_survival"], "reference").query("patients == 'all'").set_index("population")
    )
    assert population["hr"].loc[cox["covariate"]].to_list() == pytest.approx(cox["hr"].to_list())


def test_the_rad_score_is_evaluated_against_declared_endpoints(trial: tuple[Platform, pd.DataFrame]) -> None:
    lake, clinical = trial[0].workspace.lake, trial[1]
    score = rows(lake, "rad_scores").set_index("patient_id")["rad_score"].reindex(clinical.index)
    metrics = rows(lake, "cohort_metrics").query("metric == 'auc' and analysis == 'honest' and endpoint != 'hot'")
    found = metrics.set_index(["endpoint", "subgroup"])
    assert set(metrics["endpoint"]) == {"pcr", "pd_l1_high", "pd_l1_positive"}
    assert set(metrics["subgroup"]) == {"all", "her2_positive", "her2_negative", "early"}
    complete = clinical["response"] == "pCR"
    assert found.loc[("pcr", "all"), "value"] == pytest.approx(auc_delong(complete, score).auc)
    negative = clinical["her2"] == "neg"
    assert found.loc[("pcr", "her2_negative"), "n"] == negative.sum()
    assert found.loc[("pcr", "her2_negative"), "value"] == pytest.approx(
        auc_delong(complete[negative], score[negative]).auc
    )
    assay = clinical["antibody"] == "22C3"
    assert found.loc[("pd_l1_high", "all"), "n"] == assay.sum()
    assert found.loc[("pd_l1_high", "all"), "n_positive"] == (clinical.loc[assay, "cps"] >= 10).sum()
    for table in ("roc_curves", "reliability_curves", "decision_curves"):
        assert {"pcr", "pd_l1_high"} <= set(rows(lake, table)["endpoint"]), table
    groups = rows(lake, "rad_score_groups")
    assert set(groups.loc[groups["variable"] == "arm", "group"]) == {"A", "B", "C"}
    assert set(groups.loc[groups["variable"] == "pd_l1_high", "group"]) == {"positive", "negative"}
    assert set(groups.loc[groups["kind"] == "endpoint", "variable"]) == {"pcr", "pd_l1_high", "pd_l1_positive"}


def test_groups_of_the_rad_score_list_their_patients(trial: tuple[Platform, pd.DataFrame]) -> None:
    lake, clinical = trial[0].workspace.lake, trial[1]
    members, groups = rows(lake, "rad_score_group_members"), rows(lake, "rad_score_groups")
    found = members.groupby(["variable", "group"])["rad_score"].agg(["size", "median"])
    expected = groups.set_index(["variable", "group"])[["n", "median"]].astype("float64")
    assert len(expected) == len(found)
    np.testing.assert_allclose(found.reindex(expected.index).to_numpy(), expected.to_numpy())
    pcr = members[members["variable"] == "pcr"].set_index("patient_id")["group"]
    assert set(pcr.index[pcr == "positive"]) == set(clinical.index[clinical["response"] == "pCR"])


def test_subgroups_with_five_of_both_outcomes_have_roc_curves(trial: tuple[Platform, pd.DataFrame]) -> None:
    lake = trial[0].workspace.lake
    metrics = rows(lake, "cohort_metrics").query("metric == 'auc' and analysis == 'honest'")
    fewest = np.minimum(metrics["n_positive"], metrics["n"] - metrics["n_positive"])
    enough = metrics[(fewest >= 5) | ((metrics["subgroup"] == "all") & (fewest > 0))]
    expected = enough.set_index(["endpoint", "subgroup"])["value"]
    curves = rows(lake, "roc_curves").drop_duplicates(["endpoint", "subgroup"]).set_index(["endpoint", "subgroup"])
    assert set(curves.index) == set(expected.index)
    assert set(curves.index.get_level_values("subgroup")) > {"all"}
    np.testing.assert_allclose(curves["auc"], expected.reindex(curves.index))


def test_figures_and_report_name_the_endpoint(trial: tuple[Platform, pd.DataFrame]) -> None:
    workspace = trial[0].workspace
    tables = {name: workspace.lake.read(schema) for name, schema in TABLES.items()}

    def words(name: str) -> str:
        drawn = draw(name, tables, cohort="trial")
        return " ".join(text.get_text() for text in drawn.figure.findobj(Text))

    for name in ("kaplan_meier", "cox_bubbles"):
        said = words(name)
        assert "progression-free survival" in said
        assert "time to a new lesion" in said
        assert "overall survival" not in said.lower()
        assert "death" not in said
    assert "PD-L1 of 10 or more (22C3)" in words("rad_score_by_endpoint").replace("\n", " ")
    page = (workspace.lake.state_folder / "report" / "small.html").read_text(encoding="utf-8")
    cells = re.sub(r"\s*(<[^>]+>\s*)+", " | ", page)
    hazard_ratio = "hazard ratio, hot vs cold | simulated"
    assert f"{hazard_ratio} | A trial with three arms | time to a new lesion |" in cells
    assert f"{hazard_ratio} | reference | overall survival |" in cells
    assert "| AUC | simulated | A trial with three arms | external, PD-L1 of 10 or more (22C3) |" in cells


def test_a_broken_declaration_stops_only_its_cohort_and_names_the_line(small_run: Path, tmp_path: Path) -> None:
    platform = copied_platform(small_run, tmp_path)
    folder = platform.workspace.landing / "trial"
    land_trial(platform.workspace.landing)
    (folder / "cohort.yaml").write_text(COHORT_FILE.replace("event: lesion\n", "event: lesions\n"))
    line = COHORT_FILE[: COHORT_FILE.index("event: lesion\n")].count("\n") + 1
    said = f"cohort trial: cohort.yaml line {line}, endpoints.new_lesion.event: 'lesions' is neither a canonical column"
    assert check_cohort(folder).problems[0].startswith(said)
    outcome, recorded = platform.run()
    assert not outcome.success
    assert said in " ".join(failure.message for failure in outcome.failures)
    assert "trial" not in {cohort for _, cohort in recorded.made()}
