"""A local Dask cluster of two worker processes: equal rows, and behaviour when workers die."""

import os
import signal
import threading
import time

import dask
import pandas as pd
import pytest
from distributed import Client, LocalCluster

from tme_platform.radiomics import (
    BackendError,
    BatchOptions,
    ExtractionJob,
    InProcess,
    extract_many,
    make_backend,
)
from tme_platform.radiomics.dask_backend import DaskCluster, _Call
from tme_platform.radiomics.jobs import WorkerCrashError
from tme_platform.radiomics.versions import value_versions
from tme_platform_tests.radiomics.conftest import FEW, write_job


@pytest.fixture(scope="module")
def cluster():
    # two single-threaded processes, as started by `dask worker --nthreads 1`; a nanny replaces those that die
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0") as running,
    ):
        yield running


@pytest.fixture
def backend(cluster):
    return make_backend(cluster.scheduler_address.replace("tcp://", "dask://"))


@pytest.fixture(scope="module")
def jobs(small, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cohort")
    good = [write_job(folder, f"p{number}", *small, row_key=f"key{number}") for number in range(3)]
    return [good[0], ExtractionJob("missing", folder / "none.nii.gz", good[0].mask), *good[1:]]


def test_dask_equals_the_process_pool_exactly(jobs, backend):
    pooled = extract_many(jobs, FEW, options=BatchOptions(workers=2))
    spread = extract_many(jobs, FEW, options=BatchOptions(backend=backend))
    for one, other in zip(pooled, spread, strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)
    assert spread[1]["rule"].to_list() == ["image_missing"]


def test_worker_with_other_versions_is_refused(backend, cluster):
    with Client(cluster.scheduler_address, set_as_default=False) as client:
        other = _Call(abs, value_versions() | {"numpy": "0.0"})
        with pytest.raises(BackendError, match=r"other package versions \(numpy .* on the worker, 0\.0 here\)"):
            client.submit(other, -1).result()


def _slow(number):
    time.sleep(0.2)
    return number, os.getpid()


def test_killed_worker_loses_no_job(cluster, backend):
    with Client(cluster.scheduler_address, set_as_default=False) as client:
        first, _ = client.run(os.getpid).values()
    killer = threading.Timer(0.5, os.kill, (first, signal.SIGKILL))
    killer.start()
    found = dict(backend.map(_slow, list(range(12))))
    killer.join()
    assert {number: result[0] for number, result in found.items()} == {number: number for number in range(12)}
    assert len({result[1] for result in found.values()} - {first}) >= 1


def _dies_at_two(number):
    if number == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    if number == 4:
        raise OSError("raised by the job")
    return 10 * number


def test_only_the_job_that_kills_its_workers_fails(backend):
    found = dict(backend.map(_dies_at_two, list(range(6))))
    assert {n: r for n, r in found.items() if n not in (2, 4)} == {0: 0, 1: 10, 3: 30, 5: 50}
    assert isinstance(found[2], WorkerCrashError)
    assert str(found[4]) == "raised by the job"


def test_missing_scheduler_or_workers_raise():
    with pytest.raises(BackendError, match="no Dask scheduler answers"):
        list(DaskCluster("tcp://127.0.0.1:1", patience_s=0.5).map(abs, [1]))
    with (
        LocalCluster(n_workers=0, host="127.0.0.1", dashboard_address="127.0.0.1:0") as empty,
        pytest.raises(BackendError, match="has no worker"),
    ):
        list(DaskCluster(empty.scheduler_address, patience_s=0.5).map(abs, [1]))


def test_make_backend_by_name():
    assert make_backend("processes") is None
    assert isinstance(make_backend("in_process"), InProcess)
    assert make_backend("dask+tls://dask.example:8786").address == "tls://dask.example:8786"
    for wrong in ("threads", "dask://", "dask://host"):
        with pytest.raises(ValueError, match="no backend"):
            make_backend(wrong)
