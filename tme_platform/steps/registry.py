"""All steps by name, in an order in which they can run: what a step reads comes before it."""

from __future__ import annotations

import importlib
import pkgutil
from graphlib import TopologicalSorter
from pathlib import Path

from tme_platform.steps.step import Step


def _gathered() -> dict[str, Step]:
    names = [f"{__package__}.{found.name}" for found in pkgutil.iter_modules([str(Path(__file__).parent)])]
    modules = [importlib.import_module(name) for name in names if name != __name__]
    steps = {step.name: step for module in modules for step in vars(module).values() if isinstance(step, Step)}
    before = {name: sorted(read.name for read in steps[name].all_reads) for name in sorted(steps)}
    return {name: steps[name] for name in TopologicalSorter(before).static_order()}


STEPS: dict[str, Step] = _gathered()
"""Every step by name; steps that are read by others come first."""
