"""Write simulated images as DICOM: a series of MR slices, and outlines as DICOM-SEG. Reading belongs in ``imaging``.

Identifiers derive from the patient and the name of the object, and dates are fixed, so the same image gives the same
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
        Destination; created if needed.
    image
        16-bit volume with axes parallel to the patient's.
    patient
        The pseudonym, the only identifier of the patient in the files.
    scanner
        One of `SCANNERS`, for the acquisition tags.

    Returns
    -------
    list of Path
        The files, in slice order.
    """
    folder.mkdir(parents=True, exist_ok=True)
    spacing, origin = image.GetSpacing(), image.GetOrigin()
    machine = SCANNERS[scanner]
    files = []
    for index, plane in enumerate(sitk.GetArrayViewFromImage(image)):
        path = folder / f"{index:03d}.dcm"
        dataset = _slice(path, patient, index)
        dataset.Rows, dataset.Columns = plane.shape
        dataset.PixelSpacing, dataset.SliceThickness = [spacing[1], spacing[0]], spacing[2]
        dataset.SpacingBetweenSlices = spacing[2]
        dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        dataset.ImagePositionPatient = [origin[0], origin[1], round(origin[2] + index * spacing[2], 4)]
        dataset.Manufacturer, dataset.ManufacturerModelName = "simulated", machine.model
        dataset.MagneticFieldStrength, dataset.RepetitionTime, dataset.EchoTime, dataset.FlipAngle = (
            machine.field_tesla,
            5.2,
            2.4,
            12,
        )
        dataset.PixelData = np.asarray(plane, dtype="<u2").tobytes()
        dataset.save_as(path, enforce_file_format=True)
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
        The pseudonym, and the outline's name (reader and session); its identifiers derive from both.
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
    dataset = Segmentation(
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
        if keyword in dataset:
            setattr(dataset, keyword, _DATE)
    for keyword in ("ContentTime", "SeriesTime", "InstanceCreationTime"):
        if keyword in dataset:
            setattr(dataset, keyword, _TIME)
    for contribution in dataset.get("ContributingEquipmentSequence", []):
        contribution.ContributionDateTime = _DATE + _TIME
    _fix_identifiers(dataset, patient, name)
    dataset.save_as(path, enforce_file_format=True)


def _slice(path: Path, patient: str, index: int) -> FileDataset:
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID = MRImageStorage, ExplicitVRLittleEndian
    meta.MediaStorageSOPInstanceUID = _uid(patient, "image", str(index))
    dataset = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID, dataset.SOPInstanceUID = MRImageStorage, meta.MediaStorageSOPInstanceUID
    dataset.PatientID, dataset.PatientName, dataset.PatientBirthDate, dataset.PatientSex = (
        patient,
        "Simulated^Patient",
        "",
        "",
    )
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = _uid(patient, "study"), _uid(patient, "image", "series")
    dataset.FrameOfReferenceUID, dataset.StudyID, dataset.AccessionNumber = _uid(patient, "frame"), "", ""
    dataset.StudyDate, dataset.StudyTime, dataset.AcquisitionTime, dataset.ReferringPhysicianName = (
        _DATE,
        _TIME,
        _TIME,
        "",
    )
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber, dataset.PositionReferenceIndicator = (
        "MR",
        1,
        index + 1,
        "",
    )
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 0
    return dataset


def _fix_identifiers(dataset: Any, patient: str, name: str) -> None:  # noqa: ANN401  # a pydicom data set has any element
    """Replace the identifiers that the library draws at random by values derived from the patient."""
    for number, sequence in enumerate(dataset.get("DimensionOrganizationSequence", [])):
        sequence.DimensionOrganizationUID = _uid(patient, name, "dimension", str(number))
        for item in dataset.get("DimensionIndexSequence", []):
            if "DimensionOrganizationUID" in item:
                item.DimensionOrganizationUID = sequence.DimensionOrganizationUID


def _uid(*names: str) -> str:
    from pydicom.uid import generate_uid

    return str(generate_uid(entropy_srcs=["tme simulate", *names]))
