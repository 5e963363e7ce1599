"""DICOM files made for the tests: an MR series, and an RTSTRUCT drawn round a mask."""

import contourpy
import numpy as np
import SimpleITK as sitk  # noqa: N813
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, RTStructureSetStorage, generate_uid

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


def _dataset(path, storage):
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = storage, generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    made.SOPClassUID, made.SOPInstanceUID = storage, meta.MediaStorageSOPInstanceUID
    for tag, value in PLANTED.items():
        setattr(made, tag, value)
    return made


def write_series(folder, values, *, uid=None, number=1, spacing=(0.8, 0.8, 2.5), time="100000", **tags):
    """Write values (z, y, x) as one MR slice per file; returns the files in the order of the slices."""
    folder.mkdir(parents=True, exist_ok=True)
    uid = uid or generate_uid()
    files = []
    for index, plane in enumerate(values):
        path = folder / f"{generate_uid()[-20:]}.dcm"
        made = _dataset(path, MRImageStorage)
        made.Modality, made.SeriesInstanceUID, made.SeriesNumber = "MR", uid, number
        made.StudyInstanceUID, made.FrameOfReferenceUID, made.InstanceNumber = generate_uid(), generate_uid(), index + 1
        made.Rows, made.Columns = plane.shape
        made.PixelSpacing, made.SliceThickness = [spacing[1], spacing[0]], spacing[2]
        made.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        made.ImagePositionPatient = [-10.0, -20.0, 30.0 + index * spacing[2]]
        made.AcquisitionTime, made.SamplesPerPixel, made.PhotometricInterpretation = time, 1, "MONOCHROME2"
        made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 16, 16, 15, 0
        made.Manufacturer, made.ManufacturerModelName, made.MagneticFieldStrength = "ACME", "Magneto", 3
        made.RepetitionTime, made.EchoTime, made.FlipAngle = 5.2, 2.4, 12
        for tag, value in tags.items():
            setattr(made, tag, value)
        made.PixelData = plane.astype("uint16").tobytes()
        made.save_as(path, enforce_file_format=True)
        files.append(path)
    return files


def write_structure(path, mask, numbers=(1,)):
    """Write an RTSTRUCT whose contours run half-way between the voxels inside and outside of a mask."""
    made = _dataset(path, RTStructureSetStorage)
    made.Modality = "RTSTRUCT"
    made.ROIContourSequence = Sequence()
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
        made.ROIContourSequence.append(item)
    made.save_as(path, enforce_file_format=True)
    return path
