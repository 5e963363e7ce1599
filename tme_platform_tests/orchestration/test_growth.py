"""What a second run does: nothing if nothing changed, otherwise only what depends on the change."""

import json
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import numpy as np
import pandas as pd
import pytest

from tme_platform.cli.models import differences
from tme_platform.expression import gene_set_path
from tme_platform.orchestration.sensors import make_sensors
from tme_platform.orchestration.survey import survey
from tme_platform.steps import cohorts as cohort_steps
from tme_platform.steps.registry import STEPS
from tme_platform.steps.reproduce import reproduce
from tme_platform.tables import TABLES
from tme_platform.tables.cohorts import PATIENTS
from tme_platform.tables.expression import CELL_SCORE_RANGES, CELL_SCORES, POPULATIONS
from tme_platform.tables.phenotypes import PHENOTYPE_MODEL, TME_PHENOTYPES
from tme_platform.tables.radiomics import RADIOMIC_FEATURES
from tme_platform.tables.rejected import REJECTED_INPUTS
from tme_platform.tables.signature import COHORT_SPLIT, RAD_SCORES, SIGNATURE_PATIENTS, SIGNATURE_REVIEW
from tme_platform.tables.survival import SURVIVAL_CURVES
from tme_platform_tests.support import what_runs
from tme_platform_tests.support.part_of_graph import graph_of
from tme_platform_tests.support.platform import Platform, Recorded, copied_platform
from tme_platform_tests.support.small_study import declare, write_image
from tme_platform_tests.support.what_runs import CHANGES

LEAVES = {"study_report", "phenotype_specifications"}
"""They read nearly everything, so that every change would rebuild them, and no other table rests on them.

`test_agreement.py` has changes with them, and `test_lost_models.py`.
"""


@pytest.fixture(scope="module", autouse=True)
def _without_leaves(small_run: Path) -> Iterator[None]:  # which was made with them
    others = [step for name, step in STEPS.items() if name not in LEAVES]
    assert not LEAVES & {table.name for step in others for table in step.all_reads}
    with graph_of(STEPS.keys() - LEAVES):
        yield


@pytest.fixture
def platform(small_run: Path, tmp_path: Path) -> Platform:
    """A small study that has run, for this test to change and to run again."""
    return copied_platform(small_run, tmp_path)


@pytest.fixture(scope="module")
def grown(small_run: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Platform, Platform]:
    """A small study before and after ten patients with scores and features came to its 40. Read only."""
    before, after = (copied_platform(small_run, tmp_path_factory.mktemp(name)) for name in ("before", "grown"))
    for cohort, file, separator in (("mri", "features.csv", ","), ("reference", "scores.tsv", "\t")):
        path = landing(after, cohort) / file
        table = pd.read_csv(path, sep=separator, float_precision="round_trip")
        added = table.head(10).assign(patient_id=[f"N{n:03d}" for n in range(10)])
        numbers = added.select_dtypes("float").columns
        added[numbers] *= 1.01  # not the same data under two names
        more = pd.concat([table, added])
        more.to_csv(path, sep=separator, index=False)
    outcome, _ = after.run()
    assert outcome.success, outcome.failures
    return before, after


def landing(platform: Platform, cohort: str) -> Path:
    return platform.workspace.landing / cohort


def check_change(change: str, platform: Platform, recorded: Recorded) -> None:
    """What was built is what the page says, and no more; each materialisation says how much and why."""
    expected, made = CHANGES[change], recorded.made()
    names = {asset for asset, _ in made}
    assert {cohort for _, cohort in made if cohort} == set(expected.cohorts)
    assert set(expected.runs) <= names
    assert not set(expected.still) & names
    lake, instance = platform.workspace.lake, platform.instance
    assert len(platform.workspace.tracker.versions()) - 1 == expected.models
    for table, counts in expected.counts.items():
        state = lake.state(TABLES[table], expected.cohorts[0])
        assert tuple(state.changes[name] for name in ("new", "changed", "unchanged", "removed")) == counts, table
        wanted = dg.AssetRecordsFilter(dg.AssetKey(table), asset_partitions=[expected.cohorts[0]])
        event = instance.fetch_materializations(wanted, limit=1).records[0].asset_materialization
        shown = {name: event.metadata[name].value for name in ("new", "changed", "unchanged", "removed", "reason")}
        assert tuple(shown.values()) == (*counts, state.reason)
        assert state.reason.startswith(("changed: ", "first run", "step version"))


def broken(*_: object) -> None:
    raise OSError("the disk is on fire")


def tick(platform: Platform) -> dg.SensorResult:
    """The second look of the sensor: landing folders have settled."""
    (keep_up,) = [sensor for sensor in make_sensors() if sensor.name == "keep_up"]
    first = keep_up(dg.build_sensor_context(instance=platform.instance), workspace=platform.workspace)
    stamps = json.loads(first.cursor)["stamps"]
    settled = json.dumps({"stamps": stamps, "since": dict.fromkeys(stamps, 0.0)})
    context = dg.build_sensor_context(instance=platform.instance, cursor=settled)
    return keep_up(context, workspace=platform.workspace)


def test_the_page_lists_what_is_tested() -> None:
    page = Path(__file__).parents[2] / "docs" / "what_runs.md"
    assert page.read_text(encoding="utf-8") == what_runs.page(), "write what_runs.page() into it"


def test_nothing_changed_computes_nothing(platform: Platform) -> None:
    before = platform.workspace.tracker.versions()
    outcome, recorded = platform.run()
    assert outcome.success
    check_change("nothing", platform, recorded)
    assert recorded.made() == []
    assert outcome.runs == 0
    assert platform.workspace.tracker.versions() == before
    found = survey(platform.workspace, platform.instance).plan().statuses
    assert {one.state for one in found} == {"current"}
    assert len(found) == len({(one.asset, one.cohort) for one in found}) > len(TABLES)


def test_adding_a_patient_extracts_one_outline(platform: Platform) -> None:
    folder = landing(platform, "images")
    write_image(folder, "I900", np.random.default_rng(9), radius=5)
    with (folder / "imaging.csv").open("a") as manifest:
        manifest.write("I900,images/I900.nii.gz,images/I900_mask.nii.gz\n")
    before = platform.workspace.lake.read(RADIOMIC_FEATURES, "images").set_index("patient_id")
    outcome, recorded = platform.run()
    assert outcome.success, outcome.failures
    state = platform.workspace.lake.state(RADIOMIC_FEATURES, "images")
    assert state.details["extracted_now"] == 1
    assert state.changes == {"new": 1, "changed": 0, "unchanged": 3, "removed": 0}
    assert "table imaging_series of images" in state.reason
    after = platform.workspace.lake.read(RADIOMIC_FEATURES, "images").set_index("patient_id")
    pd.testing.assert_frame_equal(after.loc[before.index], before)
    check_change("image", platform, recorded)


def test_editing_a_mask_extracts_one_outline(platform: Platform) -> None:
    folder = landing(platform, "images")
    write_image(folder, "I001", np.random.default_rng(1), radius=4)
    _, recorded = platform.run()
    check_change("mask", platform, recorded)
    state = platform.workspace.lake.state(RADIOMIC_FEATURES, "images")
    assert state.details["extracted_now"] == 1
    assert state.changes["changed"] == 1


def test_editing_a_clinical_value_rebuilds_what_reads_it(platform: Platform) -> None:
    path = landing(platform, "reference") / "clinical.csv"
    clinical = pd.read_csv(path)
    clinical.loc[0, "days"] += 1000
    clinical.to_csv(path, index=False)
    found = {(one.asset, one.cohort): one for one in survey(platform.workspace, platform.instance).plan().statuses}
    first = found["cohort_files", "reference"]
    assert (first.state, first.reason, first.waiting_for) == ("stale", "changed: landing folder of reference", ())
    assert found["patients", "reference"].waiting_for == ("cohort_files",)
    assert found["cohort_files", "mri"].state == found["radiomic_features", "images"].state == "current"
    outcome, recorded = platform.run()
    assert outcome.success
    check_change("clinical_value", platform, recorded)


def test_adding_a_clinical_row_changes_no_score(platform: Platform) -> None:
    with (landing(platform, "reference") / "clinical.csv").open("a") as clinical:
        clinical.write("P900,61,800,0,H1,pos,,,\n")
    _, recorded = platform.run()
    check_change("clinical_patient", platform, recorded)


def test_a_failed_part_is_requested_at_the_next_look(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """A patient is added to the expression matrix, and the first run fails."""
    path = landing(platform, "rna") / "expression.tsv"
    matrix = pd.read_csv(path, sep="\t", index_col=0)
    before = platform.workspace.lake.read(CELL_SCORES, "rna")
    matrix.assign(R900=matrix["R000"].to_numpy()[::-1]).to_csv(path, sep="\t")
    with monkeypatch.context() as patch:
        patch.setattr(cohort_steps, "read_log2_expression", broken)
        outcome, _ = platform.run()
    assert [(failure.asset, failure.cohort) for failure in outcome.failures] == [("expression", "rna")]
    found = {(one.asset, one.cohort): one for one in survey(platform.workspace, platform.instance).plan().statuses}
    assert found["expression", "rna"].state == "failed"
    assert "the disk is on fire" in found["expression", "rna"].reason
    assert found["cell_scores", "rna"].waiting_for == ("expression", "expression_quality")
    (request,) = tick(platform).run_requests
    assert request.partition_key == "rna"
    assert request.asset_selection[0] == dg.AssetKey("expression")
    outcome, recorded = platform.run()
    assert outcome.success, outcome.failures
    recorded.lines.append(("cohort_files", "rna", "built by the run that failed"))
    check_change("expression", platform, recorded)
    after = platform.workspace.lake.read(CELL_SCORES, "rna").query("patient_id != 'R900'")
    pd.testing.assert_frame_equal(after.reset_index(drop=True), before)
    assert tick(platform).run_requests == []


def test_a_change_during_a_run_is_requested_at_the_next_look(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = landing(platform, "rna")
    clinical = (folder / "clinical.csv").read_text()
    read = cohort_steps.read_clinical

    def read_while_another_process_writes(*arguments: object) -> object:
        found = read(*arguments)
        (folder / "clinical.csv").write_text(clinical + "R901,500,1\n")
        platform.run(cohorts=["rna"], select="cohort_files")  # a run of the sensor, meanwhile
        return found

    (folder / "clinical.csv").write_text(clinical + "R900,400,1\n")
    with monkeypatch.context() as patch:
        patch.setattr(cohort_steps, "read_clinical", read_while_another_process_writes)
        platform.run(cohorts=["rna"], select='key:"cohort_files" or key:"patients"')
    assert "R901" not in set(platform.workspace.lake.read(PATIENTS, "rna")["patient_id"])
    asked = {key.to_user_string() for request in tick(platform).run_requests for key in request.asset_selection}
    assert "patients" in asked
    (folder / "clinical.csv").write_text(clinical)
    assert platform.run(cohorts=["rna"], select='key:"cohort_files" or key:"patients"')[0].success


def test_growing_keeps_every_patient_on_their_side(grown: tuple[Platform, Platform]) -> None:
    first, last = (platform.workspace.lake for platform in grown)
    before, after = (lake.read(COHORT_SPLIT, "mri").set_index("patient_id")["side"] for lake in (first, last))
    pd.testing.assert_series_equal(after.loc[before.index], before)
    assert len(after) == len(before) + 10
    assert last.state(TME_PHENOTYPES, "reference").details["patients_moved"] == 0
    before, after = (
        lake.read(TME_PHENOTYPES, "reference").set_index("patient_id")["phenotype"] for lake in (first, last)
    )
    pd.testing.assert_series_equal(after.loc[before.index], before)
    assert len(grown[1].workspace.tracker.versions()) == 2, "another training table is another model"


def test_versions_are_compared_and_the_first_is_reproduced(grown: tuple[Platform, Platform]) -> None:
    tracker, lake = grown[1].workspace.tracker, grown[1].workspace.lake
    first, last = tracker.versions()
    said = "\n".join(
        differences(tracker, first, last, {one.version: tracker.run_summary(one) for one in (first, last)})
    )
    assert "patients new, 0 gone" in said
    assert "settings: the same" in said
    assert "paired, within folds" in said
    reviewed = lake.read(SIGNATURE_REVIEW)
    assert set(reviewed["model_version"]) == {last.version}
    assert tracker.promotion(last).startswith(("refused", "promoted"))
    again = reproduce(tracker, lake, first)
    assert again.identical, again.differences
    assert again.n_patients < tracker.run_summary(last)["metrics"]["n_patients"]
    assert again.tables["signature_patients"] < lake.state(SIGNATURE_PATIENTS).version


def test_a_reproduction_reports_differences(grown: tuple[Platform, Platform], monkeypatch: pytest.MonkeyPatch) -> None:
    tracker, lake = grown[0].workspace.tracker, grown[0].workspace.lake
    first = tracker.versions()[0]
    settings = tracker.read_document(first, "settings") | {"seed": 5}
    monkeypatch.setattr(type(tracker), "read_document", lambda *_: settings)
    again = reproduce(tracker, lake, first)
    assert not again.identical
    assert any(line.startswith("the content key is") for line in again.differences)


def test_labels_from_another_cohorts_model_need_no_refit(platform: Platform) -> None:
    source, folder = landing(platform, "rna"), landing(platform, "second")
    matrix = pd.read_csv(source / "expression.tsv", sep="\t", index_col=0).iloc[:, :5]
    declare(
        folder,
        roles=["score_comparison"],
        expression={"file": "expression.tsv", "unit": "log2_tpm"},
        phenotypes={"by": "model", "cohort": "rna"},
    )
    matrix.to_csv(folder / "expression.tsv", sep="\t")
    version = platform.workspace.lake.state(PHENOTYPE_MODEL, "rna").version
    outcome, recorded = platform.run()
    assert outcome.success, outcome.failures
    check_change("new_cohort", platform, recorded)
    lake = platform.workspace.lake
    assert lake.state(PHENOTYPE_MODEL, "rna").version == version
    assert lake.read(PHENOTYPE_MODEL, "second").empty
    own, model = (lake.read(TME_PHENOTYPES, name).set_index("patient_id") for name in ("second", "rna"))
    pd.testing.assert_series_equal(own["phenotype"], model.loc[own.index, "phenotype"])
    assert (own["method"] == "model").all()
    frozen, spanning = (lake.read(CELL_SCORE_RANGES, name).iloc[0] for name in ("second", "rna"))
    assert frozen["range_cohort"] == "rna"
    assert (frozen["low"], frozen["high"]) == (spanning["low"], spanning["high"])


def test_changing_the_gene_sets_rebuilds_the_scores(platform: Platform) -> None:
    sets = Path(platform.workspace.study_name).parent / "ours.gmt"
    lines = gene_set_path("tme24").read_text().splitlines()
    sets.write_text("\n".join(lines[:20]) + "\n")
    study = Path(platform.workspace.study_name)
    study.write_text(study.read_text() + f"gene_sets: {{collection: {sets}}}\n")
    outcome, recorded = platform.run(select="expression_quality or cell_scores")
    assert outcome.success, outcome.failures
    assert {asset for asset, _ in recorded.made()} == {"expression_quality", "cell_scores"}, "only what was selected"
    outcome, rest = platform.run()
    assert outcome.success, outcome.failures
    recorded.lines += rest.lines
    check_change("gene_sets", platform, recorded)
    assert len(platform.workspace.lake.read(POPULATIONS, "rna")) == 20
    sets.write_text("\n".join(lines[:19]) + "\n")
    platform.run(cohorts=["rna"], select="populations")
    assert len(platform.workspace.lake.read(POPULATIONS, "rna")) == 19, "its content counts, not its name"


def test_a_changed_setting_is_named_as_the_reason(platform: Platform) -> None:
    path = Path(platform.workspace.study_name)
    path.write_text(path.read_text().replace("image_types: [Original]", "image_types: [Original], bin_width: 10"))
    platform.run(cohorts=["images"], select="radiomic_features")
    state = platform.workspace.lake.state(RADIOMIC_FEATURES, "images")
    assert state.reason == "changed: setting extraction"
    assert state.details["extracted_now"] == 3


def test_what_runs_after_a_changed_setting(platform: Platform) -> None:
    path = Path(platform.workspace.study_name)
    path.write_text(path.read_text().replace("patients: 2}", "patients: 1}"))
    _, recorded = platform.run()
    check_change("setting", platform, recorded)


def test_a_raised_step_version_is_named_as_the_reason(platform: Platform) -> None:
    """The lake as a release would have left it whose `survival_curves` had another version."""
    lake = platform.workspace.lake
    state, rows = lake.state(SURVIVAL_CURVES, "rna"), lake.read(SURVIVAL_CURVES, "rna")
    lake.commit(
        SURVIVAL_CURVES,
        rows.drop(columns=["cohort", "provenance"]),
        cohort="rna",
        provenance="simulated",
        code_version="0",
        reads=state.reads,
        reason=state.reason,
    )
    _, recorded = platform.run(cohorts=["rna"])
    check_change("code_version", platform, recorded)
    assert lake.state(SURVIVAL_CURVES, "rna").reason.startswith("step version")
    assert platform.run(cohorts=["rna"])[1].made() == []


def test_a_removed_patient_leaves_every_table(platform: Platform) -> None:
    manifest = landing(platform, "images") / "imaging.csv"
    manifest.write_text("".join(line for line in manifest.read_text().splitlines(True) if not line.startswith("I001,")))
    _, recorded = platform.run()
    check_change("removed", platform, recorded)
    lake = platform.workspace.lake
    for name, schema in TABLES.items():
        if "patient_id" in schema.key and schema.per_cohort:
            assert "I001" not in set(lake.read(schema, "images")["patient_id"]), name


def test_a_patient_added_to_a_feature_table_is_scored(platform: Platform) -> None:
    path = landing(platform, "mri") / "features.csv"
    table = pd.read_csv(path, float_precision="round_trip")
    pd.concat([table, table.head(1).assign(patient_id="N000")]).to_csv(path, index=False)
    _, recorded = platform.run()
    check_change("features", platform, recorded)
    scored = platform.workspace.lake.read(RAD_SCORES, "mri").set_index("patient_id")["rad_score"]
    assert scored["N000"] == scored[table["patient_id"].iloc[0]]


def test_a_full_rebuild_keeps_every_patient_on_their_side(platform: Platform) -> None:
    before = platform.workspace.lake.read(COHORT_SPLIT, "mri")
    outcome, _ = platform.run(cohorts=["mri"], select="cohort_split", refresh="all")
    assert outcome.success
    assert outcome.runs == 1
    pd.testing.assert_frame_equal(platform.workspace.lake.read(COHORT_SPLIT, "mri"), before)


def test_a_bad_image_is_rejected_and_the_rest_is_built(platform: Platform) -> None:
    folder = landing(platform, "images")
    (folder / "images" / "I002.nii.gz").write_bytes(b"not an image")
    outcome, _ = platform.run(cohorts=["images"], select='+key:"radiomic_features" or key:"rejected_inputs"')
    assert outcome.success, outcome.failures
    rejected = platform.workspace.lake.read(REJECTED_INPUTS, "images")
    row = rejected[rejected["patient_id"] == "I002"].iloc[0]
    names = platform.workspace.world().path_names("images")
    assert names.relative(row["file"]) == "images/I002.nii.gz"
    assert row["file"] in row["message"]
    assert row["action"] == "outline left out"
    assert row["step"] == "image_regions"
    assert len(row["message"]) > 20
    assert set(platform.workspace.lake.read(RADIOMIC_FEATURES, "images")["patient_id"]) == {"I000", "I001"}


def test_a_broken_cohort_file_fails_its_cohort_and_loses_nothing(platform: Platform) -> None:
    path = landing(platform, "images") / "cohort.yaml"
    whole = path.read_text()
    path.write_text("title: [")
    rows = len(platform.workspace.lake.read(RADIOMIC_FEATURES, "images"))
    outcome, recorded = platform.run()
    assert [(failure.asset, failure.cohort) for failure in outcome.failures] == [("cohorts", "images")]
    assert "cohort.yaml" in outcome.failures[0].message
    assert recorded.made() == [], "other cohorts, and tables of all cohorts, are unchanged"
    assert len(platform.workspace.lake.read(RADIOMIC_FEATURES, "images")) == rows
    path.write_text(whole)
    assert platform.run()[0].success


def test_a_new_cohort_with_a_broken_file_is_reported(platform: Platform) -> None:
    folder = landing(platform, "later")
    folder.mkdir()
    (folder / "cohort.yaml").write_text("titel: mistyped")
    outcome, recorded = platform.run()
    assert [(failure.asset, failure.cohort) for failure in outcome.failures] == [("cohorts", "later")]
    assert recorded.made() == []
    (folder / "cohort.yaml").unlink()
