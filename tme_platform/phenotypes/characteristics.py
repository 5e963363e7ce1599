"""What the phenotypes mean: families of variables, hot against cold. The tests are in `group_tests`."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from tme_platform.statistics.group_tests import NumericTest
from tme_platform.statistics.table_one import table_one

_MOST_LEVELS = 20


def characterise(
    families: Mapping[str, pd.DataFrame],
    phenotypes: pd.Series[str],
    *,
    tests: Mapping[str, NumericTest] | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """Describe and test families of variables by phenotype; the false discovery rate is over each family.

    Parameters
    ----------
    families
        By name, patients x variables. A variable that is missing throughout, or a text of more than 20 different
        values (an identifier, a site), takes no part.
    phenotypes
        Phenotype by patient; intermediate tumours are left out, so that every test is hot against cold.
    tests
        By family, the test of its numbers where it is not the study's rule.
    seed
        Of the simulated Fisher tests.

    Returns
    -------
    pandas.DataFrame
        `table_one`'s columns with ``family`` first and ``phenotype`` for the group.
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
    """Mean score of each group of populations, groups x samples; populations without a group take no part."""
    named = scores[scores.index.isin(set(groups))]
    return named.groupby(named.index.map(groups)).mean()


def _usable(values: pd.Series) -> bool:
    different = values.dropna().nunique()
    return different > 0 and (pd.api.types.is_numeric_dtype(values) or different <= _MOST_LEVELS)
