"""`tme score` and `tme check` on headers that name other files: nothing of these is read, and the message says so."""

from types import SimpleNamespace
from unittest import mock

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from typer.testing import CliRunner

from tme_platform.cli.app import app
from tme_platform.cohorts import check_cohort
from tme_platform.imaging import ImagingError
from tme_platform_tests.imaging.conftest import as_image
from tme_platform_tests.imaging.test_landed_headers import SECRET, SHAPE, TRICKS

COHORT = """title: T
roles: [imaging_methods]
provenance: {kind: simulated, source: s, licence: l}
imaging: {}
"""


@pytest.fixture
def landing(tmp_path):
    """A landing folder beside the files that nobody is to read."""
    folder, outside = tmp_path / "landing" / "small", tmp_path / "outside"
    folder.mkdir(parents=True)
    outside.mkdir()
    for name in ("secret.raw", "s001.raw"):
        (outside / name).write_bytes(bytes(range(SECRET, SECRET + 60)))
    (folder.parent / "secret.raw").write_bytes(bytes(range(SECRET, SECRET + 60)))
    (folder / "link.raw").symlink_to(outside / "secret.raw")
    (folder / "linked").symlink_to(outside)
    sitk.WriteImage(as_image(np.arange(60, dtype="float32").reshape(SHAPE)), str(folder / "good.nii.gz"))
    return folder


def _write(folder, trick):
    suffix, text = TRICKS[trick]
    outside = folder.parent.parent / "outside"
    path = folder / f"a{suffix}"
    path.write_text(text.format(secret=outside / "secret.raw", folder=outside), newline="")
    return path


@pytest.mark.parametrize("option", ["--image", "--mask"])
@pytest.mark.parametrize("trick", TRICKS)
def test_a_score_refuses_them(landing, tmp_path, monkeypatch, trick, option):
    model = SimpleNamespace(harmonisation=None, training_geometry=None)
    monkeypatch.setattr("tme_platform.tracking.scoring_model.load_scoring_model", lambda *_: model)
    monkeypatch.setattr("tme_platform.tracking.open_tracker", lambda *_: None)
    monkeypatch.setattr("tme_platform.tracking.registered.open_registry", lambda *_: mock.Mock())
    for name in ("TME_LAKE", "TME_STATE", "TME_LANDING", "TME_STUDY", "TME_BACKEND"):
        monkeypatch.setenv(name, "")
    files = {"--image": str(landing / "good.nii.gz"), "--mask": str(landing / "good.nii.gz")}
    files[option] = str(_write(landing, trick))
    words = ["score", "--model", "1", *(x for p in files.items() for x in p)]
    found = CliRunner().invoke(app, ["--lake", str(tmp_path / "lake"), *words])
    assert found.exit_code == 1
    assert isinstance(found.exception, ImagingError), found.output
    assert found.exception.rule.endswith(("_unreadable", "_truncated"))
    assert "a." in found.exception.message
    assert "secret" not in found.exception.message


@pytest.mark.parametrize("trick", TRICKS)
def test_a_check_hashes_none_of_what_they_name(landing, trick):
    path = _write(landing, trick)
    (landing / "cohort.yaml").write_text(COHORT)
    (landing / "imaging.csv").write_text(f"patient_id,image,mask\nP1,{path.name},good.nii.gz\n")
    hashes = []
    for content in (bytes(60), bytes(range(60))):
        for secret in landing.parent.parent.rglob("*.raw"):
            if not secret.is_symlink():
                secret.write_bytes(content)
        outlines = check_cohort(landing).content.outlines
        hashes.append(outlines["image_sha256"].item())
    assert hashes[0] == hashes[1]
