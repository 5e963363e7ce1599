"""What every test may use: the bundled landing folders and the reference values."""

from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def landing() -> Path:
    """The committed landing folders of the bundled study (read only)."""
    return REPOSITORY / "data_lake" / "landing"


@pytest.fixture(scope="session")
def reference() -> Path:
    """Values from R, from publications and from other software, each folder with its PROVENANCE.md."""
    return REPOSITORY / "tme_platform_tests" / "reference"
