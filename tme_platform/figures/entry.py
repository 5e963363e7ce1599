"""Register a figure with the decorator `@figure`. `registry` collects the registered figures."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import ParamSpec

from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, NothingToDrawError, empty_figure

P = ParamSpec("P")
ENTRY = "entry"
"""Attribute of a figure function that holds its entry."""


@dataclass(frozen=True)
class Entry:
    """A figure of the study.

    Attributes
    ----------
    function
        Draws the figure. Each parameter that takes a table is named after that table.
    title
        Heading.
    caption
        One sentence on what the figure shows, for readers who do not know the code.
    """

    function: Callable[..., Drawn]
    title: str
    caption: str

    @property
    def name(self) -> str:
        """Name of the figure, which is the name of its function."""
        return str(self.function.__name__)

    @property
    def tables(self) -> tuple[str, ...]:
        """Tables that the figure can use, in the order of its parameters."""
        return tuple(
            name
            for name, parameter in inspect.signature(self.function).parameters.items()
            if "DataFrame" in str(parameter.annotation)
        )

    @property
    def required(self) -> tuple[str, ...]:
        """Tables without which the figure cannot be drawn: parameters without a default."""
        parameters = inspect.signature(self.function).parameters
        return tuple(name for name in self.tables if parameters[name].default is inspect.Parameter.empty)

    @property
    def per_cohort(self) -> bool:
        """Whether the figure shows one cohort at a time."""
        return "cohort" in inspect.signature(self.function).parameters


def figure(*, title: str, caption: str) -> Callable[[Callable[P, Drawn]], Callable[P, Drawn]]:
    """Register a figure function and apply the study's style when it runs.

    If there is nothing to draw, the function returns a figure that states the reason instead of raising an error.

    Parameters
    ----------
    title, caption
        See `Entry`. The tables follow from the function's parameters.
    """

    def decorate(function: Callable[P, Drawn]) -> Callable[P, Drawn]:
        @functools.wraps(function)
        def draw(*args: P.args, **kwargs: P.kwargs) -> Drawn:
            with style.study_style():
                try:
                    return function(*args, **kwargs)
                except NothingToDrawError as error:
                    return empty_figure(title, str(error))

        setattr(draw, ENTRY, Entry(draw, title, caption))
        return draw

    return decorate
