"""Checks on image headers that keep their voxels in another file (`.mhd`, `.nhdr`)."""

from pathlib import Path

from tme_platform.imaging.errors import ImagingError

_SEPARATORS = {".mhd": "=", ".mha": "=", ".nhdr": ":", ".nrrd": ":"}
_KEYS = ("elementdatafile", "datafile")
_MOST_BYTES = 1 << 16


def check_data_file(path: Path, kind: str) -> None:
    """Raise unless the voxels are in the file itself or in a single file in the same folder.

    A header can refer to any file of the machine, but only files in the landing folder may be read. Lists and patterns
    of files are refused as well.

    Raises
    ------
    ImagingError
        ``<kind>_unreadable``.
    """
    separator = _SEPARATORS.get(path.suffix.lower())
    if separator is None:
        return
    with path.open("rb") as stream:
        head = stream.read(_MOST_BYTES)
    for line in head.decode("latin-1").splitlines():
        name, found, value = line.partition(separator)
        if found and name.replace(" ", "").lower() in _KEYS:
            _check_name(path, value.strip(), kind)
            return


def _check_name(path: Path, named: str, kind: str) -> None:
    if named.upper() == "LOCAL":
        return
    beside = path.parent / named
    is_file_name = named and not any(sign in named for sign in "/\\%\0") and named.split()[0].upper() != "LIST"
    if not is_file_name or beside.resolve().parent != path.parent.resolve():
        raise ImagingError(
            f"{kind}_unreadable",
            f"the header of {path.name} refers to data outside a single file in its folder; save header and voxels in "
            "one file (.mha, .nrrd or .nii.gz).",
        )
