from tme_platform.radiomics import ExtractionSettings, feature_dictionary, feature_names
from tme_platform.radiomics._meanings import MEANINGS
from tme_platform.radiomics.names import class_features


def test_it_has_exactly_the_features_that_extract_returns(features):
    table = feature_dictionary()
    assert table["feature"].tolist() == features.index.tolist()
    assert len(table) == 958
    joined = table["region"] + "_" + table["image_type"] + "_" + table["feature_class"] + "_" + table["name"]
    assert joined.equals(table["feature"].rename(None))


def test_classes_have_as_many_features_as_published():
    counts = {family: len(meanings) for family, meanings in MEANINGS.items()}
    assert counts == {"shape": 14, "firstorder": 18, "glcm": 24, "gldm": 14, "glrlm": 16, "glszm": 16, "ngtdm": 5}
    assert sum(counts.values()) - 14 - 18 == 75
    for family, meanings in MEANINGS.items():
        assert set(meanings) == set(class_features(family))


def test_every_feature_has_a_sentence_of_its_own():
    table = feature_dictionary()
    assert table["meaning"].str.match(r"[A-Z0-9].{20,}\)\.$").all()
    assert not table["meaning"].duplicated().any()
    plain = table.groupby(["region", "image_type"])["meaning"].nunique()
    assert plain.tolist() == table.groupby(["region", "image_type"]).size().tolist()


def test_units():
    unit = feature_dictionary().set_index("feature")["unit"]
    assert unit["tumour_original_shape_MeshVolume"] == "mm3"
    assert unit["ring_original_shape_Maximum2DDiameterSlice"] == "mm"
    assert unit["ring_original_shape_SurfaceVolumeRatio"] == "1/mm"
    assert unit["tumour_square_firstorder_Mean"] == "intensity"
    assert unit["tumour_original_glszm_ZoneEntropy"] == "bit"
    assert unit.filter(regex="Sphericity|Skewness|glcm_Contrast").isna().all()


def test_other_image_types_are_described():
    names = feature_names(ExtractionSettings.with_wavelet())
    table = feature_dictionary(ExtractionSettings.with_wavelet()).set_index("feature")
    assert table.index.tolist() == names
    assert "wavelet" in table.loc["ring_wavelet-LLH_glcm_Contrast", "meaning"]
    assert "square root" in table.loc["ring_squareroot_glcm_Contrast", "meaning"]
    logs = feature_dictionary(ExtractionSettings.with_log()).set_index("feature")
    assert "Laplacian" in logs.loc["tumour_log-sigma-2-0-mm-3D_glcm_Contrast", "meaning"]
