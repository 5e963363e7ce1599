"""The plan as a pure function: what waits for what, what a failure stops, in how many runs."""

import pytest

from tme_platform.orchestration.plan import Need, Node, Part, PartState, Plan, make_plan
from tme_platform.orchestration.survey import nodes

CHAIN = (
    Node("files", per_cohort=True, leads=True),
    Node("cohorts", per_cohort=True),
    Node("scores", per_cohort=True, needs=(Need("files"),)),
    Node("labels", per_cohort=True, needs=(Need("scores", every_cohort=True),)),
    Node("curves", per_cohort=True, needs=(Need("labels"),)),
    Node("model", per_cohort=False, needs=(Need("labels"),)),
    Node("rated", per_cohort=True, needs=(Need("model"), Need("scores"))),
)
STALE = PartState("changed")


def part(asset: str, cohort: str | None = None) -> Part:
    return Part(asset, cohort)


def planned(state: dict[Part, PartState], **options: object) -> Plan:
    return make_plan(CHAIN, ["a", "b"], state, **options)


def waves(plan: Plan) -> list[list[tuple[str | None, str]]]:
    return [[(run.cohort, " ".join(run.assets)) for run in wave] for wave in plan.waves]


def status(plan: Plan, asset: str, cohort: str | None = None) -> tuple[str, str]:
    (found,) = [one for one in plan.statuses if (one.asset, one.cohort) == (asset, cohort)]
    return found.state, found.reason


def test_nothing_to_do_is_no_run() -> None:
    plan = planned({})
    assert plan.waves == ()
    assert {one.state for one in plan.statuses} == {"current"}
    assert len(plan.statuses) == 6 * 2 + 1


def test_landing_folders_are_looked_at_before_anything_that_depends_on_them() -> None:
    plan = planned({part("files", "a"): STALE})
    assert waves(plan) == [
        [("a", "files")],
        [("a", "scores labels curves")],
        [("b", "labels curves")],
        [(None, "model")],
        [("a", "rated"), ("b", "rated")],
    ]
    assert status(plan, "files", "a") == ("stale", "changed")
    assert status(plan, "scores", "a") == ("stale", "waiting for files")
    assert status(plan, "scores", "b") == ("current", "")
    assert plan.next_wave[0].reason == "files: changed"
    assert plan.waves[1][0].reason == "depends on the runs before"


def test_a_first_run_takes_as_few_runs_as_there_are_waves() -> None:
    everything = {
        Part(node.asset, cohort): PartState("first run", built=False, recorded=False)
        for node in nodes()
        for cohort in (("a", "b") if node.per_cohort else (None,))
    }
    plan = make_plan(nodes(), ["a", "b"], everything)
    assert len(plan.waves) <= 9
    assert sorted(plan.parts) == sorted(everything)
    assert all(len({run.cohort for run in wave}) == len(wave) for wave in plan.waves)
    assert {one.state for one in plan.statuses} == {"missing"}


def test_parts_come_after_what_they_need() -> None:
    everything = {
        Part(node.asset, cohort): STALE for node in nodes() for cohort in (("a", "b") if node.per_cohort else (None,))
    }
    order = {one: number for number, one in enumerate(make_plan(nodes(), ["a", "b"], everything).parts)}
    by_name = {node.asset: node for node in nodes()}
    for one, number in order.items():
        for need in by_name[one.asset].needs:
            for other in order:
                same = other.cohort in (one.cohort, None) or need.every_cohort or one.cohort is None
                assert not (other.asset == need.asset and same) or order[other] < number


def test_a_failure_stops_its_cohort_and_the_rest_uses_the_previous_version() -> None:
    state = {part("scores", "a"): STALE, part("scores", "b"): STALE}
    plan = planned(state, held=[part("scores", "a")])
    assert waves(plan) == [[("b", "scores labels curves")], [(None, "model")], [("b", "rated")]]
    assert set(plan.blocked) == {part("scores", "a"), part("labels", "a"), part("curves", "a"), part("rated", "a")}


def test_what_collects_reasons_runs_after_a_failure() -> None:
    chain = (*CHAIN, Node("refused", per_cohort=True, needs=(Need("scores"), Need("curves")), collects=True))
    state = {part("scores", "a"): STALE, part("refused", "a"): STALE}
    before, after = (make_plan(chain, ["a", "b"], state, held=held) for held in ([], [part("scores", "a")]))
    assert ("a", "scores labels curves refused") in waves(before)[0]
    assert waves(after)[0] == [("a", "refused")]
    assert part("refused", "a") not in after.blocked


def test_a_failed_table_of_the_whole_study_stops_what_reads_it() -> None:
    plan = planned({part("model"): STALE}, held=[part("model")])
    assert plan.waves == ()
    assert set(plan.blocked) == {part("model"), part("rated", "a"), part("rated", "b")}


def test_a_failed_blocking_check_stops_what_reads_the_table() -> None:
    plan = planned({part("model"): PartState(failed_check="leakage"), part("rated", "a"): STALE})
    assert plan.waves == ()
    assert status(plan, "model") == ("failed", "check leakage does not pass; tables that depend on it wait")
    assert plan.blocked == (part("rated", "a"), part("rated", "b"))


def test_a_failed_attempt_is_reported_and_tried_again() -> None:
    plan = planned({part("curves", "b"): PartState("changed", failure="the disk is full")})
    assert status(plan, "curves", "b") == ("failed", "the disk is full")
    assert waves(plan) == [[("b", "curves")]]


def test_what_runs_is_not_requested_twice_and_what_depends_on_it_waits() -> None:
    plan = planned({part("scores", "a"): PartState("changed", running=True), part("files", "b"): STALE})
    assert waves(plan) == [[("b", "files")], [("b", "scores")]]
    assert status(plan, "labels", "b") == ("stale", "waiting for scores")


def test_parts_that_dagster_has_not_seen_are_recorded_and_rebuild_nothing() -> None:
    plan = planned({part("scores", "a"): PartState(recorded=False)})
    assert waves(plan) == [[("a", "scores")]]
    assert plan.next_wave[0].reason == "not recorded in Dagster yet"
    assert status(plan, "scores", "a") == ("current", "")
    assert status(plan, "labels", "a") == ("current", "")


def test_only_chosen_parts_run() -> None:
    state = {part("files", "a"): STALE, part("model"): STALE}
    assert waves(planned(state, only=[part("model")])) == [[(None, "model")]]


def test_an_unreadable_cohort_file_holds_its_cohort() -> None:
    state = {part("files", "a"): STALE, part("files", "b"): STALE}
    plan = planned(state, unreadable={"a": "a/cohort.yaml: not YAML"})
    assert [run.cohort for run in plan.next_wave] == ["b"]
    assert status(plan, "cohorts", "a") == ("failed", "a/cohort.yaml: not YAML")


@pytest.mark.parametrize("cohorts", [[], ["a"], [f"c{n}" for n in range(20)]])
def test_a_change_of_one_cohort_asks_for_as_many_runs_as_it_reaches(cohorts: list[str]) -> None:
    """What depends on all cohorts is looked at for each; before that, only the cohort that changed runs."""
    plan = make_plan(CHAIN, ["x", *cohorts], {part("files", "x"): STALE})
    others = [len(cohorts)] if cohorts else []
    assert [len(wave) for wave in plan.waves] == [1, 1, *others, 1, 1 + len(cohorts)]


def test_a_new_cohort_takes_one_run_of_its_own() -> None:
    """Nor does it wait for tables of the whole study that it may not change; those that it does are waited for."""
    own = {node.asset for node in CHAIN if node.per_cohort}
    new = {part(asset, "a"): PartState("first run", built=False) for asset in own}
    (only,) = planned(new).waves[0]
    assert (only.cohort, set(only.assets)) == ("a", own)
    assert waves(planned(new))[1:] == [[("b", "labels curves")], [(None, "model")], [("b", "rated")]]
    changed = planned({**new, part("model"): STALE})
    assert waves(changed)[-2:] == [[(None, "model")], [("a", "rated"), ("b", "rated")]]
