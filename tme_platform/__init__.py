"""Immune phenotypes of breast tumours from RNA-seq, a rad-score from MRI, and how well it holds (Han et al. 2024).

The packages from the ground up: ``statistics``; the science (``expression``, ``imaging``, ``phenotypes``, ``survival``,
``evaluation``, ``radiomics``, ``signature``, ``scoring``), plain functions on arrays and frames; ``cohorts`` and
``study`` (what landed, and the settings); ``figures``, ``simulation`` and ``report``; ``tables``, ``lake`` and
``tracking`` (schemas, Delta and DuckDB, MLflow); ``steps`` (what each asset computes); ``orchestration`` (Dagster); and
``cli`` (the ``tme`` command). ``open`` gives programs and notebooks the tables and figures of a lake; importing this
package imports none of the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tme_platform.version import __version__

if TYPE_CHECKING:
    from pathlib import Path

    from tme_platform.opened import OpenedLake

__all__ = ["__version__", "open"]


def open(  # as gzip.open: it is called by the package's name
    lake: Path | str = "", *, study: Path | str = "", landing: Path | str = "", state: Path | str = ""
) -> OpenedLake:
    """Open a lake for reading.

    Parameters
    ----------
    lake
        Its folder, or the URL of a prefix in an object store. Empty: as for the `tme` command, `TME_LAKE` or
        `data_lake`.
    study
        A packaged study or the path of a study file. Empty: the one that last built the lake.
    landing, state
        Where landing folders and local files are, if not in the lake.

    Raises
    ------
    FileNotFoundError
        The folder holds no tables.

    Examples
    --------
    >>> lake = tme_platform.open("data_lake")  # doctest: +SKIP
    >>> lake.table("patients", cohort="scanb")  # doctest: +SKIP
    """
    from tme_platform.opened import opened

    return opened(lake, study, landing, state)
