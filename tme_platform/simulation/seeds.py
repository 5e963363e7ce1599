"""Random numbers by name, so that what is drawn for one patient hangs on nothing else."""

from __future__ import annotations

import hashlib

import numpy as np


def random_for(seed: int, *names: str | int) -> np.random.Generator:
    """Give the random numbers of one thing: the same names give the same numbers, whatever was drawn before.

    Parameters
    ----------
    seed
        The study's seed.
    names
        What is drawn: cohort, number of the patient, and so on.
    """
    text = "\x1f".join(map(str, (seed, *names)))
    return np.random.default_rng(np.frombuffer(hashlib.sha256(text.encode()).digest()[:16], dtype=np.uint32))
