"""What `tme ui` starts ends with it, whether it is asked to stop or killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from tme_platform.cli import ui
from tme_platform.lake.locks import locked
from tme_platform_tests.support.killed import left_over, marked_environment, nothing_left, wait_for
from tme_platform_tests.support.servers import free_port

OWNER = """
import os, sys, time
from pathlib import Path
from tme_platform.cli import ui
from tme_platform.cli.children import Children

folder = Path(sys.argv[1])
stubborn = "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); print(1, flush=True); time.sleep(600)"
starts_another = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {stubborn!r}])"
try:
    with ui._interrupted_by_signals(), Children() as children:
        for name in ("one", "two"):
            children.start(name, [sys.executable, "-c", starts_another], folder / name, os.environ)
        time.sleep(600)
except KeyboardInterrupt:
    sys.exit(7)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 7), (signal.SIGINT, 7), (signal.SIGHUP, 7), (signal.SIGKILL, -9)]
)
def test_children_and_what_they_start_end_with_their_owner(number: signal.Signals, code: int, tmp_path: Path) -> None:
    environment = marked_environment()
    with nothing_left(environment):
        owner = subprocess.Popen([sys.executable, "-c", OWNER, tmp_path], env=environment, text=True)
        logs = [tmp_path / "one", tmp_path / "two"]
        wait_for(lambda: all(log.exists() and log.read_text() for log in logs), "both have started", owner)
        assert len(left_over(environment)) >= 5
        os.kill(owner.pid, number)
        assert owner.wait(60) == code
        wait_for(lambda: not left_over(environment), "all have ended")


def test_a_second_ui_of_the_same_lake_is_refused(tmp_path: Path) -> None:
    with locked(tmp_path / "locks", "ui"), pytest.raises(ValueError, match="another `tme ui` serves this lake"):
        ui.serve(tmp_path, free_port(), free_port(), Console())
