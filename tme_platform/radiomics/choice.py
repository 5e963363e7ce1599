"""Choosing a backend by the name that a setting gives."""

from __future__ import annotations

from tme_platform.radiomics.backends import InProcess
from tme_platform.radiomics.dask_backend import DaskCluster
from tme_platform.radiomics.jobs import Backend


def make_backend(name: str) -> Backend | None:
    """The backend that a setting names.

    Parameters
    ----------
    name
        `processes` (as many processes as the caller says: None is given back), `in_process`, or the address of a Dask
        scheduler: `dask://host:port`, with TLS `dask+tls://host:port`.

    Raises
    ------
    ValueError
        The name is none of these.
    """
    if name == "processes":
        return None
    if name == "in_process":
        return InProcess()
    scheme, _, place = name.partition("://")
    protocol = {"dask": "tcp", "dask+tls": "tls"}.get(scheme)
    if protocol is None or not place.rpartition(":")[2].isdigit():
        raise ValueError(
            f"no backend {name!r}: say in_process, processes, or dask://host:port (dask+tls://host:port with TLS)"
        )
    return DaskCluster(f"{protocol}://{place}")
