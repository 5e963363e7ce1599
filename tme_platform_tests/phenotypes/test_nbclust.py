"""The 26 indices, their choices and the vote against R's NbClust 3.0.1 (reference/nbclust/PROVENANCE.md)."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest

from tme_platform.phenotypes import NbClust, choose_k, nbclust, pairs, silhouette_by_k

GRAPHICAL = ["Hubert", "Dindex"]


@pytest.fixture(scope="module")
def result(scanb_input: pd.DataFrame, r_partitions: pd.DataFrame) -> NbClust:
    return nbclust(scanb_input, partitions=r_partitions)


def test_indices_match_r(result: NbClust, r_nbclust: dict[str, pd.DataFrame]) -> None:
    expected = r_nbclust["all_index"]
    assert [name.lower() for name in result.indices] == [name.lower() for name in expected]
    assert result.indices.shape == (7, 26)
    # R rounds to four decimals and prints 15 digits, which limits the precision of Marriot (1e23)
    np.testing.assert_allclose(result.indices, expected, rtol=1e-9, atol=5.0001e-5)
    assert result.reasons.empty


def test_critical_values_match_r(result: NbClust, r_nbclust: dict[str, pd.DataFrame]) -> None:
    expected = r_nbclust["critical_values"]
    assert list(result.critical_values) == list(expected)
    np.testing.assert_allclose(result.critical_values, expected, atol=5.0001e-5)


def test_choices_match_r(result: NbClust, r_nbclust: dict[str, pd.DataFrame]) -> None:
    expected = r_nbclust["best_nc"].set_axis(result.best.index)
    chosen = result.best.drop(GRAPHICAL)
    assert chosen["Number_clusters"].tolist() == expected.drop(GRAPHICAL)["Number_clusters"].astype(int).tolist()
    np.testing.assert_allclose(
        chosen["Value_Index"], expected.drop(GRAPHICAL)["Value_Index"], rtol=1e-9, atol=5.0001e-5
    )
    assert result.best.loc[GRAPHICAL].isna().all(axis=None)
    assert result.votes.to_dict() == {2: 7, 3: 13, 4: 0, 5: 1, 6: 1, 7: 1, 8: 1}
    assert result.k == 3


def test_own_partitions_choose_the_same_k(scanb_input: pd.DataFrame) -> None:
    ours = nbclust(scanb_input, n_init=5)
    assert ours.k == 3
    assert list(ours.partitions) == [f"k{k}" for k in range(1, 10)]


def test_blocks_bound_memory_and_do_not_change_values(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    data = pd.DataFrame(rng.normal(size=(2000, 6)) + 4 * rng.integers(0, 2, (2000, 1)))
    partitions = pd.DataFrame({f"k{k}": np.arange(2000) % k + 1 for k in range(1, 5)})
    whole = nbclust(data, 2, 3, partitions=partitions)
    monkeypatch.setattr(pairs, "BLOCK_BYTES", 2**20)
    tracemalloc.start()
    blocked = nbclust(data, 2, 3, partitions=partitions)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_allclose(blocked.indices, whole.indices, rtol=1e-10)
    assert peak < 0.25 * 8 * 2000**2


def test_determinants_are_undefined_if_populations_sum_to_zero(scanb_input: pd.DataFrame) -> None:
    # scaling each sample across all its populations makes the scatter matrix singular, for which R fails
    data = scanb_input.sub(scanb_input.mean(axis=1), axis=0)
    result = nbclust(data, 2, 4, n_init=3)
    undefined = result.indices.columns[result.indices.isna().any()]
    assert list(undefined) == ["Scott", "Marriot", "Friedman"]
    assert set(result.reasons["reason"]) == {"the within scatter matrix is singular"}
    assert result.votes.sum() == 21
    assert result.k in (2, 3)


def test_small_clusters_and_too_few_samples_give_reasons() -> None:
    data = pd.DataFrame({"x": [0.0, 0.1, 0.3, 5.0, 5.2, 20.0], "y": [0.0, 0.2, 0.1, 5.1, 5.0, -9.0]})
    result = nbclust(data, 2, 8, n_init=2)
    assert result.indices.loc[2:3, ["KL", "CH", "DB", "Dunn", "Silhouette", "SDbw"]].notna().all(axis=None)
    reasons = result.reasons.set_index(["k", "index_name"])["reason"]
    assert reasons[(3, "Duda")] == "a cluster that is compared has one member"
    assert reasons[(6, "KL")] == "there is no partition into 7 clusters"
    assert reasons[(7, "CH")] == "there is no partition into 7 clusters"
    assert reasons[(6, "CH")] == "every sample is its own cluster"
    assert len(reasons) == result.indices.isna().sum().sum()
    assert result.k in range(2, 7)


def test_cluster_of_one_is_counted_as_in_nbclust() -> None:
    data = pd.DataFrame({"x": [0.0, 2.0, 10.0]})
    partitions = pd.DataFrame({"k1": 1, "k2": [1, 1, 2], "k3": [1, 2, 3]})
    result = nbclust(data, 2, 2, partitions=partitions)
    # widths (10 - 2) / 10, (8 - 2) / 8, and 1 for the single sample
    assert result.indices.loc[2, "Silhouette"] == pytest.approx((0.8 + 0.75 + 1) / 3)
    # one pair at distance 2; the single sample contributes 1 to both extremes: (2 - 1 * 1) / (1 * 2 - 1 * 1)
    assert result.indices.loc[2, "Cindex"] == pytest.approx(1.0)
    assert result.indices.loc[2, "Dunn"] == pytest.approx(8 / 2)


def test_identical_samples_give_no_choice() -> None:
    data = pd.DataFrame(np.ones((5, 3)))
    result = nbclust(data, 2, 3)
    assert result.indices.isna().all(axis=None)
    assert result.k is None
    with pytest.raises(ValueError, match="all samples identical"):
        choose_k(result, silhouette_by_k(data, result.partitions))


def test_frey_chooses_the_k_before_the_first_value_below_one(
    scanb_input: pd.DataFrame, r_partitions: pd.DataFrame
) -> None:
    # Frey is 0.79 at the first k, 3: NbClust fails for lack of k = 2; here the choice is 2, without a value or a vote
    result = nbclust(scanb_input, 3, 8, partitions=r_partitions)
    assert result.best.loc["Frey", "Number_clusters"] == 2
    assert np.isnan(result.best.loc["Frey", "Value_Index"])
    assert 2 not in result.votes.index


def test_invalid_partitions_are_rejected(scanb_input: pd.DataFrame, r_partitions: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="k3 must use each of the labels 1 to 3"):
        nbclust(scanb_input, partitions=r_partitions.assign(k3=r_partitions["k3"] - 1))
    with pytest.raises(ValueError, match="'cluster' is not"):
        nbclust(scanb_input, partitions=r_partitions.assign(cluster=1))
    with pytest.raises(ValueError, match="2 <= k_min <= k_max"):
        nbclust(scanb_input, 1, 4)


def test_choice_by_vote_reports_the_silhouette(result: NbClust, r_silhouette: pd.Series) -> None:
    choice = choose_k(result, r_silhouette)
    assert (choice.k, choice.by_vote, choice.by_silhouette, choice.agree) == (3, 3, 2, False)
    assert choice.evidence.loc[3, "chosen"]
    assert choice.evidence["votes"].sum() == 24


def test_evidence_table_has_one_row_per_index_and_k(result: NbClust) -> None:
    table = result.to_frame().set_index(["index_name", "k"])
    assert len(table) == 26 * 7
    assert table["chosen"].sum() == result.votes.sum() == 24
    assert table.loc[("Duda", 2), "critical_value"] == pytest.approx(0.8892, abs=5e-5)
    assert table.loc[("Duda", 2), "chosen"]
    assert not table.loc["Hubert", "chosen"].any()
    assert table["reason"].isna().all()
    assert table["critical_value"].notna().groupby("index_name").any().sum() == 3


def test_evidence_table_contains_the_reasons() -> None:
    data = pd.DataFrame({"x": [0.0, 0.1, 0.3, 5.0, 5.2, 20.0], "y": [0.0, 0.2, 0.1, 5.1, 5.0, -9.0]})
    table = nbclust(data, 2, 6, n_init=2).to_frame()
    assert (table["value"].isna() == table["reason"].notna()).all()
