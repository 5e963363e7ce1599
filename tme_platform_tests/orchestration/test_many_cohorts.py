"""Many cohorts: what the sensor requests after a change is counted, look by look, and carried out in this process."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest
import yaml

from tme_platform.lake import Lake
from tme_platform.orchestration.survey import survey
from tme_platform_tests.support.looking import Looking
from tme_platform_tests.support.many_cohorts import STUDY, TABLES, build_all, land_cohort, make_many
from tme_platform_tests.support.part_of_graph import graph_of
from tme_platform_tests.support.small_study import copy_study, report_made

COHORTS = 12
OF_THE_STUDY = {"cohort_table_one", "catalog"}
OF_A_COHORT = set(TABLES) - OF_THE_STUDY


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a finished study, to copy."""
    root = tmp_path_factory.mktemp("many")
    with graph_of(TABLES):  # all others would take most of the time, and say nothing about cohorts
        build_all(make_many(root, COHORTS))
        yield root


@pytest.fixture
def looking(many: Path, tmp_path: Path) -> Looking:
    looking = Looking(copy_study(many, tmp_path))
    report_made(looking.workspace, looking.instance)
    assert looking.catch_up().waves == []
    return looking


def test_a_new_cohort_takes_one_run_and_one_of_the_study(looking: Looking) -> None:
    land_cohort(looking.workspace.landing / "new")
    done = looking.catch_up()
    assert [{cohort: set(assets) for cohort, assets in wave.items()} for wave in done.waves] == [
        {"new": OF_A_COHORT},
        {None: OF_THE_STUDY},
    ]


def test_a_clinical_value_reaches_the_cohorts_that_read_it_in_the_same_pass(looking: Looking) -> None:
    path = looking.workspace.landing / "reference" / "clinical.csv"
    clinical = pd.read_csv(path)
    clinical.loc[0, "days"] += 1000
    clinical.to_csv(path, index=False)
    done = looking.catch_up()
    assert "survival_tests" in done.of(["reference"])
    assert done.of(["mri"]) == {"endpoints"}, "its patients are followed up in `reference`"
    assert set(done.runs) == {"reference", "mri", None}
    assert len(done.runs) == 4, "landing folder, tables, those of `mri`, of the study"
    assert len(done.parts) == len(set(done.parts)), "nothing is requested twice"


def test_a_setting_reaches_every_cohort_in_one_pass(looking: Looking) -> None:
    changed = {**STUDY, "gene_sets": {"min_genes": 6}, "survival": {"min_events": 2}}
    Path(looking.workspace.study_name).write_text(yaml.safe_dump(changed))
    done = looking.catch_up()
    assert len(done.parts) == len(set(done.parts)), "nothing is requested twice"
    assert all("survival_tests" in done.of([cohort]) for cohort in looking.workspace.cohorts())
    assert not done.of(looking.workspace.cohorts()) & {"cohort_files", "cohorts", "patients", "clinical_other"}
    assert len(done.runs) <= 2 * COHORTS + 1, "what waits for a cohort's own change, and what for that of others"
    assert done.runs.count(None) <= 1, "tables of the study once, after all cohorts"


def test_a_look_at_many_cohorts_reads_what_they_share_once(looking: Looking, monkeypatch: pytest.MonkeyPatch) -> None:
    reads, events = [], []
    read = Lake.read
    monkeypatch.setattr(Lake, "read", lambda *given, **options: reads.append(given[1].name) or read(*given, **options))
    ask = dg.DagsterInstance.get_latest_materialization_events
    monkeypatch.setattr(
        dg.DagsterInstance, "get_latest_materialization_events", lambda *given: events.append(given) or ask(*given)
    )
    survey(looking.workspace, looking.instance)
    assert reads.count("cohort_files") == 1, "not once for each table of each cohort"
    assert len(reads) <= COHORTS
    assert len(events) == 1
