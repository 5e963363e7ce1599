"""Features of the neighbouring grey-tone difference matrix, as pyradiomics defines them."""

import numpy as np

from tme_platform.radiomics._grey_levels import GreyLevels
from tme_platform.radiomics._neighbours import tone_differences


def ngtdm(grey: GreyLevels) -> dict[str, float]:
    """Compute the 5 features.

    References
    ----------
    Amadasun & King 1989, IEEE Trans. Syst. Man Cybern. 19(5):1264-1274; pyradiomics, ``radiomics.ngtdm``.
    """
    i, n, s = tone_differences(grey)
    voxels, levels = n.sum(), len(n)
    if levels == 0:
        return dict.fromkeys(("Busyness", "Coarseness", "Complexity", "Contrast", "Strength"), np.nan)
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
        "Contrast": contrast / (levels * (levels - 1)) if levels > 1 else 0.0,
        "Strength": (both * apart**2).sum() / s.sum() if s.sum() != 0 else 0.0,
    }
