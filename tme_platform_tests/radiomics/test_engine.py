"""Both engines give the same features, and only the default one keeps the keys of rows."""

import numpy as np
import pytest
import yaml

from tme_platform.radiomics import ExtractionSettings, extract, extract_shuffled, feature_names, row_key
from tme_platform.steps.radiomics import feature_set_name
from tme_platform.study import StudyError, load_study


def with_pyradiomics(settings):
    return settings.model_copy(update={"engine": "pyradiomics"})


def relative_difference(ours, theirs):
    """Largest relative difference; for values below 0.001 (such as a skewness of 1e-16), relative to 0.001."""
    return ((ours - theirs).abs() / theirs.abs().clip(lower=1e-3)).max()


def assert_same(image, mask, settings, **given):
    ours, theirs = extract(image, mask, settings, **given), extract(image, mask, with_pyradiomics(settings), **given)
    assert list(ours.index) == list(theirs.index) == feature_names(settings)
    assert ours.isna().eq(theirs.isna()).all()
    assert relative_difference(ours, theirs) < 1e-9
    return theirs


def test_all_features_of_a_real_tumour_are_the_same(tumour):
    found = assert_same(*tumour, ExtractionSettings())
    assert len(found) == 958
    assert np.isfinite(found).all()


def test_other_image_types_are_the_same(tumour):
    assert_same(*tumour, ExtractionSettings(image_types=("LoG", "Wavelet", "Gradient"), log_sigma_mm=(2.0, 3.5)))


def test_a_region_that_is_left_out_has_no_features(small):
    image, mask = small
    found = assert_same(image, mask, ExtractionSettings(image_types=("Original",)), exclude=mask * 0 + 1)
    assert found.filter(regex="^ring_").isna().all()


def test_the_engine_computes_controls_as_well(small):
    settings = ExtractionSettings(image_types=("Original",), bin_width=25)
    ours, theirs = (extract_shuffled(*small, given) for given in (settings, with_pyradiomics(settings)))
    assert relative_difference(ours, theirs) < 1e-9


def test_pyradiomics_itself_is_called(small, monkeypatch):
    monkeypatch.setattr(
        "radiomics.featureextractor.RadiomicsFeatureExtractor.execute", lambda *_: {"original_shape_MeshVolume": -1.0}
    )
    settings = ExtractionSettings(image_types=("Original",))
    assert extract(*small, settings)["tumour_original_shape_MeshVolume"] > 0
    assert extract(*small, with_pyradiomics(settings))["tumour_original_shape_MeshVolume"] == -1


def test_only_the_other_engine_changes_the_key():
    given = ("ab" * 32, "cd" * 32, 1)
    default, other = ExtractionSettings(), ExtractionSettings(engine="pyradiomics")
    assert "engine" not in default.resolved()  # rows of earlier versions are kept
    assert other.resolved() == default.resolved() | {"engine": "pyradiomics"}
    assert row_key(*given, other) != row_key(*given, default) == row_key(*given, ExtractionSettings(engine="compiled"))
    assert feature_set_name(other) == feature_set_name(default)


def test_a_study_file_names_the_engine(tmp_path):
    for text, engine in (("compiled", "compiled"), ("pyradiomics", "pyradiomics")):
        path = tmp_path / f"{text}.yaml"
        path.write_text(yaml.safe_dump({"extends": "han2024", "name": "own", "extraction": {"engine": text}}))
        assert load_study(path).extraction.engine == engine
    path.write_text(yaml.safe_dump({"extends": "han2024", "name": "own", "extraction": {"engine": "fast"}}))
    with pytest.raises(StudyError, match="engine"):
        load_study(path)
