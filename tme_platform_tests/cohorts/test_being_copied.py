"""A marker file says that a landing folder is being filled."""

import pytest

from tme_platform.cohorts import CohortError, check_cohort, read_cohort
from tme_platform.steps.world import declaration

COHORT = (
    "title: T\nroles: [phenotype_replication]\nprovenance: {kind: real, source: s, licence: l}\n"
    "clinical: [{file: c.csv, patient_id: id}]\n"
)


@pytest.mark.parametrize("marker", [".copying", ".incomplete"])
def test_a_folder_with_a_marker_is_not_read(tmp_path, marker):
    folder = tmp_path / "small"
    folder.mkdir()
    (folder / "cohort.yaml").write_text(COHORT)
    declaration(folder)
    (folder / marker).touch()
    for read in (read_cohort, declaration):
        with pytest.raises(CohortError, match="files are being copied") as raised:
            read(folder)
        assert raised.value.rule == "being_copied"
    report = check_cohort(folder)
    assert report.ok
    assert f"Remove {marker} when all files are there" in report.waits
    (folder / marker).unlink()
    assert read_cohort(folder) == declaration(folder)
