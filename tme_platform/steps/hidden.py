"""Make errors fit to be stored: Dagster keeps their texts with those of their causes, and anybody may read them.

Names of landing files become stored names. A sentence that this package wrote is kept, and so is what the operating
system and the stores (Delta, MLflow) say. Any other library may quote a cell (`could not convert string to float:
'...'`): of its errors the type and the place are kept.
"""

from __future__ import annotations

import dis
import traceback
from collections.abc import Callable, Iterator
from types import FrameType, TracebackType

_PACKAGE = __name__.partition(".")[0]
_TRUSTED = (OSError, MemoryError, UnicodeError)
"""Their texts name files, sizes and single bytes."""
_STORES = {_PACKAGE, "deltalake", "mlflow"}
_DATABASES = {"sqlalchemy", "sqlite3"}
"""The first line of their texts says what is wrong with the file; statements and values follow."""
_RAISE = dis.opmap["RAISE_VARARGS"]
_SHORTEST = 4
"""Shorter texts of libraries are not looked for in sentences that quote them."""


class UnexpectedError(RuntimeError):
    """Stands in for an error whose text may quote a cell: it says of what type that was, and where it was raised."""


def storable(error: BaseException, hidden: Callable[[str], str]) -> tuple[BaseException, str]:
    """Make an error fit to be stored.

    Parameters
    ----------
    hidden
        Gives a text without names of landing files (`Scope.hidden`).

    Returns
    -------
    The error to raise in its place, with causes that are fit as well (it is the error itself, rewritten, if its text
    may be kept), and what was withheld, for a terminal; "" if nothing was.
    """
    chain = list(_chain(error))
    foreign = {id(one): _unfit(one) for one in chain if not _may_be_kept(one)}
    fit = {id(one): _stand_in(one) if id(one) in foreign else _rewritten(one, foreign, hidden) for one in chain}
    for one in chain:
        safe, cause = fit[id(one)], _cause(one)
        safe.__cause__ = None if cause is None else fit[id(cause)]
        safe.__suppress_context__ = True
    withheld = [f"{type(one).__name__}: {foreign[id(one)]}" for one in chain if id(one) in foreign]
    return fit[id(error)], "; ".join(dict.fromkeys(withheld))


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what led to it, each once."""
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        yield following
        following = following.__cause__ or following.__context__


def _cause(error: BaseException) -> BaseException | None:
    """What is stored with an error as its cause: also what it was raised in the handling of, unless `from None`."""
    return error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _may_be_kept(error: BaseException) -> bool:
    by = type(error).__module__.partition(".")[0]
    return isinstance(error, _TRUSTED) or by in _STORES or _raised_here(error.__traceback__)


def _raised_here(trace: TracebackType | None) -> bool:
    """Whether a `raise` of this package raised an error; `float(cell)` in this package raises one of Python's."""
    if trace is None:
        return False
    while trace.tb_next is not None:
        trace = trace.tb_next
    return (
        _module(trace.tb_frame).partition(".")[0] == _PACKAGE
        and trace.tb_frame.f_code.co_code[trace.tb_lasti] == _RAISE
    )


def _unfit(error: BaseException) -> str:
    """The part of an error's text that may quote a cell."""
    text = str(error)
    by = type(error).__module__.partition(".")[0]
    return text.partition("\n")[2] if by in _DATABASES else text


def _stand_in(error: BaseException) -> UnexpectedError:
    places = [(_module(frame), line) for frame, line in traceback.walk_tb(error.__traceback__)]
    ours = [place for place in places if place[0].partition(".")[0] == _PACKAGE]
    named = dict.fromkeys(f"{module}, line {line}" for module, line in [*places[-1:], *ours[-1:]])
    where = ", called from ".join(named) or "another process"
    return UnexpectedError(
        f"{type(error).__name__} in {where}. Its text may quote a cell and is stored nowhere; `tme run` shows it on a "
        "terminal."
    ).with_traceback(error.__traceback__)


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "?"))


def _rewritten(error: BaseException, foreign: dict[int, str], hidden: Callable[[str], str]) -> BaseException:
    """The error itself, without names of files and without what it quotes of errors that are not kept."""

    def fit(text: str) -> str:
        for said in (part for whole in foreign.values() for part in (whole, *whole.splitlines())):
            if len(said) >= _SHORTEST:
                text = text.replace(said, "a text that only a terminal shows")
        return hidden(text)

    error.args = tuple(fit(value) if isinstance(value, str) else value for value in error.args)
    for name in ("filename", "filename2") if isinstance(error, OSError) else ():
        if (path := getattr(error, name)) is not None:  # None that is set is written as a name
            setattr(error, name, hidden(str(path)))
    return error
