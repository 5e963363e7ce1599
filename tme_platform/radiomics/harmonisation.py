"""ComBat on a study's tables: who can train it, who can be harmonised, what is left as it is, and what it did.

The method itself is in ``combat``; which patients are the training side, and what the batch is, is the caller's affair.
"""

import numpy as np
import pandas as pd

from tme_platform.radiomics.combat import Combat, fit_combat

_LEAST_PATIENTS = 2
_MOST_MISSING = 0.2
STAGES = ("before", "after")


def learn_harmonisation(features: pd.DataFrame, batch: pd.Series) -> tuple[Combat | None, list[str]]:
    """Fit ComBat on what of a training table can be used.

    Left out are patients without a batch, features that more than a fifth of the patients lack, patients who lack any
    other feature, and batches of fewer than two patients.

    Parameters
    ----------
    features
        Training patients x features; values may be missing.
    batch
        Scanner or site by patient; may be missing.

    Returns
    -------
    combat
        The fit, or None where there are not two batches to tell apart.
    notes
        What was left out, or why there is no fit, in sentences.
    """
    known = batch.reindex(features.index).dropna().astype(str)
    usable = features.loc[known.index]
    mostly = usable.columns[usable.isna().mean() <= _MOST_MISSING] if len(usable) else usable.columns
    usable = usable[mostly].dropna()
    known = known.loc[usable.index]
    counts = known.value_counts()
    small = sorted(counts.index[counts < _LEAST_PATIENTS])
    known = known[~known.isin(small)]
    notes = [
        text
        for holds, text in (
            (len(usable) < len(features), f"{len(features) - len(usable)} patients lack the batch or a feature"),
            (len(mostly) < features.shape[1], f"{features.shape[1] - len(mostly)} features are missing too often"),
            (bool(small), f"too few patients in batch {', '.join(small)}"),
        )
        if holds
    ]
    if known.nunique() < 2:
        return None, [*notes, f"{known.nunique()} batch(es) with enough patients: there is nothing to harmonise"]
    return fit_combat(usable.loc[known.index], known), notes


def harmonise(features: pd.DataFrame, batch: pd.Series, combat: Combat) -> tuple[pd.DataFrame, pd.Series]:
    """Harmonise the rows whose batch the fit knows; the others, and other features, stay as they are.

    Parameters
    ----------
    features
        Rows x features.
    batch
        Batch of each row; may be missing, or one that was not seen in training.

    Returns
    -------
    harmonised
        The table with the same rows and columns.
    done
        Per row whether it was harmonised.
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
    """Write a fit without covariates as a table: batch, feature, shift, scale, mean, sd."""
    long = [
        part.rename_axis(index="batch", columns=None).reset_index().melt("batch", var_name="feature", value_name=name)
        for name, part in (("shift", combat.shift), ("scale", combat.scale))
    ]
    table = long[0].merge(long[1], on=["batch", "feature"])
    return table.assign(mean=table["feature"].map(combat.mean), sd=table["feature"].map(combat.sd))


def combat_of(table: pd.DataFrame) -> Combat:
    """Read back what ``combat_table`` wrote."""
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
    """Share of each feature's variance that lies between batches (eta squared); NaN for a constant feature."""
    centred = features - features.mean()
    between = features.groupby(batch).transform("mean") - features.mean()
    total = (centred**2).sum()
    return ((between**2).sum() / total.where(total > 0)).rename("share")


def batch_components(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Project patients on the first two principal components of the table before harmonisation.

    Both stages are projected on the same axes, so that what moves is the patients, not the axes.

    Parameters
    ----------
    before, after
        The same patients x features; features with missing values, or that do not vary, are passed over.

    Returns
    -------
    DataFrame
        One row per patient and stage: the index of the tables as columns, ``stage``, ``pc1``, ``pc2``.
    """
    whole = before.columns[before.notna().all() & after.notna().all() & (before.std() > 0)]
    mean, sd = before[whole].mean(), before[whole].std()
    first, second = ((table[whole] - mean) / sd for table in (before, after))
    axes = np.linalg.svd(first.to_numpy(), full_matrices=False)[2][:2]
    if axes.size:
        # The sign of an axis is free: the largest loading is made positive, so that a figure does not flip.
        largest = np.abs(axes).argmax(axis=1)
        axes = axes * np.sign(axes[np.arange(len(axes)), largest])[:, None]
    parts = []
    for stage, table in zip(STAGES, (first, second), strict=True):
        scores = np.full((len(table), 2), np.nan)
        scores[:, : len(axes)] = table.to_numpy() @ axes.T
        parts.append(pd.DataFrame(scores, table.index, ["pc1", "pc2"]).assign(stage=stage).reset_index())
    return pd.concat(parts, ignore_index=True)
