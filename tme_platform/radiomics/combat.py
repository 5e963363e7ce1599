"""ComBat: removal of scanner effects from a feature table. Selecting usable rows belongs in ``harmonisation``."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_TOLERANCE = 1e-4
_ROUNDS = 1000
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Combat:
    """A harmonisation fitted by ``fit_combat``, on training data only.

    Attributes
    ----------
    shift, scale
        Batches x features: posterior location and scale of each batch, in units of the pooled standard deviation.
    mean, sd
        Per feature: grand mean and pooled standard deviation of the training data.
    coefficients
        Covariates x features: effects of the covariates, which are preserved.
    """

    shift: pd.DataFrame
    scale: pd.DataFrame
    mean: pd.Series
    sd: pd.Series
    coefficients: pd.DataFrame

    def transform(
        self, features: pd.DataFrame, batch: pd.Series, covariates: pd.DataFrame | None = None
    ) -> pd.DataFrame:
        """Harmonise rows of batches that occurred in training.

        Raises
        ------
        ValueError
            If a batch did not occur in training, or features or covariates of the training are missing.
        """
        unseen = sorted(set(batch.astype(str)) - set(self.shift.index))
        if unseen:
            raise ValueError(
                f"batch {unseen[0]!r} is not in the training data, so its effect is unknown; leave its patients "
                "unharmonised, or train with some of them"
            )
        columns = list(self.mean.index)
        if missing := [name for name in columns if name not in features.columns]:
            raise ValueError(f"the table lacks the feature {missing[0]!r} that the harmonisation was trained on")
        design = _covariates(covariates, features.index, list(self.coefficients.index))
        kept = self.mean.to_numpy() + design @ self.coefficients.to_numpy()
        standard = (features[columns].to_numpy(dtype=float) - kept) / self.sd.to_numpy()
        rows = self.shift.index.get_indexer(pd.Index(batch.loc[features.index].astype(str)))
        moved = (standard - self.shift.to_numpy()[rows]) / self.scale.to_numpy()[rows]
        return pd.DataFrame(moved * self.sd.to_numpy() + kept, index=features.index, columns=columns)


def fit_combat(features: pd.DataFrame, batch: pd.Series, covariates: pd.DataFrame | None = None) -> Combat:
    """Estimate location and scale of each batch by parametric empirical Bayes.

    Parameters
    ----------
    features
        Training patients x features, without missing values. Features constant within batches are left unchanged.
    batch
        Scanner or site of each patient.
    covariates
        Numeric columns whose effects are preserved (the outcome must not be among them).

    Raises
    ------
    ValueError
        If values are missing, or a batch has fewer than two patients.

    References
    ----------
    Johnson et al. 2007, Biostatistics 8(1):118-127; R: ``sva::ComBat(dat, batch, mod)``.
    """
    x = features.to_numpy(dtype=float)
    names = batch.loc[features.index].astype(str)
    counts = names.value_counts().sort_index()
    if np.isnan(x).any():
        raise ValueError("ComBat requires a table without missing values; impute within the fold first")
    if counts.min() < 2:
        raise ValueError(f"batch {counts.idxmin()!r} has one patient; at least two are needed to estimate its scale")
    batches = (names.to_numpy()[:, None] == counts.index.to_numpy()).astype(float)
    extra = list(covariates.columns) if covariates is not None else []
    design = np.hstack([batches, _covariates(covariates, features.index, extra)])
    fitted = np.linalg.lstsq(design, x, rcond=None)[0]
    shares = counts.to_numpy() / len(x)
    mean = shares @ fitted[: len(counts)]
    variance = ((x - design @ fitted) ** 2).mean(axis=0)
    varies = variance > 1e-12 * np.maximum(1.0, np.abs(mean)) ** 2
    sd = np.where(varies, np.sqrt(variance), 1.0)
    standard = (x - mean - design[:, len(counts) :] @ fitted[len(counts) :]) / sd
    shift, scale = np.zeros((len(counts), x.shape[1])), np.ones((len(counts), x.shape[1]))
    for number in range(len(counts)):
        rows = standard[batches[:, number] == 1][:, varies]
        if varies.any():
            shift[number, varies], scale[number, varies] = _posterior(rows)
    columns = features.columns
    return Combat(
        shift=pd.DataFrame(shift, index=counts.index, columns=columns),
        scale=pd.DataFrame(scale, index=counts.index, columns=columns),
        mean=pd.Series(mean, index=columns),
        sd=pd.Series(sd, index=columns),
        coefficients=pd.DataFrame(fitted[len(counts) :], index=extra, columns=columns),
    )


def _posterior(rows: Array) -> tuple[Array, Array]:
    """Estimate location and scale of one batch (normal and inverse gamma priors, fitted by moments over features)."""
    n = len(rows)
    mean, variance = rows.mean(axis=0), rows.var(axis=0, ddof=1)
    if rows.shape[1] < 2:
        return mean, np.sqrt(np.maximum(variance, 1e-12))
    prior_mean, prior_variance = mean.mean(), max(float(mean.var(ddof=1)), 1e-12)
    of_variance, spread = variance.mean(), max(float(variance.var(ddof=1)), 1e-12)
    shape = (2 * spread + of_variance**2) / spread
    rate = (of_variance * spread + of_variance**3) / spread
    location, scale = mean.copy(), variance.copy()
    for _ in range(_ROUNDS):
        new_location = (n * prior_variance * mean + scale * prior_mean) / (n * prior_variance + scale)
        squares = ((rows - new_location) ** 2).sum(axis=0)
        new_scale = (rate + squares / 2) / (n / 2 + shape - 1)
        change = max(_relative(new_location, location), _relative(new_scale, scale))
        location, scale = new_location, new_scale
        if change < _TOLERANCE:
            break
    return location, np.sqrt(scale)


def _relative(new: Array, old: Array) -> float:
    return float((np.abs(new - old) / np.maximum(np.abs(old), 1e-12)).max())


def _covariates(covariates: pd.DataFrame | None, index: pd.Index, names: list[str]) -> Array:
    if not names:
        return np.zeros((len(index), 0))
    if covariates is None or any(name not in covariates.columns for name in names):
        raise ValueError(f"the covariates used in training are required: {', '.join(names)}")
    return covariates.loc[index, names].to_numpy(dtype=float)
