"""Synthetic volumes; nothing here reads a file."""

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813


def as_image(values, spacing=(1.0, 1.0, 1.0), origin=(0.0, 0.0, 0.0)):
    image = sitk.GetImageFromArray(values)
    image.SetSpacing(spacing)
    image.SetOrigin(origin)
    return image


def ellipsoid(axes, spacing=(1.0, 1.0, 1.0), centre=(0.13, 0.31, -0.22), margin=8.0):
    """An image without air, and the mask of an ellipsoid with half axes x, y, z in mm."""
    counts = [int(2 * (half + margin) / step) + 1 for half, step in zip(axes, spacing, strict=True)]
    x, y, z = ((np.arange(n) - (n - 1) / 2) * step - c for n, step, c in zip(counts, spacing, centre, strict=True))
    inside = (
        (z[:, None, None] / axes[2]) ** 2 + (y[None, :, None] / axes[1]) ** 2 + (x[None, None, :] / axes[0]) ** 2
    ) <= 1
    values = np.where(inside, 220.0, 180.0)
    values[0] += 1
    return as_image(values.astype("float32"), spacing), as_image(inside.astype("uint8"), spacing)


@pytest.fixture
def lesion():
    return ellipsoid((10, 8, 9), (1.0, 1.0, 3.0))
