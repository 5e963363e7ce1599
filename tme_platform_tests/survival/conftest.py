"""SCAN-B tumours with R's results, and the lung data of R's survival package."""

from pathlib import Path

import pandas as pd
import pytest

from tme_platform_tests.support.scanb import survival_data, survival_results


@pytest.fixture(scope="session")
def scanb(reference: Path) -> pd.DataFrame:
    return survival_data(reference)


@pytest.fixture(scope="session")
def r_value(reference: Path) -> pd.Series:
    return survival_results(reference)


@pytest.fixture(scope="session")
def lung() -> pd.DataFrame:
    """228 patients of the North Central Cancer Treatment Group, bundled with lifelines; status 1 is death."""
    from lifelines.datasets import load_lung

    return load_lung()
