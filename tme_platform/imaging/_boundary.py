"""Make every error on a landed file a rule: libraries raise errors of many types on damaged files."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar, cast

from tme_platform.imaging.errors import ImagingError

_P = ParamSpec("_P")
_Result = TypeVar("_Result")


def reads(
    kind: str,
) -> Callable[[Callable[Concatenate[str | Path, _P], _Result]], Callable[Concatenate[str | Path, _P], _Result]]:
    """Decorate a reader whose first argument is the path of a landed file or folder.

    Errors other than `ImagingError` become ``<kind>_not_read`` (of the operating system), ``out_of_memory`` or
    ``<kind>_unreadable`` (anything else; libraries raise an `OSError` without a number on damaged files). The first
    two are transient. Messages name the type of the error, never its text, which may quote personal data; the error
    itself is the cause.
    """

    def decorate(
        reader: Callable[Concatenate[str | Path, _P], _Result],
    ) -> Callable[Concatenate[str | Path, _P], _Result]:
        @functools.wraps(reader)
        def read(path: str | Path, *args: _P.args, **kwargs: _P.kwargs) -> _Result:
            try:
                return reader(path, *args, **kwargs)
            except ImagingError:
                raise
            except Exception as error:
                raise _rule(Path(path).name, kind, error) from error

        return cast("Callable[Concatenate[str | Path, _P], _Result]", read)

    return decorate


def _rule(name: str, kind: str, error: Exception) -> ImagingError:
    if isinstance(error, MemoryError):
        return ImagingError(
            "out_of_memory",
            f"{name} needs more memory than was free; it is tried again at the next run. Use fewer workers if it "
            "happens again.",
        )
    if isinstance(error, OSError) and error.errno is not None:
        return ImagingError(
            f"{kind}_not_read",
            f"{name} could not be read from its disk ({type(error).__name__}); it is tried again at the next run. "
            "Check the disk and the file's permissions.",
        )
    return ImagingError(
        f"{kind}_unreadable",
        f"{name} is damaged in a way that no reader knows ({type(error).__name__}); export it again.",
    )
