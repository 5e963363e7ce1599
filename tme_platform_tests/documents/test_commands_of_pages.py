"""Commands, settings and study files of the documentation are valid in every word, whether or not a test runs them."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from tme_platform.cli.app import app
from tme_platform.study import Study, load_study
from tme_platform_tests.support.pages import DOCS, PAGES, REPOSITORY, blocks, code_spans

TEXTS = [*PAGES, REPOSITORY / "README.md", REPOSITORY / "deploy" / "README.md"]
_SETTING = re.compile(r"(\w+): (\{.*\})")


@pytest.fixture(scope="module")
def command() -> Any:
    """The `tme` command, of which no subcommand does anything."""
    group = typer.main.get_command(app)
    commands = [group]
    while commands:
        one = commands.pop()
        one.callback = lambda **_: None
        commands += getattr(one, "commands", {}).values()
    return group


def in_blocks() -> list[list[str]]:
    """Every `tme` command of a block, also behind another such as `docker compose exec code`."""
    lines = [line for page in TEXTS for text in blocks(page, "sh") for line in text.splitlines()]
    words = [shlex.split(line, comments=True) for line in lines]
    return [line[line.index("tme") :] for line in words if "tme" in line]


def in_sentences() -> list[list[str]]:
    """Every `tme` command of a sentence."""
    return [shlex.split(code) for page in TEXTS for code in code_spans(page) if code.startswith("tme ")]


def test_every_word_of_a_command_is_understood(command: Any) -> None:
    assert len(in_blocks()) > 30
    for words in in_blocks():
        command.main(words[1:], standalone_mode=False)


def test_commands_in_sentences_may_leave_out_what_they_are_about(command: Any) -> None:
    assert len(in_sentences()) > 20
    for words in in_sentences():
        try:
            command.main(words[1:], standalone_mode=False)
        except Exception as error:  # Typer has a Click of its own: its classes cannot be imported
            assert "Missing" in str(error), f"{shlex.join(words)}: {error}"  # noqa: PT017


@pytest.mark.parametrize("words", [["run", "--refresh", "most"], ["models", "reproduces", "1"], ["check", "--all"]])
def test_a_command_that_does_not_exist_is_seen(command: Any, words: list[str]) -> None:
    with pytest.raises(Exception, match=r"most|reproduces|--all"):
        command.main(words, standalone_mode=False)


def test_study_files_of_the_first_hour_can_be_loaded(tmp_path: Path) -> None:
    texts = blocks(DOCS / "first_hour.md", "yaml")
    assert len(texts) == 2
    for text in texts:
        content = {"extends": "tcga_brca", **yaml.safe_load(text)}
        (tmp_path / "ours.yaml").write_text(yaml.safe_dump(content))
        assert load_study(tmp_path / "ours.yaml") != load_study("tcga_brca")


def settings_of_pages() -> list[str]:
    """Every setting of a study that a sentence shows in full, such as `extraction: {vessel_sd: 3}`."""
    found = [code for page in TEXTS for code in code_spans(page) if _SETTING.fullmatch(code) and "..." not in code]
    in_a_cohort = {
        "cell_scores",
        "features",
        "imaging",
        "expression",
        "split",
        "score_comparison",
        "provenance",
        "values",
    }
    return [code for code in dict.fromkeys(found) if code.partition(":")[0] not in in_a_cohort]


def test_settings_of_the_documentation_are_those_of_a_study(tmp_path: Path) -> None:
    assert len(settings_of_pages()) > 12
    for code in settings_of_pages():
        (tmp_path / "ours.yaml").write_text(f"extends: tcga_brca\n{code}\n")
        ((block, values),) = yaml.safe_load(code).items()
        loaded = getattr(load_study(tmp_path / "ours.yaml"), block)
        assert set(values) <= set(type(loaded).model_fields), code
        assert block in Study.model_fields
