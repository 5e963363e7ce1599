"""Repeatability of features between readers, between sessions and under perturbation. The ICC belongs in ``icc``."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from tme_platform.radiomics.icc import IccForm, icc

IDENTIFIERS = ("patient_id", "series", "reader", "session", "perturbation", "row_key")
ORIGINAL = "original"


def agreement(features: pd.DataFrame, *, threshold: float = 0.75, form: IccForm = "ICC2") -> pd.DataFrame:
    """Compute the agreement of every feature for every kind of repetition in a feature table.

    The kinds are ``reader`` (each reader's first session of a lesion, if there are several readers), ``session`` (the
    sessions of each reader, if there are several) and ``perturbation:contour``, ``:position``, ``:noise`` and
    ``:field_of_view`` (the original with its perturbed versions). Perturbations never count as readings. Two series of
    a patient are two subjects: for the agreement within a series, give the rows of that series only.

    Parameters
    ----------
    features
        One row per patient, reading and perturbation: ``patient_id``, optional ``reader``, ``session``,
        ``perturbation`` (``original`` or missing for the readings themselves), ``series``, ``row_key``, and the
        features.
    threshold
        A feature is kept if its coefficient exceeds this for every kind present.
    form
        Form of the coefficient, see ``icc``.

    Returns
    -------
    DataFrame
        One row per feature and kind: feature, kind, icc, ci_low, ci_high, subjects, raters, kept, reason. ``kept`` is
        the decision on the feature over all kinds; ``reason`` says why this kind rejects it ("" if it does not).

    Raises
    ------
    ValueError
        If ``patient_id`` is missing, or the table contains no repetition.
    """
    if "patient_id" not in features.columns:
        raise ValueError("the feature table lacks the column 'patient_id'")
    columns = [column for column in features.columns if column not in IDENTIFIERS]
    parts = [
        icc(readings[["subject", "rater", *columns]], form=form).reset_index().assign(kind=kind)
        for kind, readings in _repetitions(features)
    ]
    if not parts:
        raise ValueError(
            "no reader, session or perturbation repeats a reading; compute perturbations of the outlines first"
        )
    table = pd.concat(parts, ignore_index=True)
    low = table["icc"].le(threshold)
    table.loc[low, "reason"] = [
        f"{kind} ICC {value:.3f} is not above {threshold:g}"
        for kind, value in table.loc[low, ["kind", "icc"]].itertuples(index=False)
    ]
    table["kept"] = table["reason"].eq("").groupby(table["feature"]).transform("all")
    return table[["feature", "kind", "icc", "ci_low", "ci_high", "subjects", "raters", "kept", "reason"]]


def _repetitions(features: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield (kind, table with subject and rater) for every kind of repetition present."""
    named = features.reset_index(drop=True)
    for column, fill in (("series", ""), ("reader", ""), ("session", ""), ("perturbation", ORIGINAL)):
        named[column] = named[column].fillna(fill).astype(str) if column in named else fill
    lesion = named["patient_id"].astype(str) + "\t" + named["series"]
    original = named["perturbation"].isin(["", ORIGINAL])
    first_session = named["session"].eq(named.groupby([lesion, "reader"])["session"].transform("min"))
    yield from _kind("reader", named[original & first_session], lesion, "reader")
    yield from _kind("session", named[original], lesion + "\t" + named["reader"], "session")
    first = named["reader"].eq(named.groupby(lesion)["reader"].transform("min")) & first_session
    for kind in sorted(set(named.loc[~original, "perturbation"].str.rsplit("_", n=1).str[0])):
        of_kind = original | named["perturbation"].str.startswith(f"{kind}_")
        yield from _kind(f"perturbation:{kind}", named[first & of_kind], lesion, "perturbation")


def _kind(name: str, table: pd.DataFrame, subject: pd.Series, rater: str) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the readings of a kind, unless no subject has two of them; subjects with a single reading are dropped."""
    keyed = table.assign(subject=subject[table.index], rater=table[rater])
    several = keyed.groupby("subject")["rater"].transform("nunique") > 1
    if np.any(several):
        yield name, keyed[several]
