"""Compare two versions of the signature. Listing the versions belongs in ``tracking``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tme_platform.evaluation import AucComparison, compare_auc_delong

if TYPE_CHECKING:
    import pandas as pd


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
            f"(paired DeLong p = {self.auc.p:.2g}): {verdict}"
        )


def compare_versions(older: pd.DataFrame, newer: pd.DataFrame) -> VersionComparison:
    """Compare two versions by their out-of-fold scores of the patients that both were trained on.

    Parameters
    ----------
    older, newer
        One row per patient and repeat: patient_id, hot (bool), score by a model that never saw the patient.

    Returns
    -------
    VersionComparison
        A patient's score is the mean over the repeats; the test is DeLong's for paired scores. The folds of the two
        versions differ, so these AUCs are not the within-fold AUCs that each version reports.

    References
    ----------
    DeLong et al. 1988, Biometrics 44:837.
    """
    a, b = _by_patient(newer), _by_patient(older)
    both = a.join(b, how="inner", lsuffix="_newer", rsuffix="_older")
    same = both[both["hot_newer"] == both["hot_older"]]
    compared = compare_auc_delong(same["hot_newer"], same["score_newer"], same["score_older"])
    return VersionComparison(
        auc=compared,
        n_common=len(both),
        n_only_older=len(b.index.difference(a.index)),
        n_only_newer=len(a.index.difference(b.index)),
        n_relabelled=len(both) - len(same),
    )


def _by_patient(out_of_fold: pd.DataFrame) -> pd.DataFrame:
    return out_of_fold.groupby("patient_id").agg(hot=("hot", "first"), score=("score", "mean"))
