"""What decides the value of a feature. Anything that does not change values (workers, progress) is no setting."""

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

FEATURE_VERSION = "1"
"""Raised whenever the same image, mask and settings would give other values, so that every row is computed anew."""

STUDY_IMAGE_TYPES: tuple[str, ...] = ("Original", "Square", "SquareRoot", "Logarithm", "Exponential")

ImageType = Literal["Original", "Square", "SquareRoot", "Logarithm", "Exponential", "Gradient", "LoG", "Wavelet"]


class ExtractionSettings(BaseModel):
    """Settings of the feature extraction; the defaults are the study's (479 features per region).

    Attributes
    ----------
    normalise
        z-score over the whole image, over the body (what is not air), or not at all.
    normalize_scale, voxel_array_shift, bin_width
        Factor after the z-score, shift of first-order energies, width of a grey-level bin (scaled units).
    bias_correction
        N4 bias-field correction before anything else.
    image_types
        pyradiomics' image types.
    log_sigma_mm
        Widths (mm) of the Laplacian-of-Gaussian filter, if ``LoG`` is among the image types.
    spacing_mm, pad_voxels
        Side of the resampled voxels and margin of the crop.
    inner_mm, outer_mm, leave_out_air, vessel_sd
        The ring, see ``tme_platform.imaging.regions``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    normalise: Literal["image", "body", "none"] = "image"
    normalize_scale: float = Field(100.0, gt=0)
    voxel_array_shift: float = 300.0
    bin_width: float = Field(5.0, gt=0)
    bias_correction: bool = False
    image_types: tuple[ImageType, ...] = Field(
        ("Original", "Square", "SquareRoot", "Logarithm", "Exponential"), min_length=1
    )
    log_sigma_mm: tuple[float, ...] = (2.0, 3.0, 4.0)
    spacing_mm: float = Field(1.0, gt=0)
    pad_voxels: int = Field(5, ge=1)
    inner_mm: float = Field(2.0, ge=0)
    outer_mm: float = Field(2.0, ge=0)
    leave_out_air: bool = True
    vessel_sd: float | None = None

    @model_validator(mode="after")
    def _ring_fits(self) -> Self:
        if self.outer_mm > self.pad_voxels * self.spacing_mm:
            raise ValueError(
                f"outer_mm = {self.outer_mm:g} does not fit in the crop's margin of {self.pad_voxels} voxels; raise "
                "pad_voxels (which changes the filters' scale, hence all features)"
            )
        if self.inner_mm + self.outer_mm == 0:
            raise ValueError("inner_mm and outer_mm are both 0: the ring has no width")
        if len(set(self.image_types)) != len(self.image_types):
            raise ValueError("image_types names a type twice")
        return self

    @classmethod
    def with_log(cls, **changes: Any) -> Self:
        """Return the study's settings with Laplacian-of-Gaussian images beside the five types."""
        return cls(image_types=(*STUDY_IMAGE_TYPES, "LoG"), **changes)

    @classmethod
    def with_wavelet(cls, **changes: Any) -> Self:
        """Return the study's settings with the eight wavelet decompositions beside the five types."""
        return cls(image_types=(*STUDY_IMAGE_TYPES, "Wavelet"), **changes)

    def resolved(self) -> dict[str, Any]:
        """Return every setting with its value as plain types, for hashing and for tables.

        A setting that changes nothing (``log_sigma_mm`` without ``LoG``) is left out.
        """
        values = self.model_dump(mode="json")
        if "LoG" not in self.image_types:
            del values["log_sigma_mm"]
        return values

    def ring(self) -> dict[str, Any]:
        """Return the arguments that ``imaging.regions`` and ``imaging.region_quality`` take."""
        names = ("inner_mm", "outer_mm", "leave_out_air", "vessel_sd", "spacing_mm", "pad_voxels")
        return {name: getattr(self, name) for name in names}

    def filters(self) -> dict[str, dict[str, Any]]:
        """Return the image types with their own arguments, as pyradiomics takes them."""
        return {name: {"sigma": list(self.log_sigma_mm)} if name == "LoG" else {} for name in self.image_types}
