import pytest

from tme_platform.radiomics import WHOLE_IMAGE, ExtractionSettings, extract, feature_names, row_key

KEY = ("ab" * 32, "cd" * 32, 1, ExtractionSettings())


def test_defaults_are_the_study_settings():
    settings = ExtractionSettings()
    assert settings.resolved() == {
        "normalise": "body",
        "normalize_scale": 100.0,
        "voxel_array_shift": 300.0,
        "bin_width": 5.0,
        "bias_correction": False,
        "image_types": ["Original", "Square", "SquareRoot", "Logarithm", "Exponential"],
        "spacing_mm": 1.0,
        "pad_voxels": 5,
        "inner_mm": 2.0,
        "outer_mm": 2.0,
        "leave_out_air": True,
        "vessel_sd": None,
    }
    assert len(feature_names(settings)) == 958


def test_only_extraction_without_settings_normalises_the_whole_image(small):
    """Whatever else a study file sets, the body is normalised."""
    assert ExtractionSettings.model_validate({"bin_width": 25}).normalise == "body"
    assert ExtractionSettings.with_log().normalise == "body"
    assert WHOLE_IMAGE.resolved() == ExtractionSettings().resolved() | {"normalise": "image"}
    assert extract(*small).equals(extract(*small, WHOLE_IMAGE))


def test_presets_add_image_types():
    per_type = 18 + 75
    assert len(feature_names(ExtractionSettings.with_log())) == 958 + 2 * 3 * per_type
    assert len(feature_names(ExtractionSettings.with_wavelet(bin_width=10))) == 958 + 2 * 8 * per_type
    assert ExtractionSettings.with_log().resolved()["log_sigma_mm"] == [2.0, 3.0, 4.0]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"outer_mm": 6.0}, "margin"),
        ({"inner_mm": 0.0, "outer_mm": 0.0}, "no width"),
        ({"bin_width": 0.0}, "greater than 0"),
        ({"image_types": ("Original", "Original")}, "twice"),
        ({"image_types": ("Sobel",)}, "Input should be"),
        ({"binwidth": 5}, "not permitted"),
    ],
)
def test_invalid_settings_raise(wrong, message):
    with pytest.raises(ValueError, match=message):
        ExtractionSettings(**wrong)


def test_equal_settings_give_equal_keys():
    assert row_key(*KEY) == row_key("ab" * 32, "cd" * 32, 1, ExtractionSettings(bin_width=5))
    assert len(row_key(*KEY)) == 64


@pytest.mark.parametrize(
    "changed",
    [
        ("ff" * 32, *KEY[1:]),
        (KEY[0], "ff" * 32, *KEY[2:]),
        (*KEY[:2], 2, KEY[3]),
        (*KEY[:2], None, KEY[3]),
        (*KEY[:3], ExtractionSettings(bin_width=6)),
        (*KEY[:3], ExtractionSettings(inner_mm=1)),
        (*KEY[:3], ExtractionSettings.with_log()),
    ],
)
def test_inputs_and_settings_change_the_key(changed):
    assert row_key(*changed) != row_key(*KEY)


@pytest.mark.parametrize("selection", [("7", None, None), (None, 1, None), (None, 1, 0), (None, 0, None)])
def test_selected_series_and_phase_change_the_key(selection):
    assert row_key(*KEY, selection=selection) != row_key(*KEY)
    assert row_key(*KEY, selection=(None, None, None)) == row_key(*KEY)


def test_setting_without_effect_does_not_change_the_key():
    assert row_key(*KEY[:3], ExtractionSettings(log_sigma_mm=(1.0,))) == row_key(*KEY)
