"""Choose a backend by name, as given in a setting."""

from __future__ import annotations

from tme_platform.radiomics.backends import InProcess
from tme_platform.radiomics.dask_backend import DaskCluster
from tme_platform.radiomics.jobs import Backend


def make_backend(name: str) -> Backend | None:
    """Return the backend with the given name.

    Parameters
    ----------
    name
        `in_process`, the address of a Dask scheduler (`dask://host:port`, with TLS `dask+tls://host:port`), or
        `processes`: returns None, for a pool with the caller's number of workers.

    Raises
    ------
    ValueError
        If the name is none of these.
    """
    if name == "processes":
        return None
    if name == "in_process":
        return InProcess()
    scheme, _, address = name.partition("://")
    protocol = {"dask": "tcp", "dask+tls": "tls"}.get(scheme)
    if protocol is None or not address.rpartition(":")[2].isdigit():
        raise ValueError(
            f"no backend {name!r}: use in_process, processes, or dask://host:port (dask+tls://host:port with TLS)"
        )
    return DaskCluster(f"{protocol}://{address}")
