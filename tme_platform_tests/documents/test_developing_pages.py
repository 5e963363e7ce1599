"""The code of the pages for developers, put where the pages say and run."""

import importlib
import inspect
import sys
import types
from pathlib import Path

import pytest

from tme_platform.report.checklists import RULES, Verdict
from tme_platform.report.checklists.fill import fill
from tme_platform.steps.materialise import Materialised, materialise
from tme_platform.steps.registry import STEPS
from tme_platform.steps.step import Step
from tme_platform.steps.workspace import Workspace
from tme_platform.tables import TABLES
from tme_platform_tests.support.pages import DOCS, REPOSITORY, marked_blocks
from tme_platform_tests.support.small_study import make_study

PAGES = DOCS / "developing"


@pytest.fixture
def apply(monkeypatch: pytest.MonkeyPatch):
    """Create the modules of a page and extend those it adds to; return what was added, and the test modules."""

    def run(page: Path) -> tuple[dict[str, object], list[types.ModuleType]]:
        added: dict[str, object] = {}
        tests = []
        for mark, text in marked_blocks(page, "python"):
            path = mark.removeprefix("add to ")
            name = path.removesuffix(".py").replace("/", ".")
            if mark.startswith("add to "):
                module = importlib.import_module(name)
                names = dict(vars(module))
                exec(compile(text, path, "exec"), names)  # noqa: S102
                new = {key: value for key, value in names.items() if key not in vars(module) and key[0] != "_"}
                for key, value in new.items():
                    monkeypatch.setattr(module, key, value, raising=False)
                added |= new
            else:
                assert not (REPOSITORY / path).exists(), f"{path} is there by now: the page needs another example"
                module = types.ModuleType(name)
                monkeypatch.setitem(sys.modules, name, module)
                exec(compile(text, path, "exec"), vars(module))  # noqa: S102
                if path.startswith("tme_platform_tests/"):
                    tests.append(module)
        return added, tests

    return run


def _build(step: Step, workspace: Workspace, cohort: str) -> Materialised:
    return materialise(step, workspace.scope(step.schema, cohort))


@pytest.mark.parametrize(
    ("page", "name", "before", "rows"),
    [("new_asset.md", "follow_up", ["patients"], 1), ("new_score.md", "cytolytic_scores", ["expression"], 12)],
)
def test_the_step_of_the_page_builds_its_table(apply, monkeypatch, tmp_path, page, name, before, rows) -> None:
    workspace = make_study(tmp_path, patients=12, imaged=0)
    with (workspace.landing / "rna" / "expression.tsv").open("a") as matrix:
        matrix.writelines(f"{gene}\t" + "\t".join(["4.0"] * 12) + "\n" for gene in ("GZMA", "PRF1"))
    for earlier in ("cohort_files", *before):
        _build(STEPS[earlier], workspace, "rna")
    added, _ = apply(PAGES / page)
    monkeypatch.setitem(TABLES, name, added[name.upper()])  # a module in tables/ is gathered when it is imported
    step = added[name]
    assert isinstance(step, Step)
    assert _build(step, workspace, "rna").written
    assert len(workspace.lake.read(step.schema, "rna")) == rows
    assert not _build(step, workspace, "rna").written


@pytest.mark.parametrize("page", ["new_asset.md", "new_score.md", "new_reader.md", "new_figure.md"])
def test_the_tests_of_the_page_pass(apply, tmp_path, page) -> None:
    _, modules = apply(PAGES / page)
    assert modules
    for module in modules:
        image = getattr(module, "image", None)
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if not name.startswith("test_"):
                continue
            given = {"tmp_path": tmp_path}
            if image is not None:
                given["image"] = image.__wrapped__()
            cases = [mark for mark in getattr(function, "pytestmark", []) if mark.name == "parametrize"]
            for case in cases[0].args[1] if cases else [()]:
                for file in tmp_path.iterdir():
                    file.unlink()
                values = given | (dict(zip(cases[0].args[0], case, strict=True)) if cases else {})
                function(**{key: values[key] for key in inspect.signature(function).parameters})


def test_the_checklist_of_the_page_can_be_filled() -> None:
    ((mark, text),) = marked_blocks(PAGES / "new_checklist.md", "yaml")
    verdicts = {name: Verdict(True, "shown") for name in RULES}
    filled = fill(Path(mark).stem, text, verdicts)
    assert filled.key == "example"
    assert filled.counts == {"met": 2, "not met": 0, "for the author": 1}
