"""SCAN-B tumours and R's results."""

from pathlib import Path

import pandas as pd
import pytest

from tme_platform_tests.support.scanb import roc_data, roc_results, survival_data, survival_results


@pytest.fixture(scope="session")
def scanb(reference: Path) -> pd.DataFrame:
    return survival_data(reference)


@pytest.fixture(scope="session")
def r_value(reference: Path) -> pd.Series:
    return survival_results(reference)


@pytest.fixture(scope="session")
def scanb_roc(reference: Path) -> pd.DataFrame:
    return roc_data(reference)


@pytest.fixture(scope="session")
def proc(reference: Path) -> pd.Series:
    return roc_results(reference)
