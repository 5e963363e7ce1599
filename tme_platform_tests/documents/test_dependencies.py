"""The check of licences: what is accepted, what is not, and why."""

import importlib.util
from email.message import Message
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def dependencies() -> ModuleType:
    spec = importlib.util.spec_from_file_location("dependencies", REPOSITORY / ".ci" / "dependencies.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def package(**fields: str | list[str]) -> SimpleNamespace:
    metadata = Message()
    for name, values in fields.items():
        for value in [values] if isinstance(values, str) else values:
            metadata[name.replace("_", "-")] = value
    return SimpleNamespace(metadata=metadata)


@pytest.mark.parametrize(
    ("fields", "expression", "accepted"),
    [
        ({"License_Expression": "Apache-2.0 AND MIT"}, "Apache-2.0 AND MIT", True),
        ({"License_Expression": "GPL-3.0-only OR (MIT AND BSD-3-Clause)"}, None, True),
        ({"License_Expression": "MIT AND GPL-3.0-only"}, None, False),
        ({"Classifier": ["License :: OSI Approved :: MIT License"]}, "MIT", True),
        ({"Classifier": ["License :: OSI Approved :: GNU General Public License v3 (GPLv3)"]}, None, False),
        ({"License": "3-Clause BSD License"}, "BSD-3-Clause", True),
        ({"License": "Copyright (c) 2020\nAll rights reserved"}, "", False),
        ({"License": "Proprietary"}, "Proprietary", False),
        ({}, "", False),
    ],
)
def test_licences(dependencies: ModuleType, fields: dict, expression: str | None, accepted: bool) -> None:
    found = dependencies.licence(package(**fields))
    assert expression is None or found == expression
    assert (dependencies.problem("some-package", found) == "") is accepted


def test_every_package_that_an_installation_needs_has_an_accepted_licence(
    dependencies: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert dependencies.check() == 0, capsys.readouterr().out
    packages = dependencies.installed()
    assert {"numpy", "mlflow", "dask", "psycopg2-binary"} <= set(packages)
    assert not {"pytest", "ruff", "cyclonedx-bom"} & set(packages), "tools of development are not among them"


def test_the_page_names_the_exceptions(dependencies: ModuleType) -> None:
    page = (REPOSITORY / "docs" / "developing" / "dependencies.md").read_text(encoding="utf-8")
    for name, (licence, _) in dependencies.NAMED.items():
        assert f"| `{name}` | {licence} |" in page
