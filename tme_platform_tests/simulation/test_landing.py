"""The simulated study as landing folders: contents, growth, DICOM and refusals."""

from pathlib import Path

import pandas as pd
import pytest
import SimpleITK as sitk  # noqa: N813
import yaml
from typer.testing import CliRunner

from tme_platform.cli.app import app
from tme_platform.cohorts import check_cohort, list_cohorts, list_files
from tme_platform.imaging import read_mask, read_series
from tme_platform.simulation import COHORTS, Simulation, SimulationError, grown_sizes, simulate_image, write_study
from tme_platform.study import load_study

SIZES = {"sim_expression": 12, "sim_radiomics": 2, "sim_immune_phenotype": 2, "sim_immunotherapy": 2}
SETTINGS = Simulation(seed=3, dicom=("sim_immunotherapy",))


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All cohorts with a few patients. Read only."""
    landing = tmp_path_factory.mktemp("simulated")
    calls: list[tuple[str, int, int]] = []
    written = write_study(landing, SIZES, SETTINGS, workers=1, on_progress=lambda *args: calls.append(args))
    assert written == SIZES | {"sim_expression": 0}
    assert ("sim_radiomics", 2, 2) in calls
    return landing


def contents(folder: Path) -> dict[str, str]:
    files = list_files(folder)
    return dict(zip(files["file"], files["sha256"], strict=True))


def test_every_cohort_is_valid(study: Path) -> None:
    assert set(list_cohorts(study)) == {*COHORTS, "sim_truth"} == set(load_study("simulated").cohorts or ())
    for name in list_cohorts(study):
        report = check_cohort(study / name)
        assert report.problems == ()
        assert report.rejected.empty, report.rejected["message"].tolist()
    assert check_cohort(study / "sim_radiomics").counts["outlines"] == 8
    assert check_cohort(study / "sim_expression").counts["samples"] == 12


def test_every_cohort_is_marked_as_simulated(study: Path) -> None:
    for name in list_cohorts(study):
        declared = yaml.safe_load((study / name / "cohort.yaml").read_text())
        assert declared["provenance"]["kind"] == "simulated"
        assert declared["title"].startswith(("Simulated", "True abundances behind the simulated"))


def test_growth_keeps_existing_files_byte_for_byte(study: Path, tmp_path: Path) -> None:
    alone = {"sim_radiomics": 1, "sim_immunotherapy": 1}
    write_study(tmp_path, alone, SETTINGS, workers=1)
    before = {name: contents(tmp_path / name) for name in alone}
    sizes, settings = grown_sizes(tmp_path, {"sim_radiomics": 1, "sim_immunotherapy": 1})
    assert sizes == {"sim_radiomics": 2, "sim_immunotherapy": 2}
    assert write_study(tmp_path, sizes, settings, workers=1) == {"sim_radiomics": 1, "sim_immunotherapy": 1}
    for name in alone:
        after = contents(tmp_path / name)
        images = {file for file in before[name] if file.startswith("images/")}
        assert images
        assert all(after[file] == before[name][file] for file in images)
        assert after == contents(study / name)  # the same as when written at once
        for table in ("clinical.csv", "imaging.csv"):
            lines = (tmp_path / name / table).read_text()
            assert lines.startswith((study / name / table).read_text()[:80])
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
    assert write_study(tmp_path, sizes, settings, workers=1) == {"sim_radiomics": 0, "sim_immunotherapy": 0}


def test_dicom_round_trip(study: Path) -> None:
    folder = study / "sim_immunotherapy"
    row = pd.read_csv(folder / "imaging.csv").iloc[0]
    truth = pd.read_csv(folder / "clinical.csv", index_col="patient_id").loc[row["patient_id"]]
    simulated = simulate_image(
        3, "sim_immunotherapy", 1, latent=truth["simulated_image_latent"], scanner=truth["scanner"]
    )
    image = read_series(folder / row["image"])
    mask = read_mask(folder / row["mask"], image, 1)
    assert image.GetSpacing() == pytest.approx(simulated.image.GetSpacing())
    assert image.GetOrigin() == pytest.approx(simulated.image.GetOrigin())
    assert (sitk.GetArrayFromImage(image) == sitk.GetArrayFromImage(simulated.image)).all()
    assert (sitk.GetArrayFromImage(mask) == sitk.GetArrayFromImage(simulated.outlines["R1", 1])).all()


def test_features_only_writes_tables_instead_of_images(tmp_path: Path) -> None:
    sizes = SIZES | {"sim_immune_phenotype": 30}
    write_study(tmp_path, sizes, Simulation(features_only=True), workers=1)
    report = check_cohort(tmp_path / "sim_immune_phenotype")
    assert report.ok
    assert report.rejected.empty
    assert report.counts["patients with features"] == 30
    assert not (tmp_path / "sim_immune_phenotype" / "images").exists()


def test_invalid_requests_are_refused(study: Path, tmp_path: Path, landing: Path) -> None:
    with pytest.raises(SimulationError, match="real cohort"):
        write_study(landing, {"sim_radiomics": 1}, SETTINGS)
    with pytest.raises(SimulationError, match="not a simulated cohort"):
        write_study(tmp_path, {"scanb": 1}, SETTINGS)
    with pytest.raises(SimulationError, match=r"effect 2.0 \(requested: 0.0\)"):
        write_study(study, {"sim_radiomics": 3}, Simulation(seed=3, effect=0.0), workers=1)
    with pytest.raises(SimulationError, match="already has 2 patients, more than the 1 requested"):
        write_study(study, {"sim_radiomics": 1}, SETTINGS)
    with pytest.raises(SimulationError, match="cannot grow"):
        grown_sizes(tmp_path, {"sim_radiomics": 1})


def test_command_writes_into_a_separate_lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("TME_LAKE", "TME_LANDING", "TME_STUDY", "TME_STATE"):
        monkeypatch.delenv(name, raising=False)
    sizes = ["--patients-scale", "0.001", "--size", "sim_expression=3", "--features-only", "--workers", "1"]
    found = CliRunner().invoke(app, ["simulate", *sizes])
    assert found.exit_code == 0, found.output
    assert "--study simulated" in found.output
    assert list_cohorts(tmp_path / "data_lake_simulated" / "landing")
    with pytest.raises(SimulationError, match="--replace"):
        CliRunner().invoke(app, ["simulate", "--effect", "0"], catch_exceptions=False)
    assert CliRunner().invoke(app, ["simulate", "--size", "sim_expression"]).exit_code == 2
