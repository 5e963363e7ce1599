"""Random generators by name, so that the draws for one patient do not depend on those for others."""

from __future__ import annotations

import hashlib

import numpy as np


def random_for(seed: int, *names: str | int) -> np.random.Generator:
    """Return the random generator for the given names; the same names always give the same numbers.

    Parameters
    ----------
    seed
        The study's seed.
    names
        What the numbers are for: cohort, number of the patient, and so on.
    """
    text = "\x1f".join(map(str, (seed, *names)))
    return np.random.default_rng(np.frombuffer(hashlib.sha256(text.encode()).digest()[:16], dtype=np.uint32))
