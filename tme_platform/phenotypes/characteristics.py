"""Compare families of variables between hot and cold tumours. The tests belong in `statistics.group_tests`."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from tme_platform.statistics import NumericTest, table_one

_MAX_LEVELS = 20


def characterise(
    families: Mapping[str, pd.DataFrame],
    phenotypes: pd.Series[str],
    *,
    tests: Mapping[str, NumericTest] | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """Describe and test families of variables by phenotype, with the false discovery rate within each family.

    Parameters
    ----------
    families
        Frames of patients x variables, by name. Variables without values, and text with more than 20 distinct values
        (such as identifiers or sites), are excluded.
    phenotypes
        Phenotype by patient. Intermediate tumours are excluded, so that every test compares hot with cold.
    tests
        Test of the numeric variables by family, where it differs from the default of `compare_groups`.
    seed
        Seed of the simulated Fisher tests.

    Returns
    -------
    pandas.DataFrame
        The columns of `table_one`, with ``phenotype`` as the group, and ``family``.
    """
    labels = phenotypes[phenotypes.isin(["hot", "cold"])].rename("phenotype")
    parts = []
    for family, values in families.items():
        joined = values.join(labels, how="inner")
        variables = [name for name in values.columns if _usable(joined[name])]
        if variables and joined["phenotype"].nunique() == 2:
            described = table_one(joined, "phenotype", variables, test=(tests or {}).get(family, "auto"), seed=seed)
            parts.append(described.rename(columns={"group": "phenotype"}).assign(family=family))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def group_means(scores: pd.DataFrame, groups: Mapping[str, str]) -> pd.DataFrame:
    """Compute the mean score of each group of populations, groups x samples. Other populations are left out."""
    named = scores[scores.index.isin(set(groups))]
    return named.groupby(named.index.map(groups)).mean()


def _usable(values: pd.Series) -> bool:
    distinct = values.dropna().nunique()
    return distinct > 0 and (pd.api.types.is_numeric_dtype(values) or distinct <= _MAX_LEVELS)
