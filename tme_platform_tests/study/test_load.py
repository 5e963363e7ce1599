"""Study files: defaults, extension and error messages."""

from pathlib import Path

import pytest

from tme_platform.study import StudyError, load_study, packaged_studies


def test_the_packaged_studies_load() -> None:
    assert {"han2024", "tcga_brca"} <= set(packaged_studies())
    study = load_study("tcga_brca")
    assert study.name == "tcga_brca"
    assert study.phenotypes.k_min == 2
    assert study.phenotypes.k_max == 8
    assert study.agreement.min_icc == 0.75
    assert study.signature.n_splits == 5
    assert study.extraction.inner_mm == study.extraction.outer_mm == 2.0


def test_an_extending_study_overrides_single_settings(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("extends: tcga_brca\nname: mine\nphenotypes:\n  k: 3\n")
    study = load_study(path)
    assert study.name == "mine"
    assert study.phenotypes.k == 3
    assert study.phenotypes.k_max == 8
    assert study.cohorts == load_study("tcga_brca").cohorts


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: [", "not valid YAML"),
        ("- a\n- b\n", "should hold settings by name"),
        ("name: x\ntitle: t\nphenotypez: {}\n", "phenotypez"),
        ("name: x\ntitle: t\nphenotypes: {k: 1}\n", "phenotypes.k"),
        ("name: 'x; drop table'\ntitle: t\n", "name"),
        ("!!python/object/apply:os.system ['true']", "not valid YAML"),
    ],
)
def test_errors_name_the_mistake(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(text)
    with pytest.raises(StudyError, match=said):
        load_study(path)


def test_the_body_is_normalised_however_the_study_file_is_written(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    for text in ("", "extraction: {bin_width: 25}\n", "extends: han2024\nextraction: {bin_width: 25}\n"):
        path.write_text(f"name: own\ntitle: Own\n{text}")
        assert load_study(path).extraction.normalise == "body"
    path.write_text("name: own\ntitle: Own\nextraction: {normalise: image}\n")
    assert load_study(path).extraction.normalise == "image"


def test_circular_extension_is_refused(tmp_path: Path) -> None:
    first, second = tmp_path / "a.yaml", tmp_path / "b.yaml"
    first.write_text(f"extends: {second}\nname: a\ntitle: a\n")
    second.write_text(f"extends: {first}\nname: b\ntitle: b\n")
    with pytest.raises(StudyError, match="extends itself"):
        load_study(first)


def test_an_unknown_study_lists_the_known_ones() -> None:
    with pytest.raises(StudyError, match="tcga_brca"):
        load_study("nowhere")


def test_a_study_file_in_another_encoding_is_refused_and_a_mark_of_utf_8_is_read(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_bytes("name: s\ntitle: Münster\n".encode("latin-1"))
    with pytest.raises(StudyError, match="not UTF-8"):
        load_study(path)
    path.write_text("name: s\ntitle: Münster\n", encoding="utf-8-sig")
    assert load_study(path).title == "Münster"
