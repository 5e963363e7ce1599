"""The plan: what runs next, and why. A pure function from the state of the workspace to an ordered list of runs.

`tme status` prints it, `tme run` carries it out, the sensor `keep_up` and the weekly schedule request its next wave.
How the state is looked up is in `survey`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Status = Literal["current", "stale", "missing", "failed"]
STATUSES: tuple[Status, ...] = ("current", "stale", "missing", "failed")
DECLARATIONS = "cohorts"
"""The table of what cohort files declare: a cohort file that cannot be read is reported as its failure."""
_UNRECORDED = "not recorded in Dagster yet"


class Part(NamedTuple):
    """A table of one cohort, or of the whole study (None)."""

    asset: str
    cohort: str | None

    def __str__(self) -> str:
        return f"{self.asset} of {self.cohort}" if self.cohort else self.asset


@dataclass(frozen=True)
class Need:
    """An asset that another one reads, of the same cohort or of every cohort."""

    asset: str
    every_cohort: bool = False


@dataclass(frozen=True)
class Node:
    """An asset in the graph.

    Attributes
    ----------
    leads
        Only after it has run again is it known what depends on it: assets that need it go into later runs. Nothing is
        known of what was never built, so then they go into the same one.
    collects
        It runs also if something before it failed, to say what was noted there.
    """

    asset: str
    per_cohort: bool
    needs: tuple[Need, ...] = ()
    leads: bool = False
    collects: bool = False


@dataclass(frozen=True)
class PartState:
    """What is known of one part.

    Attributes
    ----------
    reason
        Why its content is not current; empty where it is.
    built
        Whether the lake has a version of it.
    recorded
        Whether Dagster has seen it built; a lake may have been brought here without its run history.
    failure
        What the last attempt said, if it failed.
    failed_check
        Blocking check that the current version does not pass.
    running
        Whether a run that builds it is under way.
    version
        Version of the table that last changed it, or -1: it tells whether a run has built it since.
    """

    reason: str = ""
    built: bool = True
    recorded: bool = True
    failure: str = ""
    failed_check: str = ""
    running: bool = False
    version: int = -1


@dataclass(frozen=True)
class TableStatus:
    """Status of one table of one cohort, or of the whole study.

    Attributes
    ----------
    reason
        Why it is not current; empty where it is.
    waiting_for
        Tables that come before it and are not current either.
    """

    asset: str
    cohort: str | None
    state: Status
    reason: str = ""
    waiting_for: tuple[str, ...] = ()


@dataclass(frozen=True)
class PlannedRun:
    """One Dagster run: assets of one cohort, or of the whole study, in the order in which they are built."""

    cohort: str | None
    assets: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Plan:
    """What is to be done.

    Attributes
    ----------
    statuses
        Every part, in the order in which parts are built.
    waves
        Runs in order; those of a wave do not depend on one another. Later waves may turn out smaller: a table that is
        rebuilt with the same content changes nothing after it.
    blocked
        Parts that are not current and cannot be built, because a part before them failed.
    """

    statuses: tuple[TableStatus, ...] = ()
    waves: tuple[tuple[PlannedRun, ...], ...] = ()
    blocked: tuple[Part, ...] = ()

    @property
    def next_wave(self) -> tuple[PlannedRun, ...]:
        """The runs that can start now."""
        return self.waves[0] if self.waves else ()

    @property
    def parts(self) -> list[Part]:
        """Every part of every run, in order."""
        return [Part(asset, run.cohort) for wave in self.waves for run in wave for asset in run.assets]


def make_plan(
    nodes: Sequence[Node],
    cohorts: Sequence[str],
    state: Mapping[Part, PartState],
    *,
    held: Collection[Part] = (),
    only: Collection[Part] | None = None,
    unreadable: Mapping[str, str] | None = None,
    copied: Mapping[str, str] | None = None,
) -> Plan:
    """Decide what runs, in which order and why.

    Parameters
    ----------
    nodes
        The graph; what a node needs comes before it.
    cohorts
        Cohorts of the study that have landed.
    state
        What is known of each part; one that is missing counts as current.
    held
        Parts that must not run now (they failed just now, or their files have not settled). What depends on them within
        their cohort waits; tables of all cohorts go on with the previous version.
    only
        Consider only these parts; all others count as current.
    unreadable
        Cohorts whose cohort file cannot be read, and what is wrong with it: nothing of them runs.
    copied
        Cohorts that are being copied, and what to do: nothing of them runs, and that is no failure.
    """
    broken, waiting = dict(unreadable or {}), dict(copied or {})
    held_parts = {
        *held,
        *(Part(node.asset, cohort) for node in nodes if node.per_cohort for cohort in broken | waiting),
    }
    graph = _Graph(nodes, cohorts)
    marks = _mark(graph, state, held_parts, only)
    return Plan(
        (*_of_declarations(state, broken, waiting), *_statuses(graph, state, marks, broken | waiting)),
        tuple(_waves(graph, state, marks)),
        tuple(part for part in graph.parts if part in marks.wanted and part in marks.blocked),
    )


class _Graph:
    """Parts in order, and the parts that each one reads."""

    def __init__(self, nodes: Sequence[Node], cohorts: Sequence[str]) -> None:
        self.nodes = {node.asset: node for node in nodes}
        self.cohorts = tuple(cohorts)
        self.parts = [Part(node.asset, cohort) for node in nodes for cohort in self._cohorts_of(node)]

    def parents(self, part: Part) -> Iterator[Part]:
        node = self.nodes[part.asset]
        for need in node.needs:
            parent = self.nodes[need.asset]
            if parent.per_cohort and (need.every_cohort or not node.per_cohort):
                yield from (Part(need.asset, cohort) for cohort in self.cohorts)
            else:
                yield Part(need.asset, part.cohort if parent.per_cohort else None)

    def _cohorts_of(self, node: Node) -> Sequence[str | None]:
        return self.cohorts if node.per_cohort else (None,)


@dataclass
class _Marks:
    """What holds for each part.

    `wanted`: its content is, or may turn out, not current. `firm`: of those, what will be built, and tables of the
    whole study that read such a one. `blocked`: it must not be built, or not be read by parts of the same cohort.
    `waiting_for`: names of its parents that are wanted or blocked.
    """

    wanted: set[Part] = field(default_factory=set)
    firm: set[Part] = field(default_factory=set)
    blocked: set[Part] = field(default_factory=set)
    unrecorded: set[Part] = field(default_factory=set)
    waiting_for: dict[Part, tuple[str, ...]] = field(default_factory=dict)


def _mark(
    graph: _Graph, state: Mapping[Part, PartState], held: Collection[Part], only: Collection[Part] | None
) -> _Marks:
    marks = _Marks()
    for part in graph.parts:
        known = state.get(part, PartState())
        parents = list(graph.parents(part))
        stopped = {parent for parent in parents if parent in marks.blocked and parent.cohort in (part.cohort, None)}
        if graph.nodes[part.asset].collects:
            stopped = set()
        late = {parent for parent in parents if parent in marks.wanted and parent not in marks.blocked}
        if names := tuple(sorted({parent.asset for parent in stopped | late})):
            marks.waiting_for[part] = names
        chosen = only is None or part in only
        if chosen and (known.reason or known.running or late or stopped):
            marks.wanted.add(part)
            if known.reason or known.running or any(parent in marks.firm for parent in late if parent.cohort is None):
                marks.firm.add(part)
        if part in held or stopped or (known.failed_check and not known.reason):
            marks.blocked.add(part)
        elif chosen and known.built and not known.recorded:
            marks.unrecorded.add(part)
    return marks


def _of_declarations(
    state: Mapping[Part, PartState], unreadable: Mapping[str, str], copied: Mapping[str, str]
) -> Iterable[TableStatus]:
    """The cohorts of which nothing is read."""
    for cohort, message in unreadable.items():
        yield TableStatus(DECLARATIONS, cohort, "failed", message)
    for cohort, message in copied.items():
        built = (known := state.get(Part(DECLARATIONS, cohort))) is not None and known.built
        yield TableStatus(DECLARATIONS, cohort, "stale" if built else "missing", message)


def _statuses(
    graph: _Graph, state: Mapping[Part, PartState], marks: _Marks, refused: Collection[str]
) -> Iterable[TableStatus]:
    for part in graph.parts:
        if part.asset == DECLARATIONS and part.cohort in refused:
            continue
        known, waiting = state.get(part, PartState()), marks.waiting_for.get(part, ())
        status: Status = "current"
        reason = known.reason
        if known.failed_check and not known.reason:
            status, reason = "failed", f"check {known.failed_check} does not pass; tables that depend on it wait"
        elif known.reason:
            status = "failed" if known.failure else ("stale" if known.built else "missing")
            reason = known.failure or known.reason
        elif part in marks.wanted:
            status, reason = "stale", f"waiting for {', '.join(waiting)}" if waiting else "being built"
        yield TableStatus(part.asset, part.cohort, status, reason, waiting)


def _waves(graph: _Graph, state: Mapping[Part, PartState], marks: _Marks) -> Iterator[tuple[PlannedRun, ...]]:
    """Cut what is wanted into runs: as much of each cohort as needs nothing of others, then of the whole study."""
    left = [part for part in graph.parts if part in (marks.wanted | marks.unrecorded) and part not in marks.blocked]
    while left:
        for per_cohort in (True, False):
            chosen = _ready(graph, state, left, marks, per_cohort)
            if chosen:
                break
        else:  # what is left waits for runs that are under way
            return
        yield tuple(_runs(chosen, state))
        left = [part for part in left if part not in chosen]


def _ready(
    graph: _Graph, state: Mapping[Part, PartState], left: Sequence[Part], marks: _Marks, per_cohort: bool
) -> dict[Part, None]:
    """Parts that need nothing else than what is current, or what the same run builds before them, in order."""
    waiting = marks.wanted.intersection(left)
    chosen: dict[Part, None] = {}
    for part in left:
        if (part.cohort is not None) != per_cohort or state.get(part, PartState()).running:
            continue
        late = [parent for parent in graph.parents(part) if parent in waiting]
        first = not state.get(part, PartState()).built
        if all(
            _same_run(graph, state, parent, part, chosen) or (first and _may_stay(parent, marks)) for parent in late
        ):
            chosen[part] = None
    return chosen


def _same_run(
    graph: _Graph, state: Mapping[Part, PartState], parent: Part, part: Part, chosen: Collection[Part]
) -> bool:
    leads = graph.nodes[parent.asset].leads and state.get(parent, PartState()).built
    return parent in chosen and parent.cohort == part.cohort and not leads


def _may_stay(parent: Part, marks: _Marks) -> bool:
    """Whether a table of the whole study may well turn out unchanged: the first version of a part takes it as it is.

    Otherwise a new cohort, of which everything is built anyway, would wait between its own tables for tables of the
    whole study that it does not change.
    """
    return parent.cohort is None and parent not in marks.firm


def _runs(chosen: Iterable[Part], state: Mapping[Part, PartState]) -> Iterator[PlannedRun]:
    by_cohort: dict[str | None, list[Part]] = {}
    for part in chosen:
        by_cohort.setdefault(part.cohort, []).append(part)
    for cohort, parts in by_cohort.items():
        reasons = {part.asset: known.reason for part in parts if (known := state.get(part, PartState())).reason}
        yield PlannedRun(cohort, tuple(part.asset for part in parts), _in_words(reasons, parts, state))


def _in_words(reasons: Mapping[str, str], parts: Sequence[Part], state: Mapping[Part, PartState]) -> str:
    if not reasons:
        unrecorded = all(not state.get(part, PartState()).recorded for part in parts)
        return _UNRECORDED if unrecorded else "depends on the runs before"
    asset, reason = next(iter(reasons.items()))
    more = f", and {len(reasons) - 1} more" if len(reasons) > 1 else ""
    return f"{asset}: {reason}{more}"
