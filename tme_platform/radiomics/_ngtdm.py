"""Features of the neighbouring grey-tone difference matrix, as pyradiomics defines them."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def ngtdm(levels: Array, tones: Array) -> dict[str, float]:
    """Compute the 5 features from the levels and their tones, as returned by ``neighbourhood``.

    References
    ----------
    Amadasun & King 1989, IEEE Trans. Syst. Man Cybern. 19(5):1264-1274; pyradiomics, ``radiomics.ngtdm``.
    """
    i, (n, s) = levels, tones
    voxels, kinds = n.sum(), len(n)
    p = n / voxels
    weighted = float(p @ s)
    apart = i[:, None] - i
    both = p[:, None] + p
    contrast = (p[:, None] * p * apart**2).sum() * s.sum() / voxels
    busy = np.abs((i * p)[:, None] - i * p).sum()
    return {
        "Busyness": weighted / busy if busy != 0 else 0.0,
        "Coarseness": 1 / weighted if weighted != 0 else 1e6,
        "Complexity": (np.abs(apart) * ((p * s)[:, None] + p * s) / both).sum() / voxels,
        "Contrast": contrast / (kinds * (kinds - 1)) if kinds > 1 else 0.0,
        "Strength": (both * apart**2).sum() / s.sum() if s.sum() != 0 else 0.0,
    }
