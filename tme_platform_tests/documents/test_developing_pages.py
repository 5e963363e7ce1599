"""The code of the pages for developers, put where the pages say and run."""

import importlib
import inspect
import sys
import types
from pathlib import Path

import dagster as dg
import pytest

from tme_platform.orchestration import assets
from tme_platform.orchestration.progress import NOTHING_CHANGED, LoggedProgress
from tme_platform.orchestration.table_asset import RefreshConfig
from tme_platform_tests.support.pages import DOCS, REPOSITORY, marked_blocks
from tme_platform_tests.support.small_study import make_study

PAGES = DOCS / "developing"


@pytest.fixture
def apply(monkeypatch: pytest.MonkeyPatch):
    """Makes the modules of a page and adds to those it adds to; gives back what was added, and the modules of tests."""

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


def _call(asset: dg.AssetsDefinition, workspace: object, cohort: str) -> dg.MaterializeResult:
    context = dg.build_asset_context(partition_key=cohort)
    return next(asset(context, RefreshConfig(), workspace=workspace, progress=LoggedProgress()))


@pytest.mark.parametrize(
    ("page", "name", "before", "rows"),
    [("new_asset.md", "follow_up", ["patients"], 1), ("new_score.md", "cytolytic_scores", ["expression"], 12)],
)
def test_the_asset_of_the_page_makes_its_table(apply, tmp_path, page, name, before, rows) -> None:
    workspace = make_study(tmp_path, patients=12, imaged=0)
    with (workspace.landing / "rna" / "expression.tsv").open("a") as matrix:
        matrix.writelines(f"{gene}\t" + "\t".join(["4.0"] * 12) + "\n" for gene in ("GZMA", "PRF1"))
    there = {asset.key.to_user_string(): asset for asset in dg.load_assets_from_package_module(assets)}
    for earlier in ("cohort_files", *before):
        _call(there[earlier], workspace, "rna")
    added, _ = apply(PAGES / page)
    made = _call(added[name], workspace, "rna")
    assert all(check.passed for check in made.check_results)
    assert len(workspace.lake.read(added[name.upper()], "rna")) == rows
    assert _call(added[name], workspace, "rna").metadata["reason"] == NOTHING_CHANGED


@pytest.mark.parametrize("page", ["new_asset.md", "new_score.md", "new_reader.md"])
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
