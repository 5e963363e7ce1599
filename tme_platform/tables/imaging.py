"""Tables of image regions, acquisition and overlap of outlines."""

from __future__ import annotations

from tme_platform.tables.columns import PATIENT, count, flag, number, share, text
from tme_platform.tables.schema import Column, Stage, TableSchema

OUTLINE = (
    PATIENT,
    text("series", "Name of the image series.", required=True),
    text("reader", "Who outlined the tumour.", required=True),
    Column("session", "Int64", "Reading session; 1 is the first.", nullable=False),
)

OUTLINE_KEY = ("patient_id", "series", "reader", "session")

IMAGE_REGIONS = TableSchema(
    "image_regions",
    Stage.IMAGING,
    "One row per outline: size and shape of tumour and ring, what was excluded, and warnings.",
    (
        *OUTLINE,
        text("row_key", "Hash of the files and settings that determine the row.", required=True),
        flag("touches_border", "Whether the outline touches the edge of the image."),
        text("geometry_note", "How image and mask were brought to the same grid."),
        text("warnings", "Findings to check by eye."),
    ),
    key=OUTLINE_KEY,
    wide="Measure of the region; the last part of the name is the unit.",
)

IMAGE_ACQUISITION = TableSchema(
    "image_acquisition",
    Stage.IMAGING,
    "Acquisition of each image series: only the tags that are relevant for a signature.",
    (
        PATIENT,
        text("series", "Name of the image series.", required=True),
        text("image", "Image file or folder inside the landing folder.", required=True),
        text("dicom_series", "Series of a DICOM folder; empty if there is only one.", required=True),
        text("image_sha256", "SHA-256 of the image.", required=True),
        text("manufacturer", "Manufacturer of the scanner; like the following columns, from DICOM only."),
        text("model", "Model of the scanner."),
        number("field_strength_t", "Field strength, tesla.", 0),
        number("repetition_time_ms", "Repetition time, ms.", 0),
        number("echo_time_ms", "Echo time, ms.", 0),
        number("flip_angle_deg", "Flip angle, degrees."),
        number("spacing_x_mm", "Pixel spacing along a row, mm.", 0),
        number("spacing_y_mm", "Pixel spacing along a column, mm.", 0),
        number("slice_thickness_mm", "Slice thickness, mm (for other formats: the spacing of slices).", 0),
    ),
    key=("patient_id", "series", "image", "dicom_series"),
)

READER_OVERLAP = TableSchema(
    "reader_overlap",
    Stage.IMAGING,
    "Overlap of each two outlines of a lesion by different readers or in different sessions.",
    (
        PATIENT,
        text("series", "Name of the image series.", required=True),
        text("reader_a", "Reader of the first outline.", required=True),
        Column("session_a", "Int64", "Session of the first outline.", nullable=False),
        text("reader_b", "Reader of the second outline.", required=True),
        Column("session_b", "Int64", "Session of the second outline.", nullable=False),
        share("dice", "Dice coefficient: twice the common volume over the sum of the volumes."),
        number("hausdorff_mm", "Largest distance from either surface to the other, mm.", 0),
        number("hausdorff_95_mm", "95th percentile of these distances, mm.", 0),
        number("volume_ratio", "Volume of the second over the first.", 0),
        text("row_key", "Hash of the files of the lesion.", required=True),
    ),
    key=("patient_id", "series", "reader_a", "session_a", "reader_b", "session_b"),
)

TUMOUR_SLICE = TableSchema(
    "tumour_slice",
    Stage.IMAGING,
    "One image slice with tumour and ring, line by line, for display: the slice with the largest tumour area in the "
    "outline of median volume among the patients' first outlines. It names no patient.",
    (
        Column("line", "Int64", "Line of the slice from the top, from 0.", nullable=False, at_least=0),
        text(
            "intensities",
            "Voxels of the line in the unit of the image, with five digits, separated by spaces.",
            required=True,
        ),
        text("tumour", "1 where a voxel of the line lies in the tumour, else 0.", required=True),
        text("ring", "1 where a voxel of the line lies in the ring, else 0.", required=True),
        number("row_mm", "Distance between lines, mm.", 0),
        number("column_mm", "Distance between voxels of a line, mm.", 0),
        count("slice", "Number of the slice in the image, from 0."),
        text("top", "Side of the patient at the upper edge.", isin=("R", "A", "S")),
        text("left", "Side of the patient at the left edge.", isin=("R", "A", "S")),
        number("volume_ml", "Volume of the outline, ml.", 0),
        count("outlines", "Number of outlines from which it was chosen."),
        text("row_key", "Hash of the files and settings that determine the slice.", required=True),
    ),
    key=("line",),
)
