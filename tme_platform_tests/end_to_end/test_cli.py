"""The `tme` command: what it says and how it ends. Most is called here, some typed: processes take seconds to start."""

import contextlib
import io
import os
import shlex
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from unittest import mock

import pytest
from typer.testing import CliRunner

from tme_platform.cli import ui
from tme_platform.cli.app import app, main
from tme_platform.orchestration.instance import open_instance
from tme_platform_tests.support.pages import PAGES, REPOSITORY, blocks
from tme_platform_tests.support.small_study import copy_study, report_made

TME = Path(sys.executable).parent / "tme"


def typed(*arguments: object) -> subprocess.CompletedProcess[str]:
    """The command as a process of its own."""
    environment = {**os.environ, "TME_WORKERS": "1"}
    words = [TME, *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, timeout=300, env=environment)


def tme(*arguments: object) -> subprocess.CompletedProcess[str]:
    """The command in this process."""
    words = ["tme", *map(str, arguments)]
    with (
        contextlib.redirect_stdout(io.StringIO()) as said,
        contextlib.redirect_stderr(io.StringIO()) as complained,
        mock.patch.object(sys, "argv", words),
        mock.patch.dict(os.environ, {"TME_WORKERS": "1"}),
        pytest.raises(SystemExit) as ended,
    ):
        main()
    return subprocess.CompletedProcess(words, int(ended.value.code or 0), said.getvalue(), complained.getvalue())


@pytest.fixture(scope="module")
def place(small_run: Path, tmp_path_factory: pytest.TempPathFactory) -> list[object]:
    """The options that lead to a small study that has run."""
    workspace = copy_study(small_run, tmp_path_factory.mktemp("cli"))
    with mock.patch.dict(os.environ), open_instance(workspace.state) as instance:
        report_made(workspace, instance)
    options = ["--lake", workspace.lake_root, "--landing", workspace.landing_root, "--study", workspace.study_name]
    assert tme(*options, "run", "--select", "catalog", "--refresh", "all").returncode == 0, (
        "it names the files of this lake"
    )
    return options


def test_help_names_the_commands() -> None:
    found = typed("--help")
    assert found.returncode == 0
    for command in ("demo", "run", "ui", "check", "query", "models", "score", "report"):
        assert command in found.stdout


def test_help_imports_nothing_heavy() -> None:
    heavy = [
        "dagster",
        "mlflow",
        "pandas",
        "numpy",
        "scipy",
        "sklearn",
        "SimpleITK",
        "duckdb",
        "deltalake",
        "gseapy",
        "lifelines",
    ]
    code = f"import sys, tme_platform.cli.app; print(sorted(set({heavy}) & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert found.stdout.strip() == "[]"


def test_where_a_command_works_may_be_said_behind_its_name() -> None:
    for arguments in (["run", "--study", "nothere"], ["--study=nothere", "run"], ["run", "--study=nothere"]):
        found = CliRunner().invoke(app, arguments)
        assert "no study 'nothere'" in str(found.exception)
    assert "requires an argument" in CliRunner().invoke(app, ["run", "--study"]).output


def test_the_user_interfaces_are_reached_from_this_machine_only(tmp_path: Path) -> None:
    commands = ui._commands(tmp_path, 3000, 5000, tmp_path / "code")
    hosts = {
        name: [value for option, value in pairwise(command) if option in ("-h", "--host")]
        for name, command in commands.items()
    }
    assert hosts == {
        "dagster-code": [],
        "dagster-webserver": ["127.0.0.1"],
        "dagster-daemon": [],
        "mlflow": ["127.0.0.1"],
    }
    reached = dict(pairwise(commands["dagster-code"]))
    assert reached["--socket"] == str(tmp_path / "code"), "a socket, which has the permissions of a file; no port"
    assert not {"-h", "-p", "--host", "--port"} & {*commands["dagster-code"]}
    given = dict(pairwise(commands["mlflow"]))
    assert given["--app-name"] == "tme_platform", "the guard"
    assert given["--allowed-hosts"] == "127.0.0.1:5000,localhost:5000"
    assert given["--cors-allowed-origins"] == "http://127.0.0.1:5000,http://localhost:5000"
    assert ui._environment(tmp_path, 5000)["MLFLOW_PORT"] == "5000"


def test_tables_link_to_where_mlflow_is_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TME_MLFLOW_URL", raising=False)
    assert ui._environment(tmp_path, 5111)["TME_MLFLOW_URL"] == "http://127.0.0.1:5111"
    monkeypatch.setenv("TME_MLFLOW_URL", "https://models.example.org")
    assert ui._environment(tmp_path, 5111)["TME_MLFLOW_URL"] == "https://models.example.org"


def test_a_second_run_makes_nothing(place: list[object]) -> None:
    found = typed(*place, "run")
    assert found.returncode == 0
    assert "0 partitions built" in found.stdout


def test_a_run_names_the_cohorts_it_works_on(small_run: Path, tmp_path: Path) -> None:
    workspace = copy_study(small_run, tmp_path)
    with (workspace.landing / "reference" / "clinical.csv").open("a") as clinical:
        clinical.write("P900,61,800,0,H1,pos,,,\n")
    options = ["--lake", workspace.lake_root, "--landing", workspace.landing_root, "--study", workspace.study_name]
    found = typed(*options, "run", "--cohort", "reference", "--select", "cohort_files")
    assert found.returncode == 0, found.stdout + found.stderr
    assert found.stdout.startswith("✓ reference            cohorts     1 table: "), found.stdout
    assert "(changed: landing folder of reference" in found.stdout
    assert "Findings" not in found.stdout, "of a part of the study"


def test_query_answers(place: list[object]) -> None:
    found = tme(*place, "query", "--csv", "select cohort, count(*) as n from tme_phenotypes group by 1 order by 1")
    assert found.stdout.splitlines() == ["cohort,n", "mri,40", "reference,40", "rna,12"]
    assert "40" in tme(*place, "query", "select count(*) from tme_phenotypes where cohort = 'mri'").stdout


def test_a_query_that_is_wrong_or_writes_fails(place: list[object]) -> None:
    for sql in ("selct 1", "create table mine as select 1"):
        found = tme(*place, "query", sql)
        assert found.returncode == 1
        assert found.stderr.startswith("error")
        assert "Traceback" not in found.stderr


def test_report_says_where_it_lies_and_a_report_of_nothing_is_a_sentence(place: list[object], tmp_path: Path) -> None:
    options = list(map(str, place))
    found = CliRunner().invoke(app, [*options, "report"])
    assert found.exit_code == 0, found.output
    said = found.stdout.strip()
    assert said.endswith("(as it was)"), "the run has written it"
    page = Path(said.removesuffix(" (as it was)"))
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    nothing = CliRunner().invoke(app, ["--lake", str(tmp_path), *options[2:], "report"])
    assert nothing.exit_code == 1
    assert "run `tme demo` or `tme run` first" in str(nothing.exception), "which main() prints as a sentence"
    assert not (tmp_path / "report").exists()


def test_models_lists_one_version(place: list[object]) -> None:
    found = tme(*place, "models")
    assert found.returncode == 0
    assert found.stdout.count("challenger") == 1, "random labels: no version is promoted"
    assert "refused: " in found.stdout


def test_a_version_is_reproduced(place: list[object]) -> None:
    found = tme(*place, "models", "reproduce", "1")
    assert found.returncode == 0, found.stderr
    assert "identical" in found.stdout


def test_a_version_that_is_not_there_or_cannot_score_is_a_sentence(place: list[object], tmp_path: Path) -> None:
    image = tmp_path / "image.nii.gz"
    for model, said in (("9", "no version '9'"), ("champion", "has been promoted"), ("1", "feature table 'drawn'")):
        found = tme(*place, "score", "--image", image, "--mask", image, "--model", model)
        assert found.returncode == 1
        assert said in found.stderr
        assert "Traceback" not in found.stderr


def test_check_reads_and_writes_nothing(place: list[object]) -> None:
    landing = Path(str(place[3]))
    before = sorted(path for path in landing.parent.rglob("*") if "lake" not in path.parts)
    found = tme(*place, "check", "reference")
    assert found.returncode == 0
    assert "40" in found.stdout
    assert "ready" in found.stdout
    assert sorted(path for path in landing.parent.rglob("*") if "lake" not in path.parts) == before


def test_the_check_of_the_documentation(place: list[object]) -> None:
    assert ["tme", "check", "our_trial"] in shown()
    folder = Path(str(place[3])) / "our_trial"
    shutil.copytree(folder.with_name("reference"), folder)
    try:
        found = tme(*place, "check", "our_trial")
    finally:
        shutil.rmtree(folder)
    assert found.returncode == 0, found.stderr
    assert "ready" in found.stdout


def test_check_says_what_is_wrong(place: list[object]) -> None:
    folder = Path(str(place[3])) / "broken"
    folder.mkdir()
    (folder / "cohort.yaml").write_text("title: x\nroles: [nonsense]\nprovenance: {}\n")
    try:
        found = tme(*place, "check", "broken")
    finally:
        (folder / "cohort.yaml").unlink()
        folder.rmdir()
    assert found.returncode == 1
    assert "roles" in found.stderr
    assert "Traceback" not in found.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "--cohort", "nobody"], "nobody"),
        (["run", "--select", "no_such_asset"], "no_such_asset"),
        (["run", "--select", "cell_scores, catalog"], "'cell_scores or signature'"),
    ],
)
def test_mistakes_are_sentences(place: list[object], arguments: list[str], said: str) -> None:
    found = tme(*place, *arguments)
    assert found.returncode == 1
    assert said in found.stderr
    assert "Traceback" not in found.stderr


def test_an_empty_lake_says_what_to_do(tmp_path: Path) -> None:
    for command in (["models"], ["query", "select 1"]):
        found = tme("--lake", tmp_path, *command)
        assert found.returncode == 1
        assert "tme demo" in found.stderr
    assert "cohort.yaml" in tme("--lake", tmp_path, "demo").stderr


ONLY_READ = [["tme", name] for name in ("query", "status", "models")]


def shown(mark: str | None = None) -> list[list[str]]:
    """The commands of the documentation, without their comments; with `mark` those of marked blocks."""
    texts = [text for page in (*PAGES, REPOSITORY / "README.md") for text in blocks(page, "sh", mark)]
    lines = [shlex.split(line, comments=True) for text in texts for line in text.splitlines()]
    return [list(words) for words in dict.fromkeys(tuple(words) for words in lines if words)]


def test_commands_of_the_documentation_run(
    place: list[object], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Those marked `run`, and all that only read."""
    lake, landing, study = map(str, place[1::2])
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "LAKE": lake,
        "LANDING": landing,
        "STUDY": study,
        "STATE": lake,
        "BACKEND": "in_process",
    }.items():
        monkeypatch.setenv(f"TME_{name}", value)
    commands = [words for words in shown() if words in shown("run") or words[:2] in ONLY_READ]
    assert len(commands) > 10
    for words in commands:
        assert words[0] == "tme"
        found = CliRunner().invoke(app, words[1:])
        assert found.exit_code == 0, f"{shlex.join(words)}: {found.output}{found.exception}"


def test_commands_of_the_documentation_exist() -> None:
    makefile = (REPOSITORY / "Makefile").read_text()
    for words in shown():
        if words[0] == "tme":
            found = CliRunner().invoke(app, [*words[1:], "--help"])
            assert found.exit_code == 0, f"{shlex.join(words)}: {found.output}"
        elif words[0] == "make":
            assert f"\n{words[1]}:" in makefile, words
        elif words[0] == "python":
            assert (REPOSITORY / words[1]).is_file(), words
    assert CliRunner().invoke(app, ["run", "--no-such-option", "--help"]).exit_code == 2
