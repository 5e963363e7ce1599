"""The two bundled expression matrices."""

from pathlib import Path

import pandas as pd
import pytest

from tme_platform.expression import to_log2


@pytest.fixture(scope="session")
def scanb(landing: Path) -> pd.DataFrame:
    """SCAN-B: log2 FPKM, 10,000 genes x 400 tumours."""
    return pd.read_csv(landing / "scanb" / "log2_fpkm.tsv.gz", sep="\t", index_col=0)


@pytest.fixture(scope="session")
def tcga(landing: Path) -> pd.DataFrame:
    """TCGA-BRCA: log2 CPM, 20,124 genes x 60 tumours."""
    return to_log2(pd.read_csv(landing / "tcga_brca_rnaseq" / "counts.tsv.gz", sep="\t", index_col=0), "counts")


@pytest.fixture(scope="session")
def matrices(scanb: pd.DataFrame, tcga: pd.DataFrame) -> dict[str, pd.DataFrame]:
    return {"scanb400": scanb, "tcga_er60": tcga}
