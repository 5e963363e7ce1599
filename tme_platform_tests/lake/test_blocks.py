"""Rows that are given block by block are stored as if they had been given at once."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tme_platform.lake import Lake
from tme_platform.tables import Blocks, TableError
from tme_platform.tables.cohorts import EXPRESSION
from tme_platform.tables.expression import CELL_SCORES

GENES, SAMPLES = [f"G{number:03d}" for number in range(40)], ["s2", "s1", "s3"]


def rows(genes: list[str] = GENES, samples: list[str] = SAMPLES, seed: int = 0) -> pd.DataFrame:
    values = np.random.default_rng(seed).normal(size=(len(genes), len(samples)))
    return pd.DataFrame(
        [
            {"gene": gene, "sample_id": sample, "value": values[row, column], "gene_order": len(genes) - row}
            for row, gene in enumerate(genes)
            for column, sample in enumerate(samples)
        ]
    )


def in_blocks(frame: pd.DataFrame, genes: int = 7) -> Blocks:
    starts = range(0, len(frame), genes * frame["sample_id"].nunique())
    return Blocks(lambda: (frame.iloc[at : at + starts.step] for at in starts))


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


def test_blocks_and_a_frame_give_the_same_content_state_and_number_of_commits(lake: Lake, tmp_path: Path) -> None:
    other = Lake(tmp_path / "other")
    whole = lake.commit(EXPRESSION, rows(), cohort="a")
    parts = other.commit(EXPRESSION, in_blocks(rows()), cohort="a")
    assert parts.state == whole.state
    assert parts.state.rows == len(GENES) * len(SAMPLES)
    pd.testing.assert_frame_equal(lake.read(EXPRESSION, "a"), other.read(EXPRESSION, "a"))


def test_the_same_content_in_blocks_is_not_written_again(lake: Lake) -> None:
    first = lake.commit(EXPRESSION, rows(), cohort="a")
    again = lake.commit(EXPRESSION, in_blocks(rows()), cohort="a")
    assert not again.written
    assert again.state.version == first.state.version


def test_changes_are_counted_by_sample_over_all_blocks(lake: Lake) -> None:
    lake.commit(EXPRESSION, in_blocks(rows()), cohort="a")
    changed = rows(samples=["s1", "s2", "s3", "s4"]).query("sample_id != 's3'")
    kept = rows().set_index(["gene", "sample_id"])["value"]
    changed["value"] = [kept.get((row.gene, row.sample_id), row.value) for row in changed.itertuples()]
    last = (changed["gene"] == GENES[-1]) & (changed["sample_id"] == "s2")
    changed.loc[last, "value"] += 1
    commit = lake.commit(EXPRESSION, in_blocks(changed), cohort="a")
    assert commit.state.changes == {"new": 1, "changed": 1, "unchanged": 1, "removed": 1}


def test_no_more_than_one_block_is_kept(lake: Lake) -> None:
    """A block that is still referred to when the next one is made would show that blocks pile up."""
    import gc
    import weakref

    alive: list[weakref.ref[pd.DataFrame]] = []
    most = 0

    def make() -> Iterator[pd.DataFrame]:
        nonlocal most
        for block in in_blocks(rows(), genes=4).make():
            own = block.copy()
            alive.append(weakref.ref(own))
            yield own
            del own
            gc.collect()
            most = max(most, sum(ref() is not None for ref in alive))

    lake.commit(EXPRESSION, Blocks(make), cohort="a")
    assert most <= 1
    assert len(alive) == 20, "ten blocks, looked at twice"


@pytest.mark.parametrize("repeated", [GENES[3:], GENES[6:9], GENES[::-1]], ids=["again", "twice", "backwards"])
def test_a_key_that_could_be_in_two_blocks_is_refused(lake: Lake, repeated: list[str]) -> None:
    blocks = Blocks(lambda: iter([rows(GENES[:7]), rows(repeated)]))
    with pytest.raises(TableError, match="a key could be repeated"):
        lake.commit(EXPRESSION, blocks, cohort="a")
    assert lake.state(EXPRESSION, "a") is None


def test_a_broken_value_in_a_late_block_leaves_the_last_version(lake: Lake) -> None:
    lake.commit(EXPRESSION, rows(), cohort="a")
    broken = rows(seed=1)
    broken.loc[broken.index[-1], "value"] = np.inf
    with pytest.raises(TableError, match="infinite"):
        lake.commit(EXPRESSION, in_blocks(broken), cohort="a")
    assert lake.read(EXPRESSION, "a")["value"].equals(
        rows().sort_values(["gene", "sample_id"])["value"].reset_index(drop=True)
    )


def test_blocks_that_fail_while_they_are_stored_leave_the_last_version(lake: Lake) -> None:
    before = lake.commit(EXPRESSION, rows(), cohort="a")
    passes = 0

    def make() -> Iterator[pd.DataFrame]:
        nonlocal passes
        passes += 1
        yield rows(GENES[:20], seed=1)
        if passes == 2:
            raise OSError("the disk is gone")
        yield rows(GENES[20:], seed=1)

    with pytest.raises(Exception, match="the disk is gone"):
        lake.commit(EXPRESSION, Blocks(make), cohort="a")
    assert lake.state(EXPRESSION, "a") == before.state
    assert len(lake.read(EXPRESSION, "a")) == before.state.rows


def test_another_cohort_stays(lake: Lake) -> None:
    lake.commit(EXPRESSION, in_blocks(rows(seed=1)), cohort="b")
    lake.commit(EXPRESSION, in_blocks(rows()), cohort="a")
    lake.commit(EXPRESSION, in_blocks(rows(seed=2)), cohort="b")
    assert len(lake.read(EXPRESSION, "a")) == len(lake.read(EXPRESSION, "b")) == len(rows())


def test_a_table_whose_columns_come_from_its_rows_takes_no_blocks(lake: Lake) -> None:
    with pytest.raises(ValueError, match="cannot be given in blocks"):
        lake.commit(CELL_SCORES, Blocks(lambda: iter([pd.DataFrame({"patient_id": ["p"], "T": [1.0]})])), cohort="a")
