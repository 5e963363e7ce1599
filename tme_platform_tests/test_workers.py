"""Worker processes end with the process that they work for, also if it is killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tme_platform_tests.support.killed import left_over, marked_environment, nothing_left, wait_for

POOL = """
import sys, time
from tme_platform.radiomics import ProcessPool

def work(seconds: float) -> None:
    open(sys.argv[1], "a").write("working\\n")
    time.sleep(seconds)

if __name__ == "__main__":
    pool = ProcessPool(2, preload=[])
    list(pool.map(work, [0.0, 600.0, 600.0]))
"""
JOBLIB = """
import sys, time
from tme_platform.signature.parallel import delayed, in_processes

def work(path: str, seconds: float) -> None:
    open(path, "a").write("working\\n")
    time.sleep(seconds)

if __name__ == "__main__":
    run = delayed(work)
    in_processes([run(sys.argv[1], seconds) for seconds in (0.0, 600.0, 600.0)], 2)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
@pytest.mark.parametrize("script", [POOL, JOBLIB], ids=["pool", "joblib"])
def test_workers_end_with_a_process_that_is_killed(script: str, tmp_path: Path) -> None:
    program, said, environment = tmp_path / "program.py", tmp_path / "said", marked_environment()
    program.write_text(script)
    said.touch()
    with nothing_left(environment):
        process = subprocess.Popen([sys.executable, program, said], env=environment, text=True)
        wait_for(lambda: said.read_text().count("working") == 3, "both workers work", process)
        assert len(left_over(environment)) >= 3
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        wait_for(lambda: not left_over(environment), "the workers have ended")
