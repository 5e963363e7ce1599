"""Dagster's page as `tme ui` starts it, asked by its own pages, by another site's page and without a browser."""

import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import quote

import pytest

from tme_platform.cli import ui
from tme_platform.environment import CODE_SOCKET
from tme_platform.serving import Token
from tme_platform.steps.workspace import Workspace
from tme_platform_tests.support.served_pages import JSON, SECRET, Served, another_site
from tme_platform_tests.support.servers import free_port, process, wait_until
from tme_platform_tests.support.user_interfaces import chromium, window

PATIENCE_SECONDS = 120
MUTATION = "mutation($given: ExecutionParams!) { launchRun(executionParams: $given) { __typename } }"


def wanted(**further: Any) -> dict[str, Any]:
    """What launches a run that would remove nothing."""
    selector = {"repositoryName": "__repository__", "repositoryLocationName": "tme_platform.definitions"}
    config = {"ops": {"keep_house": {"config": {"dry_run": True}}}}
    given = {"selector": {**selector, "pipelineName": "housekeeping"}, "runConfigData": config, "mode": "default"}
    return {"query": MUTATION, "variables": {"given": {**given, **further}}}


class Dagster(Served):
    """Dagster's page; there is a token, so that both kinds of tests need one server."""

    def graphql(self, asked: Any) -> Any:
        status, text = self.ask("POST", "/graphql", asked, **JSON)
        assert status == 200, text
        return json.loads(text)["data"]

    def runs(self) -> list[str]:
        found = self.graphql({"query": "{runsOrError {... on Runs {results {runId}}}}"})
        return [run["runId"] for run in found["runsOrError"]["results"]]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dagster]:
    root = tmp_path_factory.mktemp("foreign_pages")
    (root / "landing").mkdir()
    with mock.patch.dict(os.environ):
        os.environ.pop("DAGSTER_HOME", None)
        workspace = Workspace(lake_root=str(root / "lake"), landing_root=str(root / "landing"))
        workspace.export()
        port = free_port()
        socket = tmp_path_factory.mktemp("s") / "code"
        commands = ui._commands(workspace.state, port, 1, socket)
        environment = ui._environment(workspace.state, 1) | {CODE_SOCKET: str(socket)}
        with_token = ui._with_token("dagster-webserver", environment, Token(SECRET))
    log, page = root / "log", Dagster(port)
    with (
        process(commands["dagster-code"], root / "code.log", env=environment),
        process(commands["dagster-webserver"], log, env=with_token) as started,
    ):
        wait_until(lambda: ui._answers(f"{page.address}/server_info"), started, log)
        yield page


def test_without_browser(served: Dagster) -> None:
    by_address = f"/graphql?query={quote(MUTATION)}&variables={quote(json.dumps(wanted()['variables']))}"
    assert served.ask("GET", by_address)[0] == 405
    assert served.ask("HEAD", by_address)[0] == 405
    assert served.ask("POST", by_address, Content_Type="text/plain")[0] == 415
    assert served.ask("POST", "/graphql", MUTATION, Content_Type="application/graphql")[0] == 415
    assert served.ask("POST", "/graphql", wanted(), **JSON, Host="evil.example")[0] == 421
    assert served.ask("POST", "/graphql", wanted(), **JSON, Origin="https://evil.example")[0] == 403
    assert served.ask("POST", "/graphql", wanted(), **JSON, Authorization="")[0] == 403
    assert served.ask("POST", "/graphql", wanted(x="x" * 5_000_000), **JSON)[0] == 413
    for what in ("materialization", "check", "observation"):
        assert served.ask("POST", f"/report_asset_{what}/patients?metadata=x", Content_Type="text/plain")[0] == 415
        assert served.ask("POST", f"/report_asset_{what}/patients", {}, **JSON, Origin="null")[0] == 403
    for path in ("/server_info", "/dagit_info", "/logs/x/y.out", "/notebook", "/download_debug/x", "/"):
        assert served.ask("GET", path, Authorization="")[0] == 403
    assert served.runs() == []


def handshake(port: int, *headers: str) -> str:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        lines = ["GET /graphql HTTP/1.1", f"Host: 127.0.0.1:{port}", "Upgrade: websocket", "Connection: Upgrade"]
        lines += ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"]
        lines += ["Sec-WebSocket-Protocol: graphql-ws", *headers, "", ""]
        connection.sendall("\r\n".join(lines).encode())
        return connection.recv(4096).decode().splitlines()[0]


def test_web_sockets(served: Dagster) -> None:
    token = f"Authorization: Bearer {SECRET}"
    assert " 101 " in handshake(served.port, token, f"Origin: {served.address}")
    assert " 403 " in handshake(served.port, token, "Origin: https://evil.example")
    assert " 403 " in handshake(served.port, token)
    assert " 403 " in handshake(served.port, f"Origin: {served.address}")


def test_the_page_of_another_site(served: Dagster) -> None:
    """Whoever is logged in opens it: it tries a picture, a form, fetch, a frame and a web socket."""
    variables = quote(json.dumps(wanted()["variables"]))
    by_address = f"{served.address}/graphql?query={quote(MUTATION)}&variables={variables}"
    body = json.dumps(json.dumps(wanted()))
    html = f"""<img src="{by_address}"><iframe src="{served.address}/runs" name="framed"></iframe>
    <iframe name="sink"></iframe>
    <form id="form" method="post" enctype="text/plain" target="sink" action="{by_address}"><input name="a"></form>
    <script>
      document.getElementById("form").submit();
      const url = "{served.address}/graphql", ended = [];
      const plain = {{method: "POST", mode: "no-cors", credentials: "include", body: {body}}};
      const asJson = {{...plain, mode: "cors", headers: {{"Content-Type": "application/json"}}}};
      const socket = new WebSocket("ws://127.0.0.1:{served.port}/graphql", "graphql-ws");
      const closed = new Promise(end => {{ socket.onclose = () => end("closed"); socket.onopen = () => end("open"); }});
      window.result = Promise.all([
        fetch(url, plain).then(answer => answer.type, () => "failed"),
        fetch(url, asJson).then(answer => answer.type, () => "failed"),
        fetch("{by_address}", {{mode: "no-cors", credentials: "include"}}).then(answer => answer.type, () => "failed"),
        closed,
      ]);
    </script>"""
    before = served.runs()
    with chromium() as browser, another_site(html) as site, window(browser) as seen:
        seen.page.goto(Token(SECRET).link(f"{served.address}/runs"))  # its cookie is in the browser from here on
        seen.page.goto(site, wait_until="load")
        found = seen.page.evaluate("window.result")
        assert found[1] == "failed"
        assert found[3] == "closed"
        asked = [address for address in seen.asked if address.startswith(f"{served.address}/graphql")]
        assert len(asked) >= 4, "the browser did send them"
    assert served.runs() == before


def test_dagsters_own_page_works(served: Dagster) -> None:
    """It lists tables, keeps a web socket open, and launches a run by its button; the guard's policy stops nothing."""
    before = set(served.runs())
    with chromium() as browser, window(browser) as seen:
        sockets: list[str] = []
        frames: list[str] = []

        def opened(socket: Any) -> None:
            sockets.append(socket.url)
            socket.on("framereceived", lambda data: frames.append(str(data)))

        seen.page.on("websocket", opened)
        seen.page.goto(Token(SECRET).link(f"{served.address}/assets"))
        assert seen.page.url == f"{served.address}/assets", "the token is gone from the address"
        seen.page.get_by_text("cell_scores").first.wait_for(timeout=60_000)
        seen.page.goto(f"{served.address}/locations/tme_platform.definitions/jobs/housekeeping/playground")
        button = seen.page.get_by_role("button", name="Launch run").first
        button.click(timeout=120_000)  # once it is enabled
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (launched := set(served.runs()) - before) and time.monotonic() < deadline:
            seen.page.wait_for_timeout(500)
        assert len(launched) == 1
        seen.page.goto(f"{served.address}/runs/{launched.pop()}")
        seen.page.wait_for_timeout(1000)  # for errors of the page that was opened last
        assert [said for said in seen.said if not said.startswith("303 ")] == []
        assert sockets
        assert frames, "live updates came"


@pytest.mark.parametrize(
    "config",
    [
        {"resources": {"workspace": {"config": {"backend": "dask://evil.example:8786"}}}},
        {"ops": {"keep_house": {"config": {"backend": "dask://evil.example:8786"}}}},
        {"resources": {"io_manager": {"config": {"base_dir": "/tmp"}}}},  # noqa: S108
        {"execution": {"config": {"multiprocess": {}}}},
    ],
)
def test_a_run_configuration_cannot_say_where_a_study_runs(served: Dagster, config: dict[str, Any]) -> None:
    before = served.runs()
    found = served.graphql(wanted(runConfigData=config))
    assert found["launchRun"]["__typename"] == "RunConfigValidationInvalid"
    assert served.runs() == before


def test_a_run_cannot_name_other_code(served: Dagster) -> None:
    other = {"repositoryName": "__repository__", "repositoryLocationName": "evil", "pipelineName": "housekeeping"}
    assert served.graphql(wanted(selector=other))["launchRun"]["__typename"] == "PipelineNotFoundError"
    status, text = served.ask("POST", "/graphql", wanted(origin={"module_name": "evil"}), **JSON)
    assert status in (400, 500), "there is no such field"
    assert "origin" in text


def test_the_token_is_on_no_command_line_and_not_given_to_the_daemon(tmp_path: Path) -> None:
    token = Token(SECRET)
    environment = {"PATH": os.environ["PATH"]}
    commands = ui._commands(tmp_path, 1, 2, tmp_path / "code")
    given = {name: SECRET in str(ui._with_token(name, environment, token)) for name in commands}
    assert given == {"dagster-code": False, "dagster-webserver": True, "dagster-daemon": False, "mlflow": True}
    assert SECRET not in str(commands)
    assert commands["dagster-webserver"][0] == sys.executable


def test_help_names_the_guard_and_wrong_settings_end_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from dagster_webserver import cli

    from tme_platform.orchestration import webserver

    name = "create_app_from_workspace_process_context"
    monkeypatch.setattr(cli, name, getattr(cli, name))  # it is put back afterwards
    monkeypatch.setattr(sys, "argv", ["webserver", "--help"])
    with pytest.raises(SystemExit):
        webserver.main()
    said = capsys.readouterr().out
    assert "Usage: python -m tme_platform.orchestration.webserver" in said
    assert "TME_UI_ADDRESSES" in said
    for variable, wrong in (("TME_UI_TOKEN", "short"), ("TME_UI_ADDRESSES", "tme.example.org")):
        monkeypatch.setenv(variable, wrong)
        with pytest.raises(SystemExit, match=r"error: .*(16 or more|https://HOST)"):
            webserver.main()
