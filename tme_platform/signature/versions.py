"""Compare two versions of the signature. Listing the versions belongs in ``tracking``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tme_platform.signature.out_of_fold import compare_within_fold

if TYPE_CHECKING:
    import pandas as pd

    from tme_platform.evaluation import AucComparison


@dataclass(frozen=True)
class VersionComparison:
    """Two versions, compared on the patients that both were cross-validated on."""

    auc: AucComparison
    """`auc_a` is the newer version's AUC, `auc_b` the older's."""
    n_common: int
    n_only_older: int
    n_only_newer: int
    n_relabelled: int
    """Common patients whose phenotype differs between the versions; they are left out of the AUCs."""

    @property
    def difference(self) -> float:
        """AUC of the newer minus AUC of the older, on the common patients."""
        return self.auc.auc_a - self.auc.auc_b

    @property
    def larger_than_noise(self) -> bool:
        """Whether the difference is significant at 0.05."""
        return bool(self.auc.p < 0.05)

    def sentence(self) -> str:
        """Summarise the comparison in one sentence."""
        if not self.n_common - self.n_relabelled:
            return "no patient in common: the two AUCs cannot be compared"
        if self.auc.reason and self.auc.p != self.auc.p:
            return f"AUC {self.difference:+.3f} on {self.auc.n} common patients, not testable: {self.auc.reason}"
        verdict = "larger than noise" if self.larger_than_noise else "within noise"
        return (
            f"AUC {self.difference:+.3f} on the {self.auc.n} patients in common "
            f"(paired, within folds: p = {self.auc.p:.2g}): {verdict}"
        )


def compare_versions(older: pd.DataFrame, newer: pd.DataFrame, *, linear: bool = False) -> VersionComparison:
    """Compare two versions by their out-of-fold scores of the patients that both were trained on.

    Parameters
    ----------
    older, newer
        One row per patient and repeat: patient_id, repeat, fold, hot (bool), score by a model that never saw the
        patient.
    linear
        Whether either version is a linear model, see `compare_within_fold`.

    Returns
    -------
    VersionComparison
        By `compare_within_fold`: each version's scores are compared within its own folds.
    """
    labels = newer.drop_duplicates("patient_id").set_index("patient_id")["hot"].astype(bool)
    before = older.drop_duplicates("patient_id").set_index("patient_id")["hot"].astype(bool)
    common = labels.index.intersection(before.index)
    return VersionComparison(
        auc=compare_within_fold(newer, older, linear=linear),
        n_common=len(common),
        n_only_older=len(before.index.difference(common)),
        n_only_newer=len(labels.index.difference(common)),
        n_relabelled=int((labels[common] != before[common]).sum()),
    )
