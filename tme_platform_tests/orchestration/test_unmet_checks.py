"""A run that a blocking check stops says what the check found, not only its name."""

from types import SimpleNamespace

import dagster as dg

from tme_platform.orchestration.carry_out import unmet_checks


@dg.asset(
    check_specs=[
        dg.AssetCheckSpec("tables_meet", asset="patients", blocking=True),
        dg.AssetCheckSpec("share", asset="patients"),
    ]
)
def patients():
    said = "e.tsv and c.csv have no patient in common."
    return dg.MaterializeResult(
        check_results=[
            dg.AssetCheckResult(passed=False, check_name="tables_meet", description=said),
            dg.AssetCheckResult(passed=False, check_name="share", description="not blocking"),
        ]
    )


def test_what_a_blocking_check_found_is_the_message_of_the_failure() -> None:
    result = dg.materialize([patients], raise_on_error=False)
    assert not result.success
    assert unmet_checks(result) == {
        "patients": "check tables_meet does not pass: e.tsv and c.csv have no patient in common."
    }
    assert unmet_checks(SimpleNamespace(get_asset_check_evaluations=list)) == {}
