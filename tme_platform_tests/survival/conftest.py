"""SCAN-B with what R made of it (reference/survival/PROVENANCE.md), and the lung data of R's survival package."""

from pathlib import Path

import pandas as pd
import pytest


@pytest.fixture(scope="session")
def scanb(reference: Path) -> pd.DataFrame:
    """400 tumours: time, event, cluster, age, er, pam50, esr1, gata3, aurka."""
    return pd.read_csv(reference / "survival" / "scanb400.tsv", sep="\t", index_col="patient_id")


@pytest.fixture(scope="session")
def r_value(reference: Path) -> pd.Series:
    """R's values by name."""
    return pd.read_csv(reference / "survival" / "scanb400.statistics.tsv.gz", sep="\t", index_col=0)["value"]


@pytest.fixture(scope="session")
def lung() -> pd.DataFrame:
    """North Central Cancer Treatment Group, 228 patients, as lifelines bundles it; status 1 is death."""
    from lifelines.datasets import load_lung

    return load_lung()
