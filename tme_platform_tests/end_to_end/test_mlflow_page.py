"""MLflow's page as `tme ui` starts it: for its own pages and for whoever has the token."""

import os
from collections.abc import Iterator
from unittest import mock

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from tme_platform.cli import ui
from tme_platform.serving import Token
from tme_platform.steps.workspace import Workspace
from tme_platform_tests.support.served_pages import JSON, SECRET, Served, another_site
from tme_platform_tests.support.servers import free_port, process, wait_until
from tme_platform_tests.support.user_interfaces import chromium, window

CREATE = "/api/2.0/mlflow/registered-models/create"
BY_PAGE = "/ajax-api/2.0/mlflow/registered-models/create"
BY_ITS_PAGE = f"""async () => (await fetch("{BY_PAGE}", {{
  method: "POST", headers: {{"Content-Type": "application/json"}}, body: '{{"name": "by-its-page"}}'
}})).status"""
SEARCH = "/api/2.0/mlflow/registered-models/search"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    root = tmp_path_factory.mktemp("mlflow_page")
    port = free_port()
    with mock.patch.dict(os.environ):
        os.environ.pop("DAGSTER_HOME", None)
        workspace = Workspace(lake_root=str(root / "lake"), landing_root=str(root / "landing"))
        workspace.export()
        command = ui._commands(workspace.state, 1, port, root / "code")["mlflow"]
        environment = ui._with_token("mlflow", ui._environment(workspace.state, port), Token(SECRET))
    log, page = root / "log", Served(port)
    with process(command, log, env=environment) as started:
        wait_until(lambda: ui._answers(f"{page.address}/health"), started, log)
        yield page
    assert SECRET not in log.read_text(), "the link's address is not in the log"


@pytest.fixture
def client(served: Served, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    """MLflow's client of somebody who has the token."""
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", SECRET)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    return MlflowClient(served.address, registry_uri=served.address)


def test_without_browser(served: Served) -> None:
    assert served.ask("GET", SEARCH)[0] == 200
    for path in ("/", SEARCH, "/version", "/get-artifact?path=x&run_uuid=y", "/static-files/index.html"):
        assert served.ask("GET", path, Authorization="")[0] == 403
    assert served.ask("POST", CREATE, {"name": "x"}, **JSON, Authorization="")[0] == 403
    for host in ("10.evil.example", "evil.example", f"localhost:{served.port + 1}", "192.168.1.1", "localhost"):
        assert served.ask("GET", SEARCH, Host=host)[0] == 421, host
    for origin in (
        "http://localhost:8000",
        "http://127.0.0.1:3000",
        "http://[::1]:5000",
        "null",
        "https://evil.example",
    ):
        for path in (CREATE, BY_PAGE):
            assert served.ask("POST", path, {"name": "x"}, **JSON, Origin=origin)[0] == 403, origin
            assert served.ask("OPTIONS", path, Origin=origin, Access_Control_Request_Method="POST")[0] == 403, origin
        assert served.ask("GET", SEARCH, Origin=origin)[0] == 403, "it could be read"
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        assert served.ask("POST", CREATE, {"name": "x"}, Content_Type=kind)[0] == 415
    assert '"x"' not in served.ask("GET", SEARCH)[1], "nothing was created"


def test_files_cannot_be_sent_to_it(served: Served) -> None:
    path = "/api/2.0/mlflow-artifacts/artifacts/planted.txt"
    assert served.ask("PUT", path, "x", Content_Type="application/octet-stream")[0] == 415
    assert served.ask("PUT", path, {}, **JSON)[0] in (403, 404, 405, 501, 503)


def test_mlflows_client_sends_the_token(client: MlflowClient, monkeypatch: pytest.MonkeyPatch) -> None:
    run = client.create_run("0").info.run_id
    client.log_metric(run, "auc", 0.75)
    client.log_param(run, "folds", "10")
    client.delete_run(run)
    assert client.get_run(run).data.metrics == {"auc": 0.75}
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "another")
    with pytest.raises(MlflowException, match="403"):
        client.get_run(run)


def test_the_page_of_another_site(served: Served) -> None:
    """Another program's page on this machine, opened by whoever is logged in, which MLflow itself would let in."""
    html = f"""<iframe name="sink"></iframe>
    <form id="form" method="post" enctype="text/plain" target="sink" action="{served.address}{CREATE}">
    <input name='{{"name": "by form", "a": "' value='"}}'></form>
    <script>
      document.getElementById("form").submit();
      const url = "{served.address}{BY_PAGE}", body = '{{"name": "by fetch"}}';
      const plain = {{method: "POST", mode: "no-cors", credentials: "include", body}};
      const asJson = {{...plain, mode: "cors", headers: {{"Content-Type": "application/json"}}}};
      const end = [answer => answer.type, () => "failed"];
      window.result = Promise.all([
        fetch(url, plain).then(...end), fetch(url, asJson).then(...end),
        fetch("{served.address}{SEARCH}", {{credentials: "include"}}).then(...end),
      ]);
    </script>"""
    with chromium() as browser, another_site(html) as site, window(browser) as seen:
        seen.page.goto(Token(SECRET).link(f"{served.address}/"))
        seen.page.goto(site, wait_until="load")
        assert seen.page.evaluate("window.result")[1:] == ["failed", "failed"]
        assert any(address == f"{served.address}{CREATE}" for address in seen.asked), "the browser did send them"
    found = served.ask("GET", SEARCH)[1]
    assert "by form" not in found
    assert "by fetch" not in found


def test_mlflows_own_page_works(served: Served, client: MlflowClient) -> None:
    """It shows a run with its files, and changes something; the guard's policy stops nothing."""
    run = client.create_run("0", run_name="shown by a test").info.run_id
    client.log_metric(run, "auc", 0.8125)
    client.log_text(run, "what a file says", "card.txt")
    client.log_text(run, "<p>what a page says</p>", "page.html")
    with chromium() as browser, window(browser) as seen:
        view = seen.page
        view.goto(Token(SECRET).link(f"{served.address}/"))
        assert SECRET not in view.url
        view.goto(f"{served.address}/#/experiments/0/runs/{run}")
        view.get_by_text("0.8125").first.wait_for(timeout=60_000)
        view.goto(f"{served.address}/#/experiments/0/runs/{run}/artifacts/card.txt")
        view.get_by_text("what a file says").wait_for(timeout=60_000)
        view.get_by_text("page.html").first.click()
        view.frame_locator("iframe").get_by_text("what a page says").wait_for(timeout=60_000)
        assert view.evaluate(f"({BY_ITS_PAGE})()") == 200
        assert [said for said in seen.said if not said.startswith("303 ") and "/users/current" not in said] == []
    assert client.get_registered_model("by-its-page").name == "by-its-page"
