"""The versions that decide values: one list for the row key and for the check on Dask workers."""

import pytest

from tme_platform.radiomics import BackendError, ExtractionSettings, row_key, versions
from tme_platform.radiomics.dask_backend import _Call
from tme_platform.radiomics.versions import PACKAGES, value_versions

KEY = ("ab" * 32, "cd" * 32, 1, ExtractionSettings())


@pytest.fixture
def install(monkeypatch):
    """Pretend that another version of a package is installed."""
    installed = versions.version

    def pretend(package, number):
        monkeypatch.setattr(versions, "version", lambda name: number if name == package else installed(name))
        value_versions.cache_clear()

    yield pretend
    value_versions.cache_clear()


@pytest.mark.parametrize("package", PACKAGES)
def test_changed_package_version_changes_the_row_key(package, install):
    before = row_key(*KEY)
    install(package, "99.9")
    assert row_key(*KEY) != before


def test_changed_feature_version_changes_the_row_key(monkeypatch):
    before = row_key(*KEY)
    monkeypatch.setattr(versions, "FEATURE_VERSION", "other")
    value_versions.cache_clear()
    assert row_key(*KEY) != before
    monkeypatch.undo()
    value_versions.cache_clear()


@pytest.mark.parametrize("package", PACKAGES)
def test_dask_worker_with_another_version_refuses_jobs(package, install):
    call = _Call(abs, value_versions())
    assert call(-1) == 1
    install(package, "99.9")
    with pytest.raises(BackendError, match=rf"{package} 99\.9"):
        call(-1)
