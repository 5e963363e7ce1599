"""Why a matrix has no gene of any set is said in terms that a person can act on."""

import pytest

from tme_platform.expression import why_no_genes

WANTED = [f"GENE{n}" for n in range(50)]
SAMPLES = ["P1", "P2"]


@pytest.mark.parametrize(
    ("genes", "said"),
    [
        ([f"GENE{n}|{n}" for n in range(50)], "identifier after the symbol"),
        ([f"GENE{n};x" for n in range(50)], "identifier after the symbol"),
        ([f"{n}_GENE{n}" for n in range(50)], "identifier before the symbol"),
        ([f"Gene{n}" for n in range(50)], "another case"),
        ([f"GENE{n}.3" for n in range(50)], "version number"),
        ([str(n) for n in range(50)], "row numbers or Entrez ids"),
        ([f"ENSG{n:011d}.2" for n in range(50)], "Write `gene_id: ensembl`"),
        ([f"{n}_at" for n in range(50)], "probe sets"),
        (["alpha", "beta"], "Name them by HGNC symbols"),
    ],
)
def test_the_cause_is_named(genes: list[str], said: str) -> None:
    message = why_no_genes(genes, SAMPLES, WANTED, "tme24")
    assert message.startswith("no set of tme24 has enough of its genes in the matrix (0 of 50 genes found).")
    assert said in message


def test_a_transposed_matrix_is_recognised() -> None:
    assert "the matrix is transposed" in why_no_genes(["P1", "P2"], WANTED[:10], WANTED, "tme24")
    assert "transposed" not in why_no_genes(["P1", "P2"], ["A", "B"], WANTED, "tme24")


def test_a_matrix_of_few_genes_is_not_said_to_be_named_wrongly() -> None:
    assert "Bring more genes" in why_no_genes(["GENE1", "GENE2", "x"], SAMPLES, WANTED, "tme24")
