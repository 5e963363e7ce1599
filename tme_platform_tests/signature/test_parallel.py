"""The executor that everything shares that fits models by the hundred."""

import os
import signal

import numpy as np
import pytest

from tme_platform.signature.parallel import WorkerDiedError, delayed, in_processes
from tme_platform.signature.search import fit_first


def _draw(seed):
    return np.random.default_rng(seed).normal(), os.getpid()


def _end_this_process():
    os.kill(os.getpid(), signal.SIGKILL)


def _fail():
    raise ValueError("too few patients")


def _scores(x, hot, settings):
    return fit_first(x, hot, settings).predict_proba(x)[:, 1]


def test_results_are_in_order_and_the_same_for_any_number_of_processes():
    calls = [delayed(_draw)(seed) for seed in range(12)]
    alone, together = in_processes(calls, 1), in_processes(calls, 2)
    assert [value for value, _ in alone] == [value for value, _ in together]
    assert {process for _, process in alone} == {os.getpid()}
    assert os.getpid() not in {process for _, process in together}


@pytest.mark.parametrize("model", ["random_forest", "ridge", "gradient_boosting"])
def test_models_fitted_in_a_process_have_the_same_bits(cohort, quick, model):
    features, labels = cohort
    x, hot = features.fillna(0.0).to_numpy(), (labels == "hot").to_numpy()
    calls = [delayed(_scores)(x, hot, quick.model_copy(update={"model": model}))] * 3
    for found, expected in zip(in_processes(calls, 2), in_processes(calls, 1), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_processes_are_kept_for_the_next_calls():
    calls = [delayed(_draw)(seed) for seed in range(8)]
    before, after = ({process for _, process in in_processes(calls, 2)} for _ in range(2))
    assert before & after


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_progress_is_counted(n_jobs):
    reported = []
    in_processes([delayed(_draw)(seed) for seed in range(5)], n_jobs, lambda done, of: reported.append((done, of)))
    assert reported == [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]


def test_killed_process_is_one_clear_error_and_the_next_calls_work():
    calls = [delayed(_draw)(1), delayed(_end_this_process)(), delayed(_draw)(2)]
    with pytest.raises(WorkerDiedError, match=r"memory ran out.*TME_WORKERS"):
        in_processes(calls, 2)
    assert len(in_processes([delayed(_draw)(seed) for seed in range(4)], 2)) == 4


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_error_of_a_call_is_raised_as_it_is(n_jobs):
    with pytest.raises(ValueError, match="too few patients"):
        in_processes([delayed(_fail)()], n_jobs)
