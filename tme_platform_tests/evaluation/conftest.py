"""SCAN-B tumours and the results of pROC."""

from pathlib import Path

import pandas as pd
import pytest

from tme_platform_tests.support.scanb import roc_data, roc_results


@pytest.fixture(scope="session")
def scanb(reference: Path) -> pd.DataFrame:
    return roc_data(reference)


@pytest.fixture(scope="session")
def proc(reference: Path) -> pd.Series:
    return roc_results(reference)
