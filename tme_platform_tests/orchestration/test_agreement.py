"""`tme status`, `tme run` and the sensor agree: ten kinds of change, each on a copy of a small study that has run.

Two of them take the whole graph, the others a part of it that has tables of every kind: of landing folders, images,
expression and phenotypes, with and without cohorts, and the one that collects what was rejected.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import dagster as dg
import numpy as np
import pandas as pd
import pytest

from tme_platform.orchestration.sensors import make_sensors
from tme_platform.orchestration.survey import survey
from tme_platform.steps import cohorts as cohort_steps
from tme_platform.steps.registry import STEPS
from tme_platform_tests.support.built import and_before
from tme_platform_tests.support.part_of_graph import graph_of
from tme_platform_tests.support.platform import Platform, copied_platform
from tme_platform_tests.support.small_study import declare, write_image

Part = tuple[str, str | None]


def nothing(platform: Platform) -> None:
    pass


def new_image(platform: Platform) -> None:
    folder = platform.workspace.landing / "images"
    write_image(folder, "I900", np.random.default_rng(9), radius=5)
    with (folder / "imaging.csv").open("a") as manifest:
        manifest.write("I900,images/I900.nii.gz,images/I900_mask.nii.gz\n")


def edited_value(platform: Platform) -> None:
    path = platform.workspace.landing / "reference" / "clinical.csv"
    clinical = pd.read_csv(path)
    clinical.loc[0, "days"] += 1000
    clinical.to_csv(path, index=False)


def removed_patient(platform: Platform) -> None:
    path = platform.workspace.landing / "mri" / "features.csv"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))


def new_cohort(platform: Platform) -> None:
    folder = platform.workspace.landing / "second"
    declare(folder, roles=["score_comparison"], clinical=[{"file": "clinical.csv", "patient_id": "id"}])
    (folder / "clinical.csv").write_text("id\nS1\nS2\n")


def broken_cohort_file(platform: Platform) -> None:
    (platform.workspace.landing / "images" / "cohort.yaml").write_text("title: [")


def changed_setting(platform: Platform) -> None:
    study = Path(platform.workspace.study_name)
    study.write_text(study.read_text().replace("patients: 2}", "patients: 1}"))


def being_copied(platform: Platform) -> None:
    edited_value(platform)
    (platform.workspace.landing / "reference" / ".copying").touch()


def changed_check(platform: Platform) -> None:
    study = Path(platform.workspace.study_name)
    study.write_text(study.read_text() + "checks: {max_rejected_share: 0.5}\n")


def raised_version(platform: Platform) -> None:
    platform.patch.setitem(STEPS, "survival_curves", replace(STEPS["survival_curves"], version="99"))


def failed_run(platform: Platform) -> None:
    path = platform.workspace.landing / "rna" / "expression.tsv"
    matrix = pd.read_csv(path, sep="\t", index_col=0)
    matrix.assign(R900=matrix["R000"].to_numpy()[::-1]).to_csv(path, sep="\t")

    def fail(*_: object) -> None:
        raise OSError("the disk is on fire")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cohort_steps, "read_log2_expression", fail)
        outcome, _ = platform.run()
    assert not outcome.success


CHANGES: dict[str, tuple[Callable[[Platform], None], set[Part]]] = {
    "nothing": (nothing, set()),
    "a new image": (new_image, {("cohort_files", "images")}),
    "an edited clinical value": (edited_value, {("cohort_files", "reference")}),
    "a removed patient": (removed_patient, {("cohort_files", "mri")}),
    "a new cohort": (new_cohort, {("cohort_files", "second"), ("cohorts", "second")}),
    "a broken cohort file": (broken_cohort_file, set()),
    "a cohort being copied": (being_copied, set()),
    "a changed setting": (changed_setting, {("ring_width_features", c) for c in ("images", "mri", "reference", "rna")}),
    "a changed check": (changed_check, {("rejected_inputs", c) for c in ("images", "mri", "reference", "rna")}),
    "a raised step version": (raised_version, {("survival_curves", c) for c in ("images", "mri", "reference", "rna")}),
    "a failed run": (failed_run, {("expression", "rna")}),
}


WHOLE_GRAPH = {"nothing", "a removed patient"}
PART = (
    *("cohorts", "ring_width", "survival_curves", "survival_tests", "cohort_table_one", "signature_patients"),
    "rejected_inputs",
)


def looked(platform: Platform) -> list[dg.RunRequest]:
    """What the sensor requests once landing folders have settled."""
    (keep_up,) = [sensor for sensor in make_sensors() if sensor.name == "keep_up"]
    first = keep_up(dg.build_sensor_context(instance=platform.instance), workspace=platform.workspace)
    settled = json.dumps({"stamps": json.loads(first.cursor)["stamps"]})
    context = dg.build_sensor_context(instance=platform.instance, cursor=settled)
    return list(keep_up(context, workspace=platform.workspace).run_requests or [])


@pytest.mark.parametrize("change", list(CHANGES))
def test_status_run_and_sensor_agree(
    small_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    platform = copied_platform(small_run, tmp_path)
    platform.patch = monkeypatch
    with graph_of(STEPS if change in WHOLE_GRAPH else and_before(PART)):
        agree(platform, *CHANGES[change])


def agree(platform: Platform, make: Callable[[Platform], None], first: set[Part]) -> None:
    """The plan before, what is requested, what is built and the plan after say the same."""
    make(platform)
    found = survey(platform.workspace, platform.instance)
    plan = found.plan()
    late = {(one.asset, one.cohort) for one in plan.statuses if one.state != "current"}
    unreadable = {("cohorts", cohort) for cohort in found.unreadable}

    requested = {(key.to_user_string(), one.partition_key) for one in looked(platform) for key in one.asset_selection}
    assert requested == {(asset, run.cohort) for run in plan.next_wave for asset in run.assets}
    assert first <= requested <= late
    own = {(one.asset, one.cohort) for one in plan.statuses if one.state != "current" and not one.waiting_for}
    refused = {**found.unreadable, **found.copied}
    assert {(asset, c) for asset, c in own if c not in refused} <= set(map(tuple, plan.parts))

    outcome, recorded = platform.run()
    built = set(recorded.made())
    assert first <= built <= set(map(tuple, plan.parts)), "a run builds no more than the plan says"
    assert {(one.asset, one.cohort) for one in outcome.failures} == unreadable
    assert outcome.waiting == found.copied
    left = survey(platform.workspace, platform.instance).plan()
    assert left.waves == (), "and leaves nothing to do"
    assert looked(platform) == []
