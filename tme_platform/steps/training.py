"""What a signature is trained on, put together from the tables: by the assets today, and by a reproduction of then."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from tme_platform.steps.scope import Scope
from tme_platform.tables.radiomics import AGREED_FEATURES
from tme_platform.tables.signature import SIGNATURE_PATIENTS

ID_COLUMNS = ("cohort", "patient_id", "side", "phenotype", "feature_set")


@dataclass(frozen=True)
class TrainingSet:
    """Discovery patients as a signature takes them."""

    features: pd.DataFrame
    """Patients x features."""
    labels: pd.Series
    """hot or cold by patient."""
    kept_features: list[str] | None
    """The features that passed the agreement; None where agreement was never judged."""
    rows: pd.DataFrame
    """Their rows of `signature_patients`."""

    @property
    def feature_set(self) -> str:
        """Identifier of the software and settings that computed the features."""
        return str(self.rows["feature_set"].iloc[0]) if len(self.rows) else ""

    @property
    def trainable(self) -> bool:
        """Whether there is anything to tell apart."""
        return self.labels.nunique() == 2


def training_set(patients: pd.DataFrame, agreed: pd.DataFrame, side: str | None = "discovery") -> TrainingSet:
    """Put together the patients of a side.

    Parameters
    ----------
    patients, agreed
        The tables `signature_patients` and `agreed_features`, of whichever version.
    side
        discovery or validation; None takes both.
    """
    rows = patients[patients["side"].isin([side] if side else ["discovery", "validation"])]
    rows = rows.set_index("patient_id", drop=False)
    features = rows.drop(columns=[*ID_COLUMNS, "provenance", "expression_scale"], errors="ignore")
    agreed = agreed[agreed["feature_set"].isin(rows["feature_set"].unique())]
    kept = None if agreed.empty else sorted(agreed.loc[agreed["kept"], "feature"])
    return TrainingSet(features, rows["phenotype"], kept, rows)


def current_training_set(scope: Scope) -> TrainingSet:
    """The discovery patients as they are now; what agrees in another feature set plays no role."""
    patients = scope.read(SIGNATURE_PATIENTS)
    named = patients.loc[patients["side"] == "discovery", "feature_set"]
    return training_set(
        patients, scope.read(AGREED_FEATURES, rows={"feature_set": [named.iloc[0] if len(named) else ""]})
    )
