"""A command that is stopped ends with a sentence, and at the second signal at once."""

import signal
import subprocess
import sys
import time

import pytest

from tme_platform.stopping import stoppable

STUBBORN = """
import signal, sys, time
from tme_platform.stopping import stoppable

with stoppable() as stop:
    for turn in range(600):
        try:
            if not turn:
                print("ready", flush=True)
            time.sleep(1)
        except KeyboardInterrupt:
            print("heard", flush=True)
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_is_an_interrupt_that_says_which(number: signal.Signals, code: int) -> None:
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), stoppable() as stop:  # noqa: PT012 (the signal comes when it comes)
        assert not stop()
        signal.raise_signal(number)
        time.sleep(60)
    assert (stop(), stop.exit_code) == (True, code)
    assert signal.getsignal(number) is before


def test_it_is_heard_where_a_library_has_a_handler_of_its_own() -> None:
    with stoppable() as stop:
        before = signal.signal(signal.SIGTERM, lambda *_: None)
        signal.raise_signal(signal.SIGTERM)
        signal.signal(signal.SIGTERM, before)
    assert stop()


def test_the_second_signal_ends_at_once() -> None:
    with subprocess.Popen([sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.stdout.readline() == "heard\n"
        time.sleep(0.6)  # what follows sooner is taken for the same signal
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 143
