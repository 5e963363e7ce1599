"""Dagster's and MLflow's user interfaces over a study that has run, and a Chromium to look at them.

Both are served from threads of this process: as processes of their own, as `tme ui` starts them, they would take a
minute to import what is imported here already.
"""

from __future__ import annotations

import contextlib
import shutil
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from tme_platform.serving import Guard, Places, loopback
from tme_platform_tests.support.servers import free_port

_PATIENCE_SECONDS = 60


@dataclass
class Window:
    """A page of the browser that remembers what went wrong on it."""

    page: Any
    said: list[str] = field(default_factory=list)
    """Errors of scripts and of the console, and answers that are errors with their address."""
    asked: list[str] = field(default_factory=list)
    """Every address that was asked for."""


@contextlib.contextmanager
def chromium(*arguments: str) -> Iterator[Any]:
    """A Chromium of this machine; a test that needs it is skipped where there is none."""
    binary = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if binary is None:
        pytest.skip("no Chromium on this machine (Debian: apt install chromium)")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(
            executable_path=binary, args=["--no-sandbox", "--disable-dev-shm-usage", *arguments]
        )
        yield opened
        opened.close()


@contextlib.contextmanager
def window(browser: Any, **options: Any) -> Iterator[Window]:
    """A new page that is closed afterwards."""
    page = browser.new_page(**options)
    opened = Window(page)
    page.on("console", lambda message: opened.said.append(message.text) if _is_news(message) else None)
    page.on("pageerror", lambda error: opened.said.append(str(error)))
    page.on("response", lambda given: opened.said.append(f"{given.status} {given.url}") if not given.ok else None)
    page.on("request", lambda request: opened.asked.append(request.url))
    yield opened
    page.close()


def _is_news(message: Any) -> bool:
    """A console error that no response has reported already."""
    return message.type == "error" and not message.text.startswith("Failed to load resource")


@contextlib.contextmanager
def dagster_ui(instance: dg.DagsterInstance) -> Iterator[str]:
    """Dagster's user interface over an instance; gives its address."""
    from dagster._core.remote_origin import InProcessCodeLocationOrigin
    from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
    from dagster._core.workspace.context import WorkspaceProcessContext
    from dagster._core.workspace.load_target import WorkspaceLoadTarget
    from dagster_webserver.app import create_app_from_workspace_process_context

    class Here(WorkspaceLoadTarget):
        def create_origins(self) -> list[InProcessCodeLocationOrigin]:
            module = LoadableTargetOrigin(executable_path=sys.executable, module_name="tme_platform.definitions")
            return [InProcessCodeLocationOrigin(module, location_name="tme_platform")]

    with contextlib.ExitStack() as stack:
        context = stack.enter_context(WorkspaceProcessContext(instance, Here()))
        port = free_port()
        app = Guard(create_app_from_workspace_process_context(context), Places(loopback(port)))
        yield stack.enter_context(served(app, port))


@contextlib.contextmanager
def mlflow_ui(store: str, artifacts: Path) -> Iterator[str]:
    """MLflow's user interface over a store, behind the guard; gives its address."""
    from tme_platform.tracking.webserver import PORT, make_app

    port = free_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("_MLFLOW_SERVER_FILE_STORE", store)
        patch.setenv("_MLFLOW_SERVER_ARTIFACT_ROOT", artifacts.as_uri())
        patch.setenv("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false")
        patch.setenv(PORT, str(port))
        with warnings.catch_warnings(action="ignore"):  # of deprecations within MLflow
            app = make_app()
        with served(app, port) as address:
            yield address


@contextlib.contextmanager
def served(app: Any, port: int = 0) -> Iterator[str]:
    import uvicorn

    port = port or free_port()
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not server.started and time.monotonic() < deadline and thread.is_alive():
        time.sleep(0.05)
    assert server.started, "the server did not start"
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(_PATIENCE_SECONDS)
