"""A wrong declaration of an endpoint or subgroup is refused with file, line, field and what to write."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tme_platform.cohorts import Cohort, CohortError, check_cohort, read_cohort
from tme_platform.steps.workspace import Workspace
from tme_platform.study import StudyError, load_study

from .conftest import HEAD

CLINICAL = "clinical: [{file: c.csv, patient_id: id, columns: {er: er}}]\n"  # line 4
FILES = {"c.csv": "id,er,lesion,weeks\nP1,positive,seen,3\n"}
LAND = Callable[..., tuple[Path, Cohort]]

WRONG = [
    ("endpoints:\n  pfs:\n    time: pfs_days\n", "invalid_value", "line 6, endpoints.pfs.event: is missing. Add it"),
    (
        "endpoints:\n  pcr: {column: pcr, positive: [yes], negative: [no], at_least: 1}\n",
        "invalid_value",
        "line 6, endpoints.pcr: needs exactly one rule. Write `positive:` and `negative:` for words",
    ),
    (
        "endpoints:\n  pcr: {column: pcr, positiv: [yes], negative: [no]}\n",
        "unknown_key",
        "line 6, endpoints.pcr.positiv: unknown key. Did you mean positive? Correct its spelling or remove it",
    ),
    (
        "endpoints:\n  os: null\n  pcr:\n    column: recist\n    positive: [CR, PC]\n    negative: [PD]\n",
        "invalid_value",
        "line 7, endpoints.pcr: PC is not a value of recist. Use CR, PR, SD, PD",
    ),
    (
        "endpoints:\n  a: {column: recist, positive: [CR], negative: [CR, PD]}\n",
        "invalid_value",
        "line 6, endpoints.a: 'cr' is both positive and negative. Keep it in one list",
    ),
    (
        "endpoints:\n  a: {column: recist, positive: [CR]}\n",
        "invalid_value",
        "line 6, endpoints.a: needs both `positive:` and `negative:`",
    ),
    (
        "endpoints:\n  a: {column: recist, positive: [], negative: [PD]}\n",
        "invalid_value",
        "line 6, endpoints.a.positive: is empty. Write at least one entry",
    ),
    (
        "endpoints:\n  a: {column: recist, at_least: 1}\n",
        "invalid_value",
        "line 6, endpoints.a: recist holds words. Write `positive:` and `negative:` instead of a limit",
    ),
    (
        "endpoints:\n  a: {column: pd_l1, positive: [high], negative: [low]}\n",
        "invalid_value",
        "line 6, endpoints.a: pd_l1 is a number, without words to list. Write `at_least:` or `above:`",
    ),
    (
        "endpoints:\n  a: {column: pd_l1, at_least: 500}\n",
        "invalid_value",
        "line 6, endpoints.a: 500 is outside the allowed range of pd_l1, 0 to 100 (per cent)",
    ),
    (
        "endpoints:\n  a: {column: pd_l1, at_least: 1, where: {her2: [amplified]}}\n",
        "invalid_value",
        "line 6, endpoints.a.where: amplified is not a value of her2. Use negative, positive",
    ),
    ("endpoints:\n  a: 20\n", "invalid_value", "line 6, endpoints.a: is no endpoint. Write `{time: ..., event: ...}`"),
    (
        "endpoints:\n  a: {time: os_days, event: os_event, column: pcr}\n",
        "invalid_value",
        "line 6, endpoints.a: is no endpoint. Write",
    ),
    (
        "endpoints:\n  a: {time: os_days, event: pcr}\n",
        "invalid_value",
        "line 6, endpoints.a: event: pcr is not an event",
    ),
    (
        "endpoints:\n  a: {time: age_years, event: os_event}\n",
        "invalid_value",
        "endpoints.a: time: age_years is not a time",
    ),
    (
        "endpoints:\n  a: {time: weeks, event: os_event}\n",
        "invalid_value",
        "line 6, endpoints.a: time: weeks is no canonical column. Add `unit: days`, `months` or `years`",
    ),
    (
        "endpoints:\n  a: {time: weeks, unit: months, event: lesion}\n",
        "invalid_value",
        "line 6, endpoints.a: event: lesion is no canonical column. Add `positive:`",
    ),
    (
        "endpoints:\n  a: {time: weeks, unit: weeks, event: os_event}\n",
        "unknown_unit",
        "line 6, endpoints.a.unit: Input",
    ),
    (
        "endpoints:\n  a:\n    column: leison\n    positive: [seen]\n    negative: [none]\n",
        "unknown_column",
        "line 7, endpoints.a.column: 'leison' is neither a canonical column nor a column of the clinical files without "
        "mapping; nearest: lesion. Correct it",
    ),
    (
        "endpoints:\n  Big: {column: pd_l1, at_least: 1}\n",
        "invalid_value",
        "line 6, endpoints.Big: String should match",
    ),
    (
        "endpoints:\n  hot: {column: pd_l1, at_least: 1}\n",
        "invalid_value",
        "line 5, endpoints: the name `hot` is taken",
    ),
    ("subgroups:\n  a: {}\n", "invalid_value", "line 6, subgroups.a: is empty. Write columns and their values"),
    ("subgroups:\n  a: {her2: []}\n", "invalid_value", "line 6, subgroups.a.her2: is empty. Write at least one entry"),
    (
        "subgroups:\n  a:\n    any_of:\n      - {er: [positive]}\n      - {}\n",
        "invalid_value",
        "line 7, subgroups.a.any_of: an entry is empty",
    ),
    (
        "subgroups:\n  a:\n    er: [positive]\n    staeg: [I]\n",
        "unknown_column",
        "line 8, subgroups.a.staeg: 'staeg' is neither a canonical column",
    ),
    ("subgroups:\n  a:\n    er: [yes]\n", "invalid_value", "yes is not a value of er. Use negative, positive"),
]


@pytest.mark.parametrize(("declared", "rule", "said"), WRONG)
def test_a_wrong_declaration_is_refused_with_its_line(tmp_path: Path, declared: str, rule: str, said: str) -> None:
    folder = tmp_path / "landing" / "small"
    folder.mkdir(parents=True)
    (folder / "cohort.yaml").write_text(HEAD + CLINICAL + declared)
    for name, text in FILES.items():
        (folder / name).write_text(text)
    with pytest.raises(CohortError) as caught:
        read_cohort(folder)
    assert caught.value.rule == rule
    assert said in str(caught.value)
    assert str(caught.value).startswith("cohort small: cohort.yaml line ")
    assert check_cohort(folder).problems == (str(caught.value),), "`tme check` says the same"
    workspace = Workspace(lake_root=str(tmp_path / "lake"), landing_root=str(folder.parent), study_name="han2024")
    assert workspace.unreadable() == {"small": str(caught.value)}, "`tme run` says the same"


def test_columns_of_the_clinical_files_can_be_named(land: LAND) -> None:
    _, cohort = land(
        CLINICAL
        + "endpoints:\n  a: {column: lesion, positive: [seen], negative: ['no']}\n"
        + "subgroups: {b: {weeks: [3]}}\n",
        FILES,
    )
    assert set(cohort.endpoints.root) == {"a"}
    with pytest.raises(CohortError, match="'lesions' is neither"):
        land(CLINICAL + "subgroups: {b: {lesions: [seen]}}\n", FILES)


def test_a_clinical_file_that_is_missing_is_reported_as_such(land: LAND) -> None:
    folder, _ = land(CLINICAL + "subgroups: {b: {lesions: [seen]}}\n")
    assert check_cohort(folder).rejected["rule"].tolist() == ["file_missing"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("endpoints:\n  pfs: {time: pfs_days}\n", "line 4, endpoints.pfs.event: is missing. Add it"),
        (
            "endpoints:\n  a: {column: pfs_day, at_least: 3}\n",
            "line 4, endpoints.a.column: 'pfs_day' is not a canonical column; nearest: pfs_days",
        ),
        (
            "subgroups:\n  a: {her2: [high]}\n",
            "line 4, subgroups.a: high is not a value of her2. Use negative, positive",
        ),
        (
            "survival:\n  min_event: 3\n",
            "line 4, survival.min_event: unknown key. Did you mean min_events? Correct its",
        ),
        (
            "phenotypes: {k: 2, k_min: 1}\n",
            "line 3, phenotypes.k_min: Input should be greater than or equal to 2 (found 1)",
        ),
        ("phenotypes: {k: 2}\nphenotypes: {k: 3}\n", "line 4: `phenotypes` is already defined in line 3"),
    ],
)
def test_the_study_file_is_refused_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"extends: han2024\nname: mine\n{text}")
    with pytest.raises(StudyError) as caught:
        load_study(path)
    assert said in str(caught.value)
    assert str(caught.value).startswith(f"study {path} line ")


def test_a_problem_of_the_extended_study_names_that_file(tmp_path: Path) -> None:
    base, mine = tmp_path / "base.yaml", tmp_path / "mine.yaml"
    base.write_text(
        "name: base\ntitle: t\nendpoints:\n  a: {column: pd_l1, at_least: 1}\n  b: {column: pd_l2, above: 1}\n"
    )
    mine.write_text(f"extends: {base}\nname: mine\nendpoints:\n  a: {{column: pd_l1, above: 3}}\n")
    with pytest.raises(StudyError, match=f"study {base} line 5, endpoints.b.column: 'pd_l2'"):
        load_study(mine)
    base.write_text(base.read_text().replace("pd_l2", "pd_l1"))
    replaced = load_study(mine).endpoints.root["a"]
    assert (replaced.at_least, replaced.above) == (None, 3), "an endpoint is replaced as a whole"
