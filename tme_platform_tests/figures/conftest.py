import pandas as pd
import pytest

from tme_platform_tests.support.sample_tables import tables


@pytest.fixture(scope="session")
def sample() -> dict[str, pd.DataFrame]:
    """Every table; not to be changed by a test."""
    return tables()
