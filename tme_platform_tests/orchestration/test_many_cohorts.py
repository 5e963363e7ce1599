"""Twenty cohorts: what the sensor requests after a change is counted, look by look, and carried out in this process."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import yaml

from tme_platform_tests.support.looking import Looking
from tme_platform_tests.support.many_cohorts import STUDY, TABLES, build_all, land_cohort, make_many, only_tables
from tme_platform_tests.support.small_study import copy_study, report_made

COHORTS = 20
OF_THE_STUDY = {"cohort_table_one", "catalog"}
OF_A_COHORT = set(TABLES) - OF_THE_STUDY


@pytest.fixture(scope="module")
def twenty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a finished study of twenty cohorts, to copy."""
    root = tmp_path_factory.mktemp("twenty")
    with only_tables():
        build_all(make_many(root, COHORTS))
        yield root


@pytest.fixture
def looking(twenty: Path, tmp_path: Path) -> Looking:
    looking = Looking(copy_study(twenty, tmp_path))
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
    changed = {**STUDY, "phenotypes": {**STUDY["phenotypes"], "starts": 3}}
    Path(looking.workspace.study_name).write_text(yaml.safe_dump(changed))
    done = looking.catch_up()
    assert len(done.parts) == len(set(done.parts)), "nothing is requested twice"
    assert done.of(["c00"]) <= {"cluster_evidence", "phenotype_model", "tme_phenotypes", "survival_tests"}
    assert "cluster_evidence" in done.of(["reference"])
