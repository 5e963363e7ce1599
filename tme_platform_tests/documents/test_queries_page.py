"""What queries of the documentation count. That each of them answers is tested in `orchestration/test_graph.py`."""

import duckdb
import numpy as np
import pandas as pd

from tme_platform.phenotypes import nbclust, silhouette_by_k
from tme_platform_tests.support.pages import DOCS, blocks

PAGE = DOCS / "queries.md"


def test_the_votes_are_those_of_the_indices_without_the_mean_silhouette() -> None:
    random = np.random.default_rng(3)
    data = pd.DataFrame(random.normal(size=(40, 4)) + np.repeat([[0], [4]], 20, axis=0), index=map(str, range(40)))
    found = nbclust(data.rename(columns=str), k_max=4)
    widths = silhouette_by_k(data, found.partitions).loc[2:4]
    silhouette = pd.DataFrame({"index_name": "mean_silhouette", "k": widths.index, "chosen": widths == widths.max()})
    cluster_evidence = pd.concat([found.to_frame(), silhouette], ignore_index=True).assign(cohort="ours")
    (sql,) = (text for text in blocks(PAGE, "sql") if "as votes" in text)
    with duckdb.connect() as connection:
        connection.register("cluster_evidence", cluster_evidence)
        answer = connection.execute(sql).df().set_index("k")
    assert answer["votes"].to_dict() == {k: n for k, n in found.votes.items() if n}
    assert 0 < answer["votes"].sum() <= found.indices.shape[1] == 26
    assert not answer["indices"].str.contains("mean_silhouette").any()
