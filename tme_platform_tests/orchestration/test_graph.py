"""The graph: what it consists of, and the small study taken through all of it."""

import json
import re
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from tme_platform.lake import Lake, ask
from tme_platform.orchestration.build import build_definitions
from tme_platform.orchestration.run import Outcome
from tme_platform.steps.registry import STEPS
from tme_platform.tables import TABLES
from tme_platform.tables.phenotypes import TME_PHENOTYPES
from tme_platform.tables.radiomics import RADIOMIC_FEATURES
from tme_platform.tables.signature import COHORT_SPLIT, RAD_SCORES, SIGNATURE
from tme_platform_tests.support.pages import DOCS, blocks
from tme_platform_tests.support.planted import SECRETS, found_in
from tme_platform_tests.support.platform import Platform, Recorded

Finished = tuple[Platform, Outcome, Recorded]


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return build_definitions()


def test_an_asset_depends_on_the_tables_that_its_step_reads(definitions: dg.Definitions) -> None:
    """That a step reads what it declares is tested in `steps/test_trace.py`."""
    for spec in definitions.resolve_all_asset_specs():
        name = spec.key.to_user_string()
        needs = {dep.asset_key.to_user_string() for dep in spec.deps}
        if name == "catalog":
            assert needs == set(TABLES)
            continue
        step, schema = STEPS[name], TABLES[name]
        read = {table.name for table in (*step.reads, *step.reads_all_cohorts)}
        assert needs == read, name
        assert spec.group_name == schema.stage.group
        assert (spec.partitions_def is not None) == schema.per_cohort


def test_definitions_can_be_loaded_by_dagster(definitions: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(definitions)


def test_every_table_is_an_asset_and_the_other_way_round(definitions: dg.Definitions) -> None:
    names = {spec.key.to_user_string() for spec in definitions.resolve_all_asset_specs()}
    assert names == {*TABLES, "catalog"}


def test_every_asset_can_be_understood(definitions: dg.Definitions) -> None:
    for spec in definitions.resolve_all_asset_specs():
        name = spec.key.to_user_string()
        assert len(spec.description or "") > 40, name
        assert spec.owners, name
        assert spec.kinds, name
        assert spec.group_name.startswith("s"), name
        if name in TABLES:
            columns = spec.metadata["dagster/column_schema"].columns
            assert {column.name for column in TABLES[name].all_columns} <= {column.name for column in columns}
            assert all(column.description for column in columns)
            assert spec.code_version


def test_the_first_run_makes_everything(finished: Finished) -> None:
    platform, outcome, recorded = finished
    assert outcome.failures == []
    assert outcome.skipped == []
    cohorts = {"reference", "mri", "rna", "images", "scans"}
    wanted = {
        (name, cohort) for name, schema in TABLES.items() for cohort in (cohorts if schema.per_cohort else {None})
    }
    assert {(asset, cohort) for asset, cohort, _ in recorded.lines} == wanted
    for spec in build_definitions().resolve_all_asset_specs():
        parts = platform.instance.get_materialized_partitions(spec.key)
        if spec.partitions_def is not None:
            assert parts == cohorts, spec.key
        else:
            assert platform.instance.get_latest_materialization_event(spec.key) is not None, spec.key


def test_the_small_study_has_something_for_every_table(finished: Finished) -> None:
    lake = finished[0].workspace.lake
    empty = {name for name, schema in TABLES.items() if not sum(state.rows for state in lake.states(schema).values())}
    assert empty <= {
        "rejected_inputs",
        "reader_overlap",
        "harmonisation",
        "harmonisation_effect",
        "harmonised_features",
        "control_features",  # the discovery cohort brings finished features, no images
    }


def test_phenotypes_separate_what_was_drawn_apart(finished: Finished) -> None:
    labels = finished[0].workspace.lake.read(TME_PHENOTYPES, "reference").set_index("patient_id")["phenotype"]
    drawn_hot = [int(patient[1:]) % 3 == 0 for patient in labels.index]
    assert ((labels == "hot") == drawn_hot).all()


def test_labels_come_by_patient_from_the_cohort_that_is_named(finished: Finished) -> None:
    lake = finished[0].workspace.lake
    own, named = (lake.read(TME_PHENOTYPES, cohort).set_index("patient_id") for cohort in ("mri", "reference"))
    assert (own["model_cohort"] == "reference").all()
    pd.testing.assert_series_equal(own["phenotype"], named.loc[own.index, "phenotype"])


def test_every_row_made_from_simulated_data_says_so(finished: Finished) -> None:
    root = finished[0].workspace.lake_root
    for name in TABLES:
        said = ask(Lake(root), f'select distinct provenance from "{name}"')["provenance"].tolist()
        assert said in ([], ["simulated"]), name


def test_materialisations_carry_what_a_person_asks(finished: Finished) -> None:
    wanted = dg.AssetRecordsFilter(dg.AssetKey("tme_phenotypes"), asset_partitions=["reference"])
    materialization = finished[0].instance.fetch_materializations(wanted, limit=1).records[0].asset_materialization
    metadata = {name: value.value for name, value in materialization.metadata.items()}
    assert metadata["dagster/row_count"] > 0
    assert metadata["reason"] == "first run"
    assert metadata["new"] == metadata["dagster/row_count"]
    assert {"changed", "unchanged", "removed", "table_version", "content_hash", "columns", "dagster/uri"} <= set(
        metadata
    )
    assert materialization.tags["dagster/data_version"] == metadata["content_hash"]


def test_model_and_materialisation_point_at_each_other(finished: Finished) -> None:
    platform = finished[0]
    row = platform.workspace.lake.read(SIGNATURE).iloc[0]
    tracker = platform.workspace.tracker
    (record,) = tracker.versions()
    assert (record.content_key, record.run_id) == (row["content_key"], row["mlflow_run_id"])
    assert tracker.aliases() == {"challenger": record.version}, "random labels: the rule refuses, and says why"
    assert "calibration_slope" in tracker.promotion(record)
    event = platform.instance.get_latest_materialization_event(dg.AssetKey("signature"))
    assert event.asset_materialization.metadata["mlflow_run"].value.endswith(f"/runs/{record.run_id}")
    summary = tracker.run_summary(record)
    assert summary["tags"]["dagster.run_id"] == event.run_id
    assert summary["tags"]["tme.provenance"] == "simulated"
    versions = json.loads(summary["tags"]["tme.table_versions"])
    assert set(versions) == {"signature_patients", "agreed_features"}
    assert any(name.startswith("mri.validation.") for name in summary["metrics"])
    assert summary["metrics"]["n_patients"] == row["n_patients"]


def test_the_stored_model_gives_the_scores_in_the_table(finished: Finished) -> None:
    workspace = finished[0].workspace
    model = workspace.tracker.load(workspace.tracker.versions()[0])
    features = workspace.lake.read(RADIOMIC_FEATURES, "mri").set_index("patient_id")[list(model.feature_names_in_)]
    scores = workspace.lake.read(RAD_SCORES, "mri").set_index("patient_id")["rad_score"]
    again = pd.Series(model.predict_proba(features.loc[scores.index])[:, 1], index=scores.index, name="rad_score")
    pd.testing.assert_series_equal(scores, again)


def test_both_sides_of_the_split_are_there_and_apart(finished: Finished) -> None:
    split = finished[0].workspace.lake.read(COHORT_SPLIT, "mri")
    assert split["side"].value_counts().to_dict() == {"discovery": 30, "validation": 10}


@pytest.mark.parametrize(
    "wanted",
    [
        r"tables/.*\.parquet",
        r"tables/.*/_delta_log/.*\.json",
        r"tme\.duckdb",
        r"mlflow/mlflow\.db",
        r"mlflow/artifacts/.*",
        r"everything\.log",
    ],
)
def test_what_is_searched_for_a_person_is_there(finished: Finished, wanted: str) -> None:
    lake = Path(finished[0].workspace.lake_root)
    files = [path.relative_to(lake).as_posix() for path in lake.rglob("*") if path.is_file() and path.stat().st_size]
    assert any(re.fullmatch(wanted, file) for file in files)


def test_nothing_of_a_person_in_dicom_is_in_any_file_that_is_written(finished: Finished) -> None:
    """Names, dates and numbers are planted in every DICOM file of the cohort `scans`, good or broken."""
    workspace, instance = finished[0].workspace, finished[0].instance
    lake = Path(workspace.lake_root)
    assert len(workspace.lake.read(RADIOMIC_FEATURES, "scans")) == 5
    assert found_in(lake, SECRETS) == set()
    seen = {file.split("/")[0] for file, _ in found_in(lake, ["G3_uid", "Magneto", "scans"])}
    assert "tables" in seen, "what is there is found"
    runs = instance.get_runs()
    events = "\n".join([str(run) + entry.to_json() for run in runs for entry in instance.all_logs(run.run_id)])
    assert "image_acquisition" in events
    assert [secret for secret in SECRETS if secret in events] == []


def test_the_queries_of_the_documentation_answer(finished: Finished) -> None:
    page = DOCS / "queries.md"
    may_be_empty = blocks(page, "sql", "may be empty")
    assert 15 <= len(blocks(page, "sql")) > 3 * len(may_be_empty)
    for sql in blocks(page, "sql"):
        answer = ask(finished[0].workspace.lake, sql)
        assert len(answer) or sql in may_be_empty, sql
