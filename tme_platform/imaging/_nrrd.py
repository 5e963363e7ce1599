"""The header of a NRRD file, reduced to the fields that say what its voxels are and where they lie.

Texts of the header, and its own keys except those that describe the layers of segments, are left out.
"""

import re
from pathlib import Path

from tme_platform.imaging._plain_header import Encoding, HeaderLines, PlainHeader, broken_header
from tme_platform.imaging.errors import ImagingError

_TYPES = {
    "int8": ("signed char", "int8", "int8_t"),
    "uint8": ("uchar", "unsigned char", "uint8", "uint8_t"),
    "int16": ("short", "short int", "signed short", "signed short int", "int16", "int16_t"),
    "uint16": ("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"),
    "int32": ("int", "signed int", "int32", "int32_t"),
    "uint32": ("uint", "unsigned int", "uint32", "uint32_t"),
    "int64": ("longlong", "long long", "long long int", "signed long long", "signed long long int", "int64", "int64_t"),
    "uint64": ("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"),
    "float": ("float",),
    "double": ("double",),
}
_TYPE_OF = {name: plain for plain, names in _TYPES.items() for name in names}
_BYTES = {"int8": 1, "uint8": 1, "int16": 2, "uint16": 2, "int32": 4, "uint32": 4, "int64": 8, "uint64": 8}
_BYTES |= {"float": 4, "double": 8}
_ENCODINGS: dict[str, Encoding] = {"raw": "raw", "gzip": "gzip", "gz": "gzip", "bzip2": "bzip2", "bz2": "bzip2"}
_ENCODINGS |= {"txt": "text", "text": "text", "ascii": "text"}
_ALIASES = {
    "axismins": "axis mins",
    "axismaxs": "axis maxs",
    "centers": "centerings",
    "datafile": "data file",
    "lineskip": "line skip",
    "byteskip": "byte skip",
    "oldmin": "old min",
    "oldmax": "old max",
    "sampleunits": "sample units",
    "blocksize": "block size",
}
_NUMBERS = re.compile(r"[-+0-9.eEinfaINFA \t]*")
_WORDS = re.compile(r"[-A-Za-z0-9?_ \t]*")
_VECTORS = re.compile(r"[-+0-9.eEinfaINFA \t,()o]*")
_KEPT = {
    "sizes": _NUMBERS,
    "spacings": _NUMBERS,
    "axis mins": _NUMBERS,
    "axis maxs": _NUMBERS,
    "centerings": _WORDS,
    "kinds": _WORDS,
    "space": _WORDS,
    "space dimension": _NUMBERS,
    "space directions": _VECTORS,
    "space origin": _VECTORS,
}
"""Fields that are given to ITK, and the characters of their values."""
_READ = {"type", "dimension", "encoding", "endian", "data file", "line skip", "byte skip"}
_IGNORED = {
    *("content", "number", "min", "max", "old min", "old max", "block size", "labels", "units", "space units"),
    *("thicknesses", "sample units", "measurement frame"),
}
_SEGMENT = re.compile(r"Segment\w*_(?:Layer|LabelValue)", re.ASCII)
_WHOLE = re.compile(r"-?\d{1,9}", re.ASCII)
_FIELD = re.compile(r"([A-Za-z][A-Za-z ]*):(?!=)\s*(.*?)\s*")
_MOST_AXES = 8


def nrrd_header(path: Path, kind: str) -> PlainHeader:
    """Read the header of a NRRD file.

    Raises
    ------
    ImagingError
        ``<kind>_unreadable``: it is none, contradicts itself, or has a field that is not known.
    """
    with path.open("rb") as stream:
        lines = HeaderLines(stream, path, kind)
        if not re.fullmatch(r"NRRD000\d", lines.next() or ""):
            raise ImagingError(f"{kind}_unreadable", f"{path.name} is not a NRRD file; export it again as NRRD.")
        fields, segments = _fields(lines, path.name, kind)
        start = stream.tell()
    try:
        return _header(fields, segments, start)
    except (ValueError, KeyError) as error:
        raise broken_header(path.name, kind, f"lacks a field or has one that cannot be ({type(error).__name__})") from (
            error
        )


def _fields(lines: HeaderLines, name: str, kind: str) -> tuple[dict[str, str], list[str]]:
    """Return the fields by name, and the lines that describe segments, up to the empty line that ends the header."""
    fields: dict[str, str] = {}
    segments: list[str] = []
    while line := lines.next():
        if line.startswith("#"):
            continue
        field = _FIELD.fullmatch(line)
        if field is None:
            key, is_key, value = line.partition(":=")
            if not is_key:
                raise broken_header(name, kind, "has a line that is no field")
            if _SEGMENT.fullmatch(key):
                segments.append(f"{key}:={value if _WHOLE.fullmatch(value) else '?'}")
            continue
        key = " ".join(field[1].lower().split())
        key = _ALIASES.get(key, key)
        if key in fields or key not in _READ | _IGNORED | set(_KEPT):
            raise broken_header(name, kind, "has a field twice" if key in fields else "has a field that is not known")
        fields[key] = field[2]
    return fields, segments


def _header(fields: dict[str, str], segments: list[str], start: int) -> PlainHeader:
    kept = {key: fields[key] for key in _KEPT if key in fields}
    if not all(_KEPT[key].fullmatch(value) for key, value in kept.items()):
        raise ValueError("a field has signs that cannot be in it")
    form, encoding = _TYPE_OF[fields["type"].lower()], _ENCODINGS[fields["encoding"].lower()]
    sizes = tuple(int(size) for size in fields["sizes"].split())
    if not 1 <= len(sizes) == int(fields["dimension"]) <= _MOST_AXES or min(sizes) < 1:
        raise ValueError("dimension and sizes contradict each other")
    lines = ["NRRD0005", f"type: {form}", f"dimension: {len(sizes)}"]
    # A space comes before what is measured in it.
    order = sorted(kept, key=lambda key: key not in ("space", "space dimension"))
    lines += [f"{key}: {kept[key]}" for key in order]
    lines.append("encoding: text" if encoding == "text" else "encoding: raw")
    if _BYTES[form] > 1 and encoding != "text":
        endian = fields["endian"].lower()
        if endian not in ("little", "big"):
            raise ValueError("endian is neither little nor big")
        lines.append(f"endian: {endian}")
    data_file = fields.get("data file")
    data_file = None if data_file is None or data_file.upper() == "LOCAL" else data_file
    skip = int(fields.get("byte skip", "0"))
    if int(fields.get("line skip", "0")) or skip < -1 or (skip and (data_file is None or encoding != "raw")):
        raise ValueError("lines or bytes are skipped in a way that is not read")
    where = start if data_file is None else skip
    return PlainHeader("\n".join([*lines, *segments, "", ""]), sizes, _BYTES[form], encoding, where, data_file)
