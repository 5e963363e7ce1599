"""What a step read is what it declares; the records of a trace survive storage."""

import pytest

from tme_platform.steps.registry import STEPS
from tme_platform.steps.trace import (
    CohortsRead,
    CollectionRead,
    DeclarationRead,
    FilesRead,
    Found,
    LandingRead,
    PresenceRead,
    ProvenanceRead,
    RoleRead,
    SettingRead,
    SpellingRead,
    TableRead,
    Trace,
    from_records,
    to_records,
)
from tme_platform.tables import TABLES
from tme_platform_tests.support.platform import Platform

# Declared tables that the small study has no reason to read: they are read under other settings or roles.
NEVER_READ = {
    "harmonisation": {"cohort_split", "patients", "radiomic_features"},  # the study does not harmonise
    "harmonisation_effect": {"cohort_split", "harmonised_features", "radiomic_features"},
    "harmonised_features": {"harmonisation", "patients", "radiomic_features"},
    "other_scores": {"patients"},  # no cohort brings other scores
    "specification_labels": {"expression_quality"},  # the reference brings finished scores
    "phenotype_model": {"cluster_evidence"},  # the number of clusters is fixed
    "rad_scores": {"harmonisation", "harmonised_features"},
    "signature": {"harmonisation"},
    "signature_review": {"rad_scores"},  # the study has no figures
    "signature_patients": {"harmonised_features"},
    "signature_rivals": {"radiomic_features"},  # only with scanners, or if the study harmonises
    **{  # no endpoint of the small study is made of an unmapped column
        name: {"clinical_other"}
        for name in (
            "endpoints",
            "survival_curves",
            "survival_tests",
            "restricted_mean_survival",
            "multivariable_survival",
            "population_survival",
            "population_cut_points",
            "population_curves",
            "cohort_metrics",
            "roc_curves",
            "reliability_curves",
            "decision_curves",
            "rad_score_groups",
            "rad_score_group_members",
            "rad_score_survival",
            "phenotype_response",
            "population_response",
            "treatment_interaction",
        )
    },
}
NEVER_READ_OF_OTHERS = {"cell_score_ranges": {"cell_scores"}}  # no cohort takes labels from another's model


def read_tables(platform: Platform, name: str) -> tuple[set[str], set[str]]:
    """The tables in the traces of a step, over all its parts: all, and those of which it read other cohorts."""
    schema = STEPS[name].schema
    found, others = set(), set()
    for cohort, state in platform.workspace.lake.states(schema).items():
        for read in from_records(state.reads):
            if isinstance(read, FilesRead):
                found.add("cohort_files")
            if isinstance(read, TableRead) and read.among:
                found.add(read.among)
            if isinstance(read, TableRead | PresenceRead):
                table = read.table.removeprefix("_").removesuffix("_rejected")
                found.add(table)
                if schema.per_cohort and TABLES[table].per_cohort and read.cohort != cohort:
                    others.add(table)
    return found, others


@pytest.mark.parametrize("name", list(STEPS))
def test_a_step_reads_what_it_declares(finished: tuple[Platform, object, object], name: str) -> None:
    found, others = read_tables(finished[0], name)
    own = {table.name for table in STEPS[name].reads}
    every = {table.name for table in STEPS[name].reads_all_cohorts}
    assert found <= own | every, "read, but not declared"
    assert (own | every) - found == NEVER_READ.get(name, set()), "declared, but never read"
    assert others <= every, "read of other cohorts, but not declared so"
    if STEPS[name].schema.per_cohort:
        assert every - others == NEVER_READ_OF_OTHERS.get(name, set()), "other cohorts' part is never read"


def test_every_read_of_a_finished_study_is_traced_with_a_hash(finished: tuple[Platform, object, object]) -> None:
    for name, step in STEPS.items():
        for state in finished[0].workspace.lake.states(step.schema).values():
            assert state.reads, name
            assert all(record["found"]["content"] for record in state.reads), name


def test_a_trace_survives_storage() -> None:
    trace: Trace = {
        TableRead("patients", "a", ("os_days",), (("gene", ("CD8A", "CD4")),), "signature_patients"): Found("1", "2"),
        TableRead("signature"): Found("3"),
        PresenceRead("expression", "a"): Found("True"),
        SettingRead("extraction"): Found("4"),
        DeclarationRead("a", "split"): Found("5"),
        RoleRead("immunotherapy"): Found("6"),
        CohortsRead(): Found("7"),
        ProvenanceRead("a"): Found("real"),
        LandingRead("a"): Found("8"),
        FilesRead("a", "clinical"): Found("9"),
        CollectionRead("tme24"): Found("10"),
        SpellingRead("populations", "a"): Found("11"),
    }
    assert from_records(to_records(trace)) == trace
    assert to_records(dict(reversed(trace.items()))) == to_records(trace), "order does not matter"


def test_a_trace_of_an_earlier_version_is_refused() -> None:
    for records in (
        {"table:patients/a": "1"},
        [{"read": "Nothing", "found": {"content": "1"}}],
        [{"read": "RoleRead"}],
    ):
        with pytest.raises(ValueError, match="not a trace"):
            from_records(records)


def test_reasons_read_well() -> None:
    assert str(TableRead("patients", "scanb")) == "table patients of scanb"
    assert str(SettingRead("extraction")) == "setting extraction"
    assert str(LandingRead("scanb")) == "landing folder of scanb"
