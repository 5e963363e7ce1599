"""Synthetic DICOM files: an MR series, an enhanced MR file, and an RTSTRUCT with the contours of a mask."""

import contourpy
import numpy as np
import SimpleITK as sitk  # noqa: N813
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    EnhancedMRImageStorage,
    ExplicitVRLittleEndian,
    MRImageStorage,
    RTStructureSetStorage,
    generate_uid,
)

PLANTED = {
    "PatientName": "Doe^Jane",
    "PatientID": "MRN-4711-0815",
    "PatientBirthDate": "19610203",
    "PatientAddress": "Elm Street 13",
    "ReferringPhysicianName": "Quincy^Dr",
    "InstitutionName": "Saint Elsewhere",
    "AccessionNumber": "ACC99887766",
    "StudyDate": "20190817",
    "SeriesDescription": "Jane Doe left breast",
    "OperatorsName": "Smith^Nurse",
    "DeviceSerialNumber": "SN-31415926",
    "ProtocolName": "Doe protocol",
}
"""Personal data in every file, which must not appear in any output."""


def _dataset(path, storage):
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = storage, generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID, dataset.SOPInstanceUID = storage, meta.MediaStorageSOPInstanceUID
    for tag, value in PLANTED.items():
        setattr(dataset, tag, value)
    return dataset


def write_series(folder, values, *, uid=None, number=1, first=1, spacing=(0.8, 0.8, 2.5), time="100000", **tags):
    """Write values (z, y, x) as one MR slice per file; return the files in the order of the slices.

    `first` is the instance number of the first slice.
    """
    folder.mkdir(parents=True, exist_ok=True)
    uid = uid or generate_uid()
    files = []
    for index, plane in enumerate(values):
        path = folder / f"{generate_uid()[-20:]}.dcm"
        dataset = _dataset(path, MRImageStorage)
        dataset.Modality, dataset.SeriesInstanceUID, dataset.SeriesNumber = "MR", uid, number
        dataset.StudyInstanceUID, dataset.FrameOfReferenceUID, dataset.InstanceNumber = (
            generate_uid(),
            generate_uid(),
            first + index,
        )
        dataset.Rows, dataset.Columns = plane.shape
        dataset.PixelSpacing, dataset.SliceThickness = [spacing[1], spacing[0]], spacing[2]
        dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        dataset.ImagePositionPatient = [-10.0, -20.0, 30.0 + index * spacing[2]]
        dataset.AcquisitionTime, dataset.SamplesPerPixel, dataset.PhotometricInterpretation = time, 1, "MONOCHROME2"
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 0
        dataset.Manufacturer, dataset.ManufacturerModelName, dataset.MagneticFieldStrength = "ACME", "Magneto", 3
        dataset.RepetitionTime, dataset.EchoTime, dataset.FlipAngle = 5.2, 2.4, 12
        for tag, value in tags.items():
            setattr(dataset, tag, value)
        dataset.PixelData = plane.astype("uint16").tobytes()
        dataset.save_as(path, enforce_file_format=True)
        files.append(path)
    return files


def write_enhanced(path, phases, *, uid="1.2.3", spacing=(0.8, 0.8, 2.5), by_slice=False, slopes=(1.0,), **tags):
    """Write phases (each z, y, x) as the frames of one enhanced MR file; the n-th phase has the n-th slope.

    Frames are in the order of the phases, with `by_slice` in that of the slices.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset = _dataset(path, EnhancedMRImageStorage)
    dataset.Modality, dataset.SeriesInstanceUID, dataset.SeriesNumber, dataset.InstanceNumber = "MR", uid, 1, 1
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 0
    dataset.Rows, dataset.Columns = phases[0][0].shape
    dataset.Manufacturer, dataset.MagneticFieldStrength = "ACME", 3
    shared = Dataset()
    _group(shared, "PixelMeasures", PixelSpacing=[spacing[1], spacing[0]], SliceThickness=spacing[2])
    _group(shared, "PlaneOrientation", ImageOrientationPatient=[1, 0, 0, 0, 1, 0])
    _group(shared, "MREcho", EffectiveEchoTime=2.4)
    _group(shared, "MRTimingAndRelatedParameters", RepetitionTime=5.2, FlipAngle=12)
    frames = [(phase, z) for phase in range(len(phases)) for z in range(len(phases[0]))]
    dataset.PerFrameFunctionalGroupsSequence, planes = Sequence(), []
    for phase, z in sorted(frames, key=lambda frame: frame[::-1]) if by_slice else frames:
        groups = Dataset()
        _group(groups, "PlanePosition", ImagePositionPatient=[-10.0, -20.0, 30.0 + z * spacing[2]])
        _group(groups, "FrameContent", TemporalPositionIndex=phase + 1)
        slope = slopes[phase % len(slopes)]
        _group(groups, "PixelValueTransformation", RescaleSlope=slope, RescaleIntercept=0, RescaleType="US")
        dataset.PerFrameFunctionalGroupsSequence.append(groups)
        planes.append(phases[phase][z])
    dataset.SharedFunctionalGroupsSequence, dataset.NumberOfFrames = Sequence([shared]), len(planes)
    for tag, value in tags.items():
        setattr(dataset, tag, value)
    dataset.PixelData = np.stack(planes).astype("uint16").tobytes()
    dataset.save_as(path, enforce_file_format=True)
    return path


def _group(groups, name, **tags):
    item = Dataset()
    for tag, value in tags.items():
        setattr(item, tag, value)
    setattr(groups, f"{name}Sequence", Sequence([item]))


def write_structure(path, mask, numbers=(1,)):
    """Write an RTSTRUCT whose contours run half-way between the voxels inside and outside a mask."""
    dataset = _dataset(path, RTStructureSetStorage)
    dataset.Modality = "RTSTRUCT"
    dataset.ROIContourSequence = Sequence()
    for number in numbers:
        item = Dataset()
        item.ReferencedROINumber, item.ContourSequence = number, Sequence()
        for z, plane in enumerate(np.pad(sitk.GetArrayFromImage(mask), ((0, 0), (1, 1), (1, 1)))):
            for line in contourpy.contour_generator(z=plane.astype(float)).lines(0.5):
                contour = Dataset()
                points = [mask.TransformContinuousIndexToPhysicalPoint([x - 1, y - 1, float(z)]) for x, y in line[:-1]]
                contour.ContourGeometricType, contour.NumberOfContourPoints = "CLOSED_PLANAR", len(points)
                contour.ContourData = [f"{value:.6g}" for point in points for value in point]
                item.ContourSequence.append(contour)
        dataset.ROIContourSequence.append(item)
    dataset.save_as(path, enforce_file_format=True)
    return path
