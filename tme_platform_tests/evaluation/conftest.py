import pandas as pd
import pytest


@pytest.fixture(scope="session")
def scanb(reference):
    return pd.read_csv(reference / "proc" / "scanb_400_roc_inputs.csv", index_col="patient_id")


@pytest.fixture(scope="session")
def proc(reference):
    return pd.read_csv(reference / "proc" / "scanb_400_statistics.tsv", sep="\t", index_col="statistic")["value"]
