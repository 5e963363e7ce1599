"""How much one landed file may hold or expand to, because landed files may be decompression bombs.

All limits stand here; `docs/rejected_input.md` lists them. The readers apply them before they reserve memory.
"""

MAX_VOXELS = 1 << 30
"""Most voxels of an image file or series, all phases together (1,074 million): six phases of 512 x 512 x 600."""
UNCHECKED_BYTES = 1 << 30
"""Size (1 GiB) up to which a file may expand without a check; 512 x 512 x 600 voxels of single precision take 0.6."""
MAX_RATIO = 200
"""Largest ratio to the stored size beyond that. Images and tables reach 2 to 20; the limit of gzip is 1,032."""
MAX_CELLS = 2_000_000_000
"""Most cells of a Parquet file, in which a repeated value takes almost no space: 60,000 genes of 33,000 patients."""
MAX_HEADER_BYTES = 1 << 20
"""Longest text header of an image (1 MiB)."""
MAX_DICOM_ITEMS = 1000
"""Most sequence items in a DICOM slice, which bounds how deep they are nested."""
MAX_CONTOURS = 10_000
"""Most contours of a structure."""
MAX_CONTOURS_PER_SLICE = 500
"""Most contours of a structure on one slice."""
MAX_CONTOUR_POINTS = 1_000_000
"""Most points of a structure, all contours together."""


def expands_too_far(expanded: float, stored: int) -> bool:
    """Whether a file of `stored` bytes expands further than any ordinary file does."""
    return expanded > max(UNCHECKED_BYTES, MAX_RATIO * stored)
