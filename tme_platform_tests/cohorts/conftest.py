from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tme_platform.cohorts import Cohort, read_cohort, showing_cells

HEAD = """title: A cohort
roles: [immune_phenotype]
provenance: {kind: simulated, source: typed by hand, licence: none}
"""


@pytest.fixture(autouse=True)
def _on_the_terminal() -> Iterator[None]:
    """Messages as `tme check` shows them, with cells; what a run stores is in `steps/test_identifiers.py`."""
    with showing_cells():
        yield


@pytest.fixture
def land(tmp_path: Path) -> Callable[..., tuple[Path, Cohort]]:
    """Create a landing folder from the text of cohort.yaml below HEAD, and files by name."""

    def make(declared: str, files: dict[str, str] | None = None, name: str = "small") -> tuple[Path, Cohort]:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        (folder / "cohort.yaml").write_text(HEAD + declared)
        for file, text in (files or {}).items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_text(text)
        return folder, read_cohort(folder)

    return make


@pytest.fixture
def rules() -> Callable[..., dict[str, int]]:
    """Count rejections by rule."""
    return lambda rejected: {str(rule): int(n) for rule, n in rejected["rule"].value_counts().items()}
