"""Outlines as files, right and wrong: RTSTRUCT from contours, SEG from frames. Image series are in `dicom_files`."""

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, RTStructureSetStorage, SegmentationStorage, generate_uid


def disc(radius, centre=(0.0, 0.0), points=60):
    """Vertices (x, y) of a circle."""
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    return np.column_stack([centre[0] + radius * np.cos(angle), centre[1] + radius * np.sin(angle)])


def at(z, *polygons, kind="CLOSED_PLANAR"):
    """Contours (kind, points in mm) of polygons in a plane."""
    return [(kind, np.column_stack([polygon, np.full(len(polygon), float(z))])) for polygon in polygons]


def write_contours(path, contours, *, frame=None, patient=None, images=(), change=None, roi=1):
    """Write an RTSTRUCT with one structure; `change` may break a contour (number from 0, dataset)."""
    structures = _dataset(RTStructureSetStorage, "RTSTRUCT", patient)
    named, drawn = Dataset(), Dataset()
    named.ROINumber, named.ROIName = roi, "tumour"
    if frame:
        named.ReferencedFrameOfReferenceUID = frame
    drawn.ReferencedROINumber, drawn.ContourSequence = roi, Sequence()
    for number, (kind, points) in enumerate(contours):
        contour = Dataset()
        contour.ContourGeometricType, contour.NumberOfContourPoints = kind, len(points)
        contour.ContourData = [f"{value:.8g}" for value in np.ravel(points)]
        if images:
            contour.ContourImageSequence = Sequence([_reference(images[number % len(images)])])
        if change:
            change(number, contour)
        drawn.ContourSequence.append(contour)
    structures.StructureSetROISequence, structures.ROIContourSequence = Sequence([named]), Sequence([drawn])
    structures.save_as(path, enforce_file_format=True)
    return path


def write_frames(
    path,
    frames,
    *,
    segments=(1,),
    of_segment=None,
    spacing=(1.0, 1.0),
    between=None,
    orientation=(1, 0, 0, 0, 1, 0),
    kind="BINARY",
    frame=None,
    patient=None,
    images=(),
    **tags,
):
    """Write a DICOM-SEG from frames: a list of (position of the first pixel, array). Values are stored as bytes."""
    found = _dataset(SegmentationStorage, "SEG", patient)
    found.SegmentationType, found.SamplesPerPixel, found.PhotometricInterpretation = kind, 1, "MONOCHROME2"
    found.Rows, found.Columns = frames[0][1].shape
    found.NumberOfFrames = len(frames)
    found.BitsAllocated, found.BitsStored, found.HighBit, found.PixelRepresentation = 8, 8, 7, 0
    if frame:
        found.FrameOfReferenceUID = frame
    found.SegmentSequence = Sequence(_with(SegmentNumber=number, SegmentLabel=f"s{number}") for number in segments)
    measures = _with(PixelSpacing=[spacing[1], spacing[0]])
    if between:
        measures.SpacingBetweenSlices = between
    found.SharedFunctionalGroupsSequence = Sequence(
        [
            _with(
                PixelMeasuresSequence=Sequence([measures]),
                PlaneOrientationSequence=Sequence([_with(ImageOrientationPatient=list(orientation))]),
            )
        ]
    )
    groups = []
    for number, (position, _) in enumerate(frames):
        group = _with(PlanePositionSequence=Sequence([_with(ImagePositionPatient=[f"{v:.10g}" for v in position])]))
        if kind != "LABELMAP":
            own = of_segment[number] if of_segment else segments[0]
            group.SegmentIdentificationSequence = Sequence([_with(ReferencedSegmentNumber=own)])
        if images:
            derived = _with(SourceImageSequence=Sequence([_reference(images[number % len(images)])]))
            group.DerivationImageSequence = Sequence([derived])
        groups.append(group)
    found.PerFrameFunctionalGroupsSequence = Sequence(groups)
    if kind == "FRACTIONAL":
        found.MaximumFractionalValue = 255
    for tag, value in tags.items():
        setattr(found, tag, value)
    found.PixelData = b"".join(np.asarray(values, "u1").tobytes() for _, values in frames)
    if len(found.PixelData) % 2:
        found.PixelData += b"\0"
    found.save_as(path, enforce_file_format=True)
    return path


def _dataset(storage, modality, patient):
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = storage, generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID, dataset.SOPInstanceUID, dataset.Modality = storage, meta.MediaStorageSOPInstanceUID, modality
    if patient is not None:
        dataset.PatientID = patient
    return dataset


def _reference(uid):
    return _with(ReferencedSOPClassUID="1.2.840.10008.5.1.4.1.1.4", ReferencedSOPInstanceUID=uid)


def _with(**tags):
    dataset = Dataset()
    for tag, value in tags.items():
        setattr(dataset, tag, value)
    return dataset
