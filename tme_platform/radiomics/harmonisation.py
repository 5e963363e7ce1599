"""ComBat on a study's tables: usable training rows, rows that can be harmonised, storage, and effect measures.

The method belongs in ``combat``. Callers define the training patients and the batch.
"""

import numpy as np
import pandas as pd

from tme_platform.radiomics.combat import Combat, fit_combat

MIN_PATIENTS = 8
"""Training patients that a batch needs by default: see the simulation in `benchmarks/combat_batches.py`."""

_MOST_MISSING = 0.2
STAGES = ("before", "after")


def fit_harmonisation(
    features: pd.DataFrame, batch: pd.Series, *, min_patients: int = MIN_PATIENTS
) -> tuple[Combat | None, list[str]]:
    """Fit ComBat to the usable part of a training table.

    Dropped are patients without a batch, features missing in more than a fifth of the patients, patients with any other
    feature missing, and batches of fewer than ``min_patients`` patients.

    Parameters
    ----------
    features
        Training patients x features; values may be missing.
    batch
        Scanner or site by patient; may be missing.
    min_patients
        Patients that a batch needs, at least two. Location and scale of a smaller batch would mostly be noise, which
        harmonisation would add to its patients.

    Returns
    -------
    combat
        The fit, or None if there are fewer than two batches.
    notes
        What was dropped, or why there is no fit, as text.
    """
    known = batch.reindex(features.index).dropna().astype(str)
    usable = features.loc[known.index]
    measured = usable.columns[usable.isna().mean() <= _MOST_MISSING] if len(usable) else usable.columns
    usable = usable[measured].dropna()
    known = known.loc[usable.index]
    counts = known.value_counts()
    small = sorted(counts.index[counts < min_patients])
    known = known[~known.isin(small)]
    notes = [
        text
        for holds, text in (
            (len(usable) < len(features), f"{len(features) - len(usable)} patients lack the batch or a feature"),
            (len(measured) < features.shape[1], f"{features.shape[1] - len(measured)} features are missing too often"),
            (bool(small), f"fewer than {min_patients} patients in batch {', '.join(small)}"),
        )
        if holds
    ]
    if known.nunique() < 2:
        return None, [*notes, f"{known.nunique()} batch(es) with enough patients: there is nothing to harmonise"]
    return fit_combat(usable.loc[known.index], known), notes


def harmonise(features: pd.DataFrame, batch: pd.Series, combat: Combat) -> tuple[pd.DataFrame, pd.Series]:
    """Harmonise the rows whose batch occurred in training; other rows and other features stay unchanged.

    Parameters
    ----------
    features
        Rows x features.
    batch
        Batch of each row; may be missing, or not occur in training.

    Returns
    -------
    harmonised
        The table, with the same rows and columns.
    done
        Whether each row was harmonised.
    """
    named = batch.loc[features.index].astype("string")
    done = named.isin(combat.shift.index)
    columns = [name for name in combat.mean.index if name in features.columns]
    if len(columns) < len(combat.mean) or not done.any():
        return features.copy(), done & False
    moved = features.copy()
    moved.loc[done, columns] = combat.transform(features.loc[done], named[done])[columns]
    return moved, done


def combat_table(combat: Combat) -> pd.DataFrame:
    """Return a fit without covariates as a table: batch, feature, shift, scale, mean, sd."""
    long = [
        part.rename_axis(index="batch", columns=None).reset_index().melt("batch", var_name="feature", value_name=name)
        for name, part in (("shift", combat.shift), ("scale", combat.scale))
    ]
    table = long[0].merge(long[1], on=["batch", "feature"])
    return table.assign(mean=table["feature"].map(combat.mean), sd=table["feature"].map(combat.sd))


def combat_from_table(table: pd.DataFrame) -> Combat:
    """Return the fit stored in a table by ``combat_table``."""
    shift = table.pivot(index="batch", columns="feature", values="shift")
    per_feature = table.drop_duplicates("feature").set_index("feature").loc[shift.columns]
    return Combat(
        shift=shift,
        scale=table.pivot(index="batch", columns="feature", values="scale"),
        mean=per_feature["mean"],
        sd=per_feature["sd"],
        coefficients=pd.DataFrame(columns=shift.columns, dtype=float),
    )


def batch_share(features: pd.DataFrame, batch: pd.Series) -> pd.Series:
    """Return the share of each feature's variance that lies between batches (eta squared); NaN if constant."""
    centred = features - features.mean()
    between = features.groupby(batch).transform("mean") - features.mean()
    total = (centred**2).sum()
    return ((between**2).sum() / total.where(total > 0)).rename("share")


def batch_components(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Project patients onto the first two principal components of the table before harmonisation.

    Both stages are projected onto the same axes, so that differences are due to the patients, not the axes.

    Parameters
    ----------
    before, after
        The same patients x features; features that are constant or have missing values are ignored.

    Returns
    -------
    DataFrame
        One row per patient and stage: the index of the tables as columns, ``stage``, ``pc1``, ``pc2``.
    """
    complete = before.columns[before.notna().all() & after.notna().all() & (before.std() > 0)]
    mean, sd = before[complete].mean(), before[complete].std()
    first, second = ((table[complete] - mean) / sd for table in (before, after))
    axes = np.linalg.svd(first.to_numpy(), full_matrices=False)[2][:2]
    if axes.size:
        # The sign of an axis is arbitrary: make its largest loading positive, so that a figure does not flip.
        largest = np.abs(axes).argmax(axis=1)
        axes = axes * np.sign(axes[np.arange(len(axes)), largest])[:, None]
    parts = []
    for stage, table in zip(STAGES, (first, second), strict=True):
        scores = np.full((len(table), 2), np.nan)
        scores[:, : len(axes)] = table.to_numpy() @ axes.T
        parts.append(pd.DataFrame(scores, table.index, ["pc1", "pc2"]).assign(stage=stage).reset_index())
    return pd.concat(parts, ignore_index=True)
