"""R's clustering of 400 SCAN-B tumours (see reference/nbclust/PROVENANCE.md), and a toy cohort."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest


def _read(reference: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(reference / "nbclust" / f"scanb400.{name}.tsv.gz", sep="\t", index_col=0)


@pytest.fixture(scope="session")
def scanb_input(reference: Path) -> pd.DataFrame:
    """400 tumours x 24 scaled scores."""
    return _read(reference, "cluster_input")


@pytest.fixture(scope="session")
def r_partitions(reference: Path) -> pd.DataFrame:
    """R's k-means labels, k1 to k9."""
    return _read(reference, "kmeans_partitions_k1_to_k9")


@pytest.fixture(scope="session")
def r_nbclust(reference: Path) -> dict[str, pd.DataFrame]:
    """Results of NbClust."""
    return {name: _read(reference, f"nbclust_{name}") for name in ("all_index", "best_nc", "critical_values")}


@pytest.fixture(scope="session")
def r_silhouette(reference: Path) -> pd.Series:
    """Mean silhouette by k."""
    return _read(reference, "silhouette").set_index("k")["silhouette"]


@pytest.fixture(scope="session")
def toy_scores() -> pd.DataFrame:
    """Six populations x 60 samples: 20 inflamed, 40 not."""
    rng = np.random.default_rng(3)
    inflamed = np.array([2.0, 1.5, 1.0, -1.0, -2.0, -1.0])
    values = rng.normal(0, 0.3, (6, 60)) + np.where(np.arange(60) < 20, inflamed[:, None], -inflamed[:, None])
    names = ["CD8 T cells", "B cells", "NK cells", "Mast cells", "Fibroblasts", "Endothelial cells"]
    return pd.DataFrame(values, index=names, columns=[f"P{i:02d}" for i in range(60)])


@pytest.fixture(scope="session")
def toy_groups() -> dict[str, str]:
    """Groups of the six populations."""
    return {
        "CD8 T cells": "adaptive",
        "B cells": "adaptive",
        "NK cells": "innate_activated",
        "Mast cells": "innate_inactivated",
        "Fibroblasts": "non_immune",
        "Endothelial cells": "non_immune",
    }
