"""Settings of the tumour's regions: the ring and the grid. Settings of the features belong in `radiomics`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RegionSettings:
    """Width and contents of the ring, and the grid it is computed on; the defaults are the study's.

    Attributes
    ----------
    inner_mm, outer_mm
        Width of the ring inside and outside the border, mm; ``outer_mm`` at most the grid's margin.
    leave_out_air
        Whether air is left out of the ring.
    vessel_sd
        Leave out voxels brighter than the tumour's mean plus this many of its standard deviations; None keeps them.
    spacing_mm, pad_voxels
        Voxel size of the grid, and its margin round the outline in voxels.

    Raises
    ------
    ValueError
        If a width is negative, both are 0, or ``outer_mm`` exceeds the margin.
    """

    inner_mm: float = 2.0
    outer_mm: float = 2.0
    leave_out_air: bool = True
    vessel_sd: float | None = None
    spacing_mm: float = 1.0
    pad_voxels: int = 5

    def __post_init__(self) -> None:
        if min(self.inner_mm, self.outer_mm) < 0:
            raise ValueError(f"inner_mm and outer_mm must not be negative, got {self.inner_mm:g}, {self.outer_mm:g}")
        if self.inner_mm + self.outer_mm == 0:
            raise ValueError("inner_mm and outer_mm are both 0: the ring has no width")
        if self.outer_mm > self.pad_voxels * self.spacing_mm:
            raise ValueError(
                f"outer_mm = {self.outer_mm:g} does not fit in the grid's margin of {self.pad_voxels} voxels; increase "
                "pad_voxels (which changes the scale of the filters and therefore all features)"
            )
