"""A part of the graph: for tests of what runs when, which say the same with fewer tables to compute."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from tme_platform.orchestration.survey import nodes
from tme_platform.steps.registry import STEPS


@contextmanager
def graph_of(tables: Collection[str]) -> Iterator[None]:
    """The graph with nothing but these tables; what they rest on has to be among them."""
    everything = dict(STEPS)
    try:
        for name in everything.keys() - set(tables):
            del STEPS[name]
        nodes.cache_clear()
        yield
    finally:
        STEPS.clear()
        STEPS.update(everything)  # in their order
        nodes.cache_clear()
