"""What commands and Dagster's code server write is for its owner only."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tme_platform.environment import keep_private
from tme_platform_tests.support.small_study import make_study

MAIN = "from tme_platform.cli.app import main; main()"


def modes(folder: Path) -> set[int]:
    """Modes of everything in a folder, without landing folders, which are the operator's."""
    return {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if not path.is_symlink()}


def run(workspace, **variables):
    command = [sys.executable, "-c", MAIN, "--lake", workspace.lake_root, "--landing", workspace.landing_root]
    command += ["--study", workspace.study_name, "run", "--cohort", "mri", "--select", "key:cohort_files"]
    environment = {name: text for name, text in os.environ.items() if not name.startswith(("TME_", "DAGSTER_"))}
    before = os.umask(0o022)
    try:
        return subprocess.run(command, capture_output=True, text=True, env=environment | variables, check=False)
    finally:
        os.umask(before)


def test_a_run_leaves_nothing_that_others_can_read(tmp_path):
    workspace = make_study(tmp_path, patients=6, imaged=0)
    lake = Path(workspace.lake_root)
    lake.chmod(0o755)
    (lake / "mlflow" / "mlflow.db").unlink()
    (lake / "mlflow").rmdir()
    found = run(workspace)
    assert found.returncode == 0, found.stderr
    assert stat.S_IMODE(lake.stat().st_mode) == 0o700
    assert "could enter" in found.stderr
    assert modes(lake) == {0o600, 0o700}
    assert "could enter" not in run(workspace).stderr


def test_a_group_can_share_a_lake(tmp_path):
    workspace = make_study(tmp_path, patients=6, imaged=0)
    Path(workspace.lake_root).chmod(0o750)
    found = run(workspace, TME_UMASK="027")
    assert found.returncode == 0, found.stderr
    assert "could enter" not in found.stderr
    assert stat.S_IMODE((Path(workspace.lake_root) / "tables").stat().st_mode) == 0o750


@pytest.mark.parametrize("given", ["777", "8", "rw", "-1"])
def test_a_mask_that_opens_nothing_or_is_no_number_is_refused(monkeypatch, given):
    monkeypatch.setenv("TME_UMASK", given)
    before = os.umask(0o022)
    try:
        with pytest.raises(ValueError, match="TME_UMASK"):
            keep_private()
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(before)


def test_the_code_server_keeps_private_what_its_runs_write():
    shown = "import os, tme_platform.definitions; print(oct(os.umask(0)))"
    environment = {name: text for name, text in os.environ.items() if not name.startswith("TME_")}
    found = subprocess.run([sys.executable, "-c", shown], capture_output=True, text=True, env=environment, check=True)
    assert found.stdout.strip() == "0o77"
