"""Settings that determine the values of features. Options that do not (workers, progress) belong in ``batch``."""

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tme_platform.imaging import RegionSettings

FEATURE_VERSION = "4"
"""Increase it when the same image, mask and settings give other values, so that every row is recomputed."""

STUDY_IMAGE_TYPES: tuple[str, ...] = ("Original", "Square", "SquareRoot", "Logarithm", "Exponential")

ImageType = Literal["Original", "Square", "SquareRoot", "Logarithm", "Exponential", "Gradient", "LoG", "Wavelet"]


class ExtractionSettings(BaseModel):
    """Settings of the feature extraction; the defaults are those of a study (479 features per region).

    Attributes
    ----------
    normalise
        z-score over the body (all voxels that are not air, so that the amount of air around the patient does not
        matter), over the whole image (as pyradiomics and the published study do), or none.
    normalize_scale, voxel_array_shift, bin_width
        Scale after the z-score, shift of first-order energies, width of a grey-level bin (scaled units).
    bias_correction
        Whether to apply N4 bias-field correction first.
    image_types
        Image types of pyradiomics.
    log_sigma_mm
        Widths (mm) of the Laplacian-of-Gaussian filter, if ``LoG`` is among the image types.
    spacing_mm, pad_voxels
        Size of the resampled voxels and margin of the crop.
    inner_mm, outer_mm, leave_out_air, vessel_sd
        The ring, see ``tme_platform.imaging.RegionSettings``.
    engine
        What computes features from the preprocessed image: the platform's own code (``compiled``), or pyradiomics'
        extractor, which takes about ten times as long and gives the same values within a relative difference of 1e-9.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    normalise: Literal["body", "image", "none"] = "body"
    normalize_scale: float = Field(100.0, gt=0)
    voxel_array_shift: float = 300.0
    bin_width: float = Field(5.0, gt=0)
    bias_correction: bool = False
    image_types: tuple[ImageType, ...] = Field(
        ("Original", "Square", "SquareRoot", "Logarithm", "Exponential"), min_length=1
    )
    log_sigma_mm: tuple[float, ...] = (2.0, 3.0, 4.0)
    spacing_mm: float = Field(1.0, ge=0.1)
    pad_voxels: int = Field(5, ge=1, le=100)
    inner_mm: float = Field(2.0, ge=0)
    outer_mm: float = Field(2.0, ge=0)
    leave_out_air: bool = True
    vessel_sd: float | None = None
    engine: Literal["compiled", "pyradiomics"] = "compiled"

    @model_validator(mode="after")
    def _check(self) -> Self:
        self.region_settings()
        if len(set(self.image_types)) != len(self.image_types):
            raise ValueError("image_types lists a type twice")
        return self

    @classmethod
    def with_log(cls, **changes: Any) -> Self:
        """Return the study's settings with Laplacian-of-Gaussian images added to the five types."""
        return cls(image_types=(*STUDY_IMAGE_TYPES, "LoG"), **changes)

    @classmethod
    def with_wavelet(cls, **changes: Any) -> Self:
        """Return the study's settings with the eight wavelet decompositions added to the five types."""
        return cls(image_types=(*STUDY_IMAGE_TYPES, "Wavelet"), **changes)

    def resolved(self) -> dict[str, Any]:
        """Return every setting with its value as plain types, for hashing and for tables.

        A setting without effect (``log_sigma_mm`` without ``LoG``) is left out, and so is the engine unless it is
        pyradiomics.
        """
        values = self.model_dump(mode="json")
        if self.engine == "compiled":
            del values["engine"]
        if "LoG" not in self.image_types:
            del values["log_sigma_mm"]
        return values

    def region_settings(self) -> RegionSettings:
        """Return the settings of the ring and its grid."""
        return RegionSettings(
            inner_mm=self.inner_mm,
            outer_mm=self.outer_mm,
            leave_out_air=self.leave_out_air,
            vessel_sd=self.vessel_sd,
            spacing_mm=self.spacing_mm,
            pad_voxels=self.pad_voxels,
        )

    def filters(self) -> dict[str, dict[str, Any]]:
        """Return the image types with their arguments, in the form pyradiomics expects."""
        return {name: {"sigma": list(self.log_sigma_mm)} if name == "LoG" else {} for name in self.image_types}


WHOLE_IMAGE = ExtractionSettings(normalise="image")
"""The settings of ``extract`` called without any: a study's, but normalised over the whole image as by pyradiomics."""
