"""Registering a figure: `@figure` above the function that draws it is all it takes. `registry` gathers them."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import ParamSpec

from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, NothingToDrawError, in_words

P = ParamSpec("P")
ENTRY = "entry"
"""Attribute of a drawing function that holds its entry."""


@dataclass(frozen=True)
class Entry:
    """A figure of the study.

    Attributes
    ----------
    function
        Draws it. A parameter that takes a table has the table's name, so frames go in as they come from the lake.
    title
        For a heading.
    caption
        What it shows, for a reader who has not seen the code.
    """

    function: Callable[..., Drawn]
    title: str
    caption: str

    @property
    def name(self) -> str:
        """Name of the figure and of its function."""
        return str(self.function.__name__)

    @property
    def tables(self) -> tuple[str, ...]:
        """Every table that it can take, in the order of its parameters."""
        return tuple(
            name
            for name, parameter in inspect.signature(self.function).parameters.items()
            if "DataFrame" in str(parameter.annotation)
        )

    @property
    def required(self) -> tuple[str, ...]:
        """The tables without which it cannot be drawn."""
        parameters = inspect.signature(self.function).parameters
        return tuple(name for name in self.tables if parameters[name].default is inspect.Parameter.empty)

    @property
    def per_cohort(self) -> bool:
        """Whether it shows one cohort at a time."""
        return "cohort" in inspect.signature(self.function).parameters


def figure(*, title: str, caption: str) -> Callable[[Callable[P, Drawn]], Callable[P, Drawn]]:
    """Register a drawing function, and draw in the study's style.

    If there is nothing to draw, the function returns a figure that says so instead of raising an error.

    Parameters
    ----------
    title, caption
        See `Entry`. The tables follow from the function's parameters.
    """

    def decorate(function: Callable[P, Drawn]) -> Callable[P, Drawn]:
        @functools.wraps(function)
        def draw(*args: P.args, **kwargs: P.kwargs) -> Drawn:
            with style.in_style():
                try:
                    return function(*args, **kwargs)
                except NothingToDrawError as nothing:
                    return in_words(title, str(nothing))

        setattr(draw, ENTRY, Entry(draw, title, caption))
        return draw

    return decorate
