"""Alerts: what is sent of a run that failed and of a check that does not pass, to receivers that the tests start."""

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import dagster as dg
import pytest

from tme_platform.orchestration.alerts import alert_of, make_alerts
from tme_platform.orchestration.build import build_definitions
from tme_platform.orchestration.notify import RECEIVERS, SENDER, SMTP, WEBHOOK, Receivers, send

QUOTED = "patient Smith, born 1950"


@dg.asset
def quiet() -> None:
    """An asset without fault."""


@dg.asset(check_specs=[dg.AssetCheckSpec("enough_patients", asset="doubtful")])
def doubtful() -> dg.MaterializeResult:
    """An asset whose check does not pass."""
    return dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=False, description=QUOTED)])


@dg.asset
def broken() -> None:
    """An asset that fails."""
    raise ValueError(QUOTED)


def run_of(instance: dg.DagsterInstance, asset: dg.AssetsDefinition, **tags: str) -> dg.DagsterRun:
    done = dg.materialize([asset], instance=instance, raise_on_error=False, tags=tags)
    found = instance.get_run_by_id(done.run_id)
    assert found is not None
    return found


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def test_a_failed_run_is_told_without_what_the_error_said(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TME_UI_ADDRESSES", "https://tme.example.org, http://other")
    run = run_of(instance, broken, **{"dagster/partition": "mri"})
    alert = alert_of(instance, run)
    assert alert is not None
    subject, text = alert
    assert subject == "tme_platform: a run failed (cohort mri)"
    assert "Failed: broken." in text
    assert f"https://tme.example.org/runs/{run.run_id}" in text
    assert "Smith" not in subject + text


def test_a_check_that_does_not_pass_is_told_though_the_run_went_on(instance: dg.DagsterInstance) -> None:
    alert = alert_of(instance, run_of(instance, doubtful))
    assert alert is not None
    assert alert[0] == "tme_platform: a check does not pass (the whole study)"
    assert "enough_patients of doubtful" in alert[1]
    assert "Smith" not in alert[1]


def test_nothing_is_told_of_a_run_without_fault(instance: dg.DagsterInstance) -> None:
    assert alert_of(instance, run_of(instance, quiet)) is None


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def webhook() -> Iterator[tuple[str, list[Any]]]:
    got: list[Any] = []

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200 if self.path == "/hook" else 500)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Taking)
    with serving(server):
        yield f"http://127.0.0.1:{server.server_port}", got


@pytest.fixture
def mailbox() -> Iterator[tuple[str, list[str]]]:
    """A mail server that takes everything and offers neither encryption nor login."""
    got: list[str] = []

    class Taking(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._reply("220 here")
            while raw := self.rfile.readline():
                word = raw.decode().strip().upper()
                if word == "DATA":
                    self._reply("354 go on")
                    lines = []
                    while (line := self.rfile.readline().decode().rstrip("\r\n")) != ".":
                        lines.append(line)
                    got.append("\n".join(lines))
                self._reply("221 bye" if word == "QUIT" else "250 ok")

        def _reply(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    server = Server(("127.0.0.1", 0), Taking)
    with serving(server):
        yield f"smtp://127.0.0.1:{server.server_address[1]}", got


def test_a_sensor_sends_to_webhook_and_mailbox(
    instance: dg.DagsterInstance, webhook: tuple[str, list[Any]], mailbox: tuple[str, list[str]]
) -> None:
    receivers = Receivers(f"{webhook[0]}/hook", mailbox[0], "tme@example.org", ("a@example.org", "b@example.org"))
    run = run_of(instance, broken)
    (event,) = [
        entry.dagster_event
        for entry in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE)
        if entry.dagster_event is not None
    ]
    (sensor,) = [one for one in make_alerts(receivers) if one.name == "alert_after_failure"]
    context = dg.build_run_status_sensor_context(
        sensor_name=sensor.name, dagster_instance=instance, dagster_run=run, dagster_event=event
    )
    said = sensor(context)
    assert isinstance(said, dg.SkipReason)
    assert said.skip_message == "told"
    (posted,) = webhook[1]
    assert posted["text"].startswith("*tme_platform: a run failed (the whole study)*\nRun ")
    (mail,) = mailbox[1]
    assert "Subject: tme_platform: a run failed (the whole study)" in mail
    assert "To: a@example.org, b@example.org" in mail
    assert "Failed: broken." in mail


def test_a_receiver_out_of_reach_keeps_nobody_else_from_being_told(webhook: tuple[str, list[Any]]) -> None:
    nobody = Receivers(f"{webhook[0]}/hook", "smtp://user:hidden@127.0.0.1:9", "a@example.org", ("b@example.org",))
    problems = send(nobody, "subject", "text")
    assert len(webhook[1]) == 1
    assert problems == ["the e-mail could not be sent: ConnectionRefusedError"]
    assert send(Receivers(f"{webhook[0]}/other"), "subject", "text") == ["the webhook could not be sent: HTTPError"]


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({WEBHOOK: "file:///etc/passwd"}, "should begin with https"),
        ({SMTP: "mail.example.org"}, "should be smtp"),
        ({SMTP: "smtp://mail.example.org"}, "name sender and receivers"),
        ({SMTP: "smtp://mail.example.org", SENDER: "a@example.org", RECEIVERS: " , "}, "name sender and receivers"),
    ],
)
def test_settings_that_cannot_work_are_refused(environment: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Receivers.from_environment(environment)


def test_without_receivers_there_is_no_sensor(monkeypatch: pytest.MonkeyPatch) -> None:
    def names() -> set[str]:
        return {sensor.name for sensor in build_definitions().sensors or ()}

    monkeypatch.delenv(WEBHOOK, raising=False)
    monkeypatch.delenv(SMTP, raising=False)
    assert names() == {"keep_up", "catalog_after_runs"}
    monkeypatch.setenv(WEBHOOK, "https://hooks.example.org/x")
    assert names() == {"keep_up", "catalog_after_runs", "alert_after_failure", "alert_after_checks"}
