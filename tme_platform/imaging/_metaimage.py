"""The header of a MetaImage file, reduced to the keys that say what its voxels are and where they lie."""

import re
from pathlib import Path

from tme_platform.imaging._plain_header import Encoding, HeaderLines, PlainHeader, broken_header

_BYTES = {"CHAR": 1, "UCHAR": 1, "SHORT": 2, "USHORT": 2, "INT": 4, "UINT": 4, "LONG": 4, "ULONG": 4}
_BYTES |= {"LONG_LONG": 8, "ULONG_LONG": 8, "FLOAT": 4, "DOUBLE": 8}
_NUMBERS = re.compile(r"[-+0-9.eEinfaINFA \t]*")
_WORD = re.compile(r"[A-Za-z0-9_]*", re.ASCII)
_KEPT = {
    "BinaryDataByteOrderMSB": _WORD,
    "ElementByteOrderMSB": _WORD,
    "TransformMatrix": _NUMBERS,
    "Rotation": _NUMBERS,
    "Orientation": _NUMBERS,
    "Offset": _NUMBERS,
    "Position": _NUMBERS,
    "Origin": _NUMBERS,
    "CenterOfRotation": _NUMBERS,
    "DistanceUnits": _WORD,
    "ElementSpacing": _NUMBERS,
    "ElementSize": _NUMBERS,
    "ElementNumberOfChannels": _NUMBERS,
    "ElementToIntensityFunctionSlope": _NUMBERS,
    "ElementToIntensityFunctionOffset": _NUMBERS,
}
"""Keys that are given to ITK besides those of size and type, and the characters of their values."""
_READ = {"NDims", "DimSize", "ElementType", "BinaryData", "CompressedData", "HeaderSize", "ElementDataFile"}
_KEY = re.compile(r"\s*([A-Za-z_]\w*)[ \t]*[=:][ \t]*(.*?)\s*", re.ASCII)
_MOST_AXES = 8


def metaimage_header(path: Path, kind: str) -> PlainHeader:
    """Read the header of a MetaImage file. Keys that are not known are the writer's own, and are left out.

    Raises
    ------
    ImagingError
        ``<kind>_unreadable``: it is none, or contradicts itself.
    """
    with path.open("rb") as stream:
        lines = HeaderLines(stream, path, kind)
        keys: dict[str, str] = {}
        while "ElementDataFile" not in keys:
            line = lines.next()
            if line is None:
                raise broken_header(path.name, kind, "has no end (ElementDataFile)")
            _add(line, keys, path.name, kind)
        start = stream.tell()
    try:
        return _header(keys, start)
    except (ValueError, KeyError) as error:
        raise broken_header(path.name, kind, f"lacks a key or has one that cannot be ({type(error).__name__})") from (
            error
        )


def _add(line: str, keys: dict[str, str], name: str, kind: str) -> None:
    if not line.strip():
        return
    found = _KEY.fullmatch(line)
    if found is None:
        if line.lstrip()[:1].isalpha() and "=" in line:  # a key of the writer's own, with spaces or signs
            return
        raise broken_header(name, kind, "has a line that is no key")
    key, value = found.groups()
    if key not in _READ and key not in _KEPT:
        return
    if key in keys:
        raise broken_header(name, kind, "has a key twice")
    keys[key] = value


def _header(keys: dict[str, str], start: int) -> PlainHeader:
    kept = {key: keys[key] for key in _KEPT if key in keys}
    if not all(_KEPT[key].fullmatch(value) for key, value in kept.items()):
        raise ValueError("a key has signs that cannot be in it")
    form = keys["ElementType"].removeprefix("MET_").removesuffix("_ARRAY")
    sizes = tuple(int(size) for size in keys["DimSize"].split())
    channels = int(keys.get("ElementNumberOfChannels", "1"))
    if not 1 <= len(sizes) == int(keys["NDims"]) <= _MOST_AXES or min(*sizes, channels) < 1:
        raise ValueError("NDims and DimSize contradict each other")
    compressed, binary = _true(keys.get("CompressedData", "False")), _true(keys.get("BinaryData", "False"))
    encoding: Encoding = "zlib" if compressed else "raw" if binary else "text"
    data_file = keys["ElementDataFile"]
    own = data_file.upper() == "LOCAL"
    skip = int(keys.get("HeaderSize", "0"))
    if skip < -1 or (skip and (own or encoding != "raw")):
        raise ValueError("bytes are skipped in a way that is not read")
    lines = ["ObjectType = Image", f"NDims = {len(sizes)}", f"BinaryData = {binary or compressed}"]
    lines += [f"{key} = {value}" for key, value in kept.items()]
    lines += [f"DimSize = {' '.join(map(str, sizes))}", f"ElementType = MET_{form}", "ElementDataFile = LOCAL", ""]
    several = (channels,) if channels > 1 else ()
    where = start if own else skip
    return PlainHeader("\n".join(lines), sizes + several, _BYTES[form], encoding, where, None if own else data_file)


def _true(value: str) -> bool:
    return value[:1] in ("T", "t", "1")
