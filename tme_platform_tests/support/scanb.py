"""Read the 400 SCAN-B tumours that R analysed, and R's results (see the PROVENANCE.md files under `reference/`)."""

from pathlib import Path

import pandas as pd


def survival_data(reference: Path) -> pd.DataFrame:
    """By patient: time, event, cluster, age, er, pam50, esr1, gata3, aurka."""
    return pd.read_csv(reference / "survival" / "scanb400.tsv", sep="\t", index_col="patient_id")


def survival_results(reference: Path) -> pd.Series:
    """R's survival and group tests, by name."""
    return pd.read_csv(reference / "survival" / "scanb400.statistics.tsv.gz", sep="\t", index_col=0)["value"]


def roc_data(reference: Path) -> pd.DataFrame:
    """By patient: outcomes and the expression of three genes."""
    return pd.read_csv(reference / "proc" / "scanb_400_roc_inputs.csv", index_col="patient_id")


def roc_results(reference: Path) -> pd.Series:
    """Results of pROC and of R's cor.test, by name."""
    return pd.read_csv(reference / "proc" / "scanb_400_statistics.tsv", sep="\t", index_col="statistic")["value"]
