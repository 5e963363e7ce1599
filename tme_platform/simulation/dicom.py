"""Simulated images as DICOM: a series of MR slices and an outline as DICOM-SEG. Reading DICOM is `imaging`'s.

Identifiers hang on the patient and the name of the object, and no clock is asked, so that the same image gives the same
bytes.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import SimpleITK as sitk  # noqa: N813

from tme_platform.simulation.scanners import SCANNERS

if TYPE_CHECKING:
    from pydicom.dataset import FileDataset

_DATE, _TIME = "20240101", "120000"


def write_series(folder: Path, image: sitk.Image, *, patient: str, scanner: str) -> list[Path]:
    """Write an image as one MR slice per file.

    Parameters
    ----------
    folder
        Where; made if it is not there.
    image
        16-bit volume with axes along the patient's.
    patient
        The pseudonym; nothing else names the patient.
    scanner
        One of `SCANNERS`, for the acquisition tags.

    Returns
    -------
    list of Path
        The files, by slice.
    """
    folder.mkdir(parents=True, exist_ok=True)
    spacing, origin = image.GetSpacing(), image.GetOrigin()
    machine = SCANNERS[scanner]
    files = []
    for index, plane in enumerate(sitk.GetArrayViewFromImage(image)):
        path = folder / f"{index:03d}.dcm"
        made = _slice(path, patient, index)
        made.Rows, made.Columns = plane.shape
        made.PixelSpacing, made.SliceThickness = [spacing[1], spacing[0]], spacing[2]
        made.SpacingBetweenSlices = spacing[2]
        made.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        made.ImagePositionPatient = [origin[0], origin[1], round(origin[2] + index * spacing[2], 4)]
        made.Manufacturer, made.ManufacturerModelName = "simulated", machine.model
        made.MagneticFieldStrength, made.RepetitionTime, made.EchoTime, made.FlipAngle = (
            machine.field_tesla,
            5.2,
            2.4,
            12,
        )
        made.PixelData = np.asarray(plane, dtype="<u2").tobytes()
        made.save_as(path, enforce_file_format=True)
        files.append(path)
    return files


def write_segmentation(path: Path, mask: sitk.Image, slices: list[Path], *, patient: str, name: str) -> None:
    """Write an outline as DICOM-SEG with one segment.

    Parameters
    ----------
    path
        The file.
    mask
        8-bit, 1 inside, on the grid of the series.
    slices
        Files of the series (`write_series`).
    patient, name
        The pseudonym, and the outline's name (reader and session), on which its identifiers hang.
    """
    import highdicom as hd
    from highdicom.seg import Segmentation, SegmentationTypeValues, SegmentDescription
    from pydicom import dcmread
    from pydicom.sr.codedict import codes

    described = SegmentDescription(
        segment_number=1,
        segment_label="tumour",
        segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
        segmented_property_type=codes.SCT.Neoplasm,
        algorithm_type=hd.seg.SegmentAlgorithmTypeValues.MANUAL,
        tracking_uid=_uid(patient, name, "track"),
        tracking_id="tumour",
    )
    made = Segmentation(
        source_images=[dcmread(file) for file in slices],
        pixel_array=sitk.GetArrayFromImage(mask).astype(bool),
        segmentation_type=SegmentationTypeValues.BINARY,
        segment_descriptions=[described],
        series_instance_uid=_uid(patient, name, "series"),
        series_number=100,
        sop_instance_uid=_uid(patient, name, "object"),
        instance_number=1,
        manufacturer="simulated",
        manufacturer_model_name="tme simulate",
        software_versions="1",
        device_serial_number="0",
    )
    for keyword in ("ContentDate", "SeriesDate", "InstanceCreationDate"):
        if keyword in made:
            setattr(made, keyword, _DATE)
    for keyword in ("ContentTime", "SeriesTime", "InstanceCreationTime"):
        if keyword in made:
            setattr(made, keyword, _TIME)
    for contribution in made.get("ContributingEquipmentSequence", []):
        contribution.ContributionDateTime = _DATE + _TIME
    _settle(made, patient, name)
    made.save_as(path, enforce_file_format=True)


def _slice(path: Path, patient: str, index: int) -> FileDataset:
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID = MRImageStorage, ExplicitVRLittleEndian
    meta.MediaStorageSOPInstanceUID = _uid(patient, "image", str(index))
    made = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    made.SOPClassUID, made.SOPInstanceUID = MRImageStorage, meta.MediaStorageSOPInstanceUID
    made.PatientID, made.PatientName, made.PatientBirthDate, made.PatientSex = patient, "Simulated^Patient", "", ""
    made.StudyInstanceUID, made.SeriesInstanceUID = _uid(patient, "study"), _uid(patient, "image", "series")
    made.FrameOfReferenceUID, made.StudyID, made.AccessionNumber = _uid(patient, "frame"), "", ""
    made.StudyDate, made.StudyTime, made.AcquisitionTime, made.ReferringPhysicianName = _DATE, _TIME, _TIME, ""
    made.Modality, made.SeriesNumber, made.InstanceNumber, made.PositionReferenceIndicator = "MR", 1, index + 1, ""
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 16, 16, 15, 0
    return made


def _settle(made: Any, patient: str, name: str) -> None:  # noqa: ANN401  # a pydicom data set has any element
    """Give the identifiers that the library draws at random a value of the patient's own."""
    for number, sequence in enumerate(made.get("DimensionOrganizationSequence", [])):
        sequence.DimensionOrganizationUID = _uid(patient, name, "dimension", str(number))
        for item in made.get("DimensionIndexSequence", []):
            if "DimensionOrganizationUID" in item:
                item.DimensionOrganizationUID = sequence.DimensionOrganizationUID


def _uid(*names: str) -> str:
    from pydicom.uid import generate_uid

    return str(generate_uid(entropy_srcs=["tme simulate", *names]))
