"""Bytes changed at random (with a fixed seed): every error is an `ImagingError`, and no warning reaches the user."""

import contextlib
import random
import warnings

import numpy as np
import pytest

from tme_platform.imaging import ImagingError, acquisition_tags, read_series
from tme_platform_tests.support.dicom_files import write_enhanced, write_series

VOLUME = np.random.default_rng(1).integers(0, 1000, (3, 4, 5))


def _changed(content: bytes, draw: random.Random) -> bytes:
    data = bytearray(content)
    header = min(len(data), 1600)
    how = draw.randrange(4)
    if how == 0:
        del data[draw.randrange(len(data)) :]
    elif how == 1:
        start = draw.randrange(header)
        del data[start : start + draw.randrange(1, 40)]
    else:
        for _ in range(draw.choice((1, 2, 10))):
            data[draw.randrange(header)] = draw.choice((0, 255, ord("-"), ord("9"), draw.randrange(256)))
    return bytes(data)


@pytest.mark.parametrize("kind", ["single frames", "enhanced"])
@pytest.mark.parametrize("seed", range(25))
def test_changed_bytes_raise_only_imaging_errors(kind, seed, tmp_path):
    draw = random.Random(seed)  # noqa: S311  # no secret
    if kind == "enhanced":
        write_enhanced(tmp_path / "e.dcm", [VOLUME, VOLUME + 1])
    else:
        write_series(tmp_path, VOLUME, uid="1.2.3", AcquisitionDate="20200101")
        write_series(tmp_path, VOLUME + 1, uid="1.2.3", time="100100", AcquisitionDate="20200101")
    files = sorted(tmp_path.iterdir())
    for path in draw.sample(files, min(len(files), draw.choice((1, 2)))):
        path.write_bytes(_changed(path.read_bytes(), draw))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for read in (
            lambda: read_series(tmp_path, phase=0),
            lambda: read_series(tmp_path, phase=1, minus=0, allow_incomplete=True),
            lambda: acquisition_tags(tmp_path),
        ):
            with contextlib.suppress(ImagingError):
                read()
