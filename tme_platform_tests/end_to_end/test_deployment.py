"""A team's platform from the files of `deploy/`: what comes in by the door goes through the queue to the workers."""

from __future__ import annotations

import contextlib
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import dagster as dg
import psycopg2
import pytest
import requests
from distributed import Client, Security

from tme_platform.lake import Lake
from tme_platform.orchestration.progress import LoggedProgress
from tme_platform.orchestration.run import run_study
from tme_platform.tables.radiomics import RADIOMIC_FEATURES
from tme_platform.tables.signature import SIGNATURE
from tme_platform_tests.support.deployed import DEPLOY, Deployment, prepared, settings_of
from tme_platform_tests.support.servers import free_port, nginx, postgres, postgres_program
from tme_platform_tests.support.small_study import make_study
from tme_platform_tests.support.user_interfaces import chromium, window

pytestmark = pytest.mark.deployment

_PATIENCE_SECONDS = 300
README = (DEPLOY / "README.md").read_text()
_REPOSITORY = {"repositoryLocationName": "tme_platform", "repositoryName": "__repository__"}
_LOCATIONS = "{workspaceOrError {... on Workspace {locationEntries {locationOrLoadError {__typename}}}}}"
_SENSORS = "query($of: RepositorySelector!) {sensorsOrError(repositorySelector: $of) {... on Sensors {results {id}}}}"
_STOP = "mutation($id: String!) {stopSensor(id: $id) {__typename}}"
_NEW_COHORT = """mutation($of: RepositorySelector!, $name: String!) {
  addDynamicPartition(repositorySelector: $of, partitionsDefName: "cohort", partitionKey: $name) {__typename}}"""
_LAUNCH = """mutation($what: ExecutionParams!) {
  launchRun(executionParams: $what) {__typename ... on LaunchRunSuccess {run {runId status}}}}"""
_RUN = """query($id: ID!) {runOrError(runId: $id) {... on Run {
  status eventConnection {events {... on MessageEvent {eventType message} ... on LogsCapturedEvent {fileKey}}}}}}"""
_PRINTED = "query($key: [String!]!) {capturedLogs(logKey: $key) {stderr}}"


@dataclass
class Team:
    """The platform as somebody sees it who came in."""

    deployment: Deployment
    session: requests.Session
    dagster: str
    mlflow: str
    by_the_door: bool

    def ask(self, query: str, **variables: Any) -> Any:
        """What Dagster answers."""
        answer = self.session.post(f"{self.dagster}/graphql", json={"query": query, "variables": variables})
        assert answer.status_code == 200, answer.text
        assert "errors" not in answer.json(), answer.text
        return answer.json()["data"]

    def launch(self, assets: list[str], cohort: str | None = None) -> str:
        """Ask for a run of assets; gives its id."""
        selector = _REPOSITORY | {"jobName": "__ASSET_JOB", "assetSelection": [{"path": [name]} for name in assets]}
        tags = [{"key": "dagster/partition", "value": cohort}] if cohort else []
        found = self.ask(_LAUNCH, what={"selector": selector, "executionMetadata": {"tags": tags}})["launchRun"]
        assert found["__typename"] == "LaunchRunSuccess", found
        assert found["run"]["status"] == "QUEUED"
        return str(found["run"]["runId"])

    def ended(self, run: str) -> str:
        """What became of a run; "" while it is under way."""
        status = str(self.ask(_RUN, id=run)["runOrError"]["status"])
        return status if status in ("SUCCESS", "FAILURE", "CANCELED") else ""

    def events(self, run: str) -> list[dict[str, str]]:
        """The events of a run."""
        return [event for event in self.ask(_RUN, id=run)["runOrError"]["eventConnection"]["events"] if event]


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    """The deployment, with a small study of which the images and the signature are left to do. Sensors are off."""
    root = tmp_path_factory.mktemp("team")
    study = make_study(root, patients=24, imaged=2)
    volumes = {name: root / name for name in ("state", "logs", "models")}
    for folder in volumes.values():
        folder.mkdir()
    state = volumes["state"]
    filled_in = {"TME_HOST": "tme.example.org", "TME_STUDY": study.study_name, "LANDING": study.landing_root}
    with contextlib.ExitStack() as stack:
        folder = prepared(root)
        started = postgres(script=DEPLOY / "databases.sql", passwords=settings_of(folder))
        database = stack.enter_context(started).rpartition("@")[2]
        deployment = Deployment(
            root,
            folder,
            mounted={**volumes, study.landing_root: study.landing},
            places={"postgres:5432": database},
            filled_in=filled_in | {"DASK_WORKERS": "2"},
        )
        stack.enter_context(deployment)
        for name in ("mlflow", "code", "dask-scheduler", "dask-worker", "webserver"):
            deployment.start(name)
        ready = run_study(
            replace(study, lake_root=str(state / "lake"), state_root=str(state)),
            dg.DagsterInstance.ephemeral(),
            LoggedProgress(),
            cohorts=["reference", "mri"],
            select="+key:signature and not key:signature",
        )
        assert ready.success, ready.failures
        for name in ("mlflow", "code", "dask-scheduler", "webserver"):
            deployment.listening(name)
        port = free_port()
        opened = stack.enter_context(nginx(deployment.nginx_conf(port), port))
        session = stack.enter_context(requests.Session())
        session.trust_env = False
        if opened:
            session.verify, session.auth = str(opened.certificate), opened.login
            session.headers["Host"] = deployment.values["TME_HOST"]
            places = [f"{opened.address}/{name}" for name in ("dagster", "mlflow")]
        else:
            places = [
                f"http://127.0.0.1:{deployment.port(s)}/{n}" for s, n in (("webserver", "dagster"), ("mlflow",) * 2)
            ]
        team = Team(deployment, session, *places, by_the_door=opened is not None)
        _until(lambda: _code_is_loaded(team))
        # What sensors would start by themselves is tested elsewhere and would take its time here.
        for sensor in team.ask(_SENSORS, of=_REPOSITORY)["sensorsOrError"]["results"]:
            team.ask(_STOP, id=sensor["id"])
        deployment.start("daemon")
        yield team


def _code_is_loaded(team: Team) -> bool:
    (entry,) = team.ask(_LOCATIONS)["workspaceOrError"]["locationEntries"]
    return (entry["locationOrLoadError"] or {}).get("__typename") == "RepositoryLocation"


def _until(happened: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not (found := happened()):
        assert time.monotonic() < deadline, "it takes too long"
        time.sleep(0.3)
    return found


@pytest.fixture(scope="module")
def runs(team: Team) -> list[str]:
    """Two runs that were asked for at once and have ended: one extracts on the workers, one logs a model."""
    team.ask(_NEW_COHORT, of=_REPOSITORY, name="images")
    images = ["cohort_files", "imaging_series", "image_regions", "radiomic_features"]
    asked = [team.launch(images, cohort="images"), team.launch(["signature"])]
    for run in asked:
        assert _until(lambda run=run: team.ended(run)) == "SUCCESS", team.events(run)
    return asked


def _lake(team: Team) -> Lake:
    state = team.deployment.mounted["state"]
    return Lake(state / "lake", state)


def test_runs_go_through_the_queue_and_are_kept_in_postgresql(team: Team, runs: list[str]) -> None:
    for run in runs:
        kinds = [event["eventType"] for event in team.events(run)]
        queued, starting, started = map(kinds.index, ("RUN_ENQUEUED", "RUN_STARTING", "RUN_START"))
        assert queued < starting < started
    with contextlib.closing(_database(team, "dagster")) as database, database.cursor() as cursor:
        cursor.execute("select run_id, status from runs")
        assert dict(cursor.fetchall()) == dict.fromkeys(runs, "SUCCESS")


def _database(team: Team, role: str, name: str = "") -> Any:
    """A connection with a service's own password."""
    password = team.deployment.values[f"{role.upper()}_DB_PASSWORD"]
    place = team.deployment.places["postgres:5432"]
    return psycopg2.connect(f"postgresql://{role}:{password}@{place}/{name or role}")


def test_each_service_opens_its_own_database_only(team: Team) -> None:
    for role, other in (("dagster", "mlflow"), ("mlflow", "dagster"), ("dagster", "postgres")):
        with contextlib.closing(_database(team, role)) as database, database.cursor() as cursor:
            cursor.execute("select rolsuper or rolcreaterole or rolcreatedb from pg_roles where rolname = current_user")
            assert cursor.fetchone() == (False,)
        with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
            _database(team, role, other)
    place = team.deployment.places["postgres:5432"]
    for login in ("tme", "dagster:guessed"):
        with pytest.raises(psycopg2.OperationalError, match="password"):
            psycopg2.connect(f"postgresql://{login}@{place}/dagster")


def _tls(folder: Path) -> Security:
    return Security(
        require_encryption=True,
        tls_ca_file=str(folder / "ca.pem"),
        tls_client_cert=str(folder / "cert.pem"),
        tls_client_key=str(folder / "key.pem"),
    )


def test_outlines_are_computed_on_two_workers(team: Team, runs: list[str]) -> None:
    assert set(_lake(team).read(RADIOMIC_FEATURES, "images")["patient_id"]) == {"I000", "I001"}
    scheduler = f"tls://{team.deployment.places['dask-scheduler:8786']}"
    own = _tls(team.deployment.folder / "secrets" / "dask" / "client")
    with Client(scheduler, security=own, set_as_default=False) as client:
        done = client.run(lambda dask_worker: dask_worker.state.executed_count)
    assert len(done) == 2
    assert sum(done.values()) >= 2


def test_the_scheduler_hears_nobody_without_a_certificate_of_its_authority(team: Team, tmp_path: Path) -> None:
    place = team.deployment.places["dask-scheduler:8786"]
    stranger = _tls(prepared(tmp_path) / "secrets" / "dask" / "client")
    for address, security in ((f"tcp://{place}", None), (f"tls://{place}", stranger)):
        with pytest.raises(OSError, match=r"(?i)timed out|reset|closed|certificate"):
            Client(address, security=security, timeout=3, set_as_default=False)


def test_what_a_run_printed_is_shown_by_the_webserver(team: Team, runs: list[str]) -> None:
    (captured,) = (event["fileKey"] for event in team.events(runs[0]) if "fileKey" in event)
    printed = team.ask(_PRINTED, key=[runs[0], "compute_logs", captured])["capturedLogs"]["stderr"]
    assert "radiomic_features" in (printed or "")


def test_a_model_and_its_files_are_kept_by_the_mlflow_server(team: Team, runs: list[str]) -> None:
    (model,) = _lake(team).read(SIGNATURE)["mlflow_run_id"]
    found = team.session.get(f"{team.mlflow}/api/2.0/mlflow/artifacts/list", params={"run_id": model}).json()
    assert found["root_uri"].startswith("mlflow-artifacts:/")
    assert "documents" in [one["path"] for one in found["files"]]
    found = team.session.get(
        f"{team.mlflow}/api/2.0/mlflow/artifacts/list", params={"run_id": model, "path": "documents"}
    )
    path = found.json()["files"][0]["path"]
    given = team.session.get(f"{team.mlflow}/get-artifact", params={"run_id": model, "path": path})
    (kept,) = (team.deployment.mounted["models"]).rglob(path)
    assert given.content == kept.read_bytes()


def test_pages_are_served_under_their_prefix(team: Team) -> None:
    for place in (team.dagster, team.mlflow):
        page = team.session.get(f"{place}/")
        assert page.status_code == 200
        script = re.search(r'src="([^"]+\.js)"', page.text)
        assert script, page.text
        assert team.session.get(urljoin(f"{place}/", script[1])).status_code == 200


def test_nobody_comes_in_without_the_login(team: Team) -> None:
    _needs_the_door(team)
    for login in (None, ("anna", "guessed"), ("berta", "only-for-tests")):
        for address in (f"{team.dagster}/", f"{team.dagster}/graphql", team.mlflow, f"{team.mlflow}/api/2.0/mlflow"):
            host = {"Host": team.deployment.values["TME_HOST"]}
            answer = requests.get(address, auth=login, headers=host, verify=team.session.verify, timeout=30)
            assert answer.status_code == 401, address
    start = team.session.get(team.dagster.removesuffix("dagster"), allow_redirects=False)
    assert start.headers["Location"] == "/dagster/"


def test_mlflow_takes_what_its_own_pages_ask_and_nothing_from_other_sites(team: Team) -> None:
    _needs_the_door(team)
    site = f"https://{team.deployment.values['TME_HOST']}"
    for headers, status in (
        ({"Origin": site}, 200),  # a browser names its site with every POST
        ({"Origin": "https://elsewhere.example.org"}, 403),
    ):
        asked = f"{team.mlflow}/ajax-api/2.0/mlflow/experiments/search"
        assert team.session.post(asked, json={"max_results": 5}, headers=headers).status_code == status, headers


def test_other_sites_pages_and_other_names_are_refused(team: Team) -> None:
    _needs_the_door(team)
    graphql = f"{team.dagster}/graphql"
    asked = {"query": "{version}"}
    site = f"https://{team.deployment.values['TME_HOST']}"
    own = {"Origin": site, "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}
    assert team.session.post(graphql, json=asked, headers=own).status_code == 200
    foreign = (
        {"Origin": "https://elsewhere.example.org"},
        {"Origin": f"{site}.elsewhere.example.org"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"},
    )
    for headers in foreign:
        assert team.session.post(graphql, json=asked, headers=headers).status_code == 403, headers
        assert team.session.get(graphql, params=asked, headers=headers).status_code == 403, headers
    for host in ("elsewhere.example.org", "127.0.0.1"):
        with pytest.raises(requests.ConnectionError):
            team.session.post(graphql, json=asked, headers={"Host": host})


def test_a_picture_cannot_ask_for_a_change(team: Team) -> None:
    """A mutation in an address; the webserver's own guard refuses it, whatever browsers say of the site."""
    asked = {"query": _STOP, "variables": '{"id": "x"}'}
    for headers in ({}, {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}):
        for method in ("GET", "HEAD"):
            answer = team.session.request(method, f"{team.dagster}/graphql", params=asked, headers=headers)
            assert answer.status_code == 405
    plain = {"Content-Type": "text/plain"}
    assert team.session.post(f"{team.dagster}/graphql", data="{}", headers=plain).status_code == 415


def test_both_pages_work_under_the_rules_that_browsers_are_given(team: Team) -> None:
    _needs_the_door(team)
    host = team.deployment.values["TME_HOST"]
    port = team.dagster.removesuffix("/dagster").rpartition(":")[2]
    login = dict(zip(("username", "password"), team.session.auth, strict=True))
    with chromium(f"--host-resolver-rules=MAP {host} 127.0.0.1:{port}") as browser:
        for name, shown in (("dagster", "Runs"), ("mlflow", "Experiments")):
            with window(browser, ignore_https_errors=True, http_credentials=login) as opened:
                answer = opened.page.goto(f"https://{host}/{name}/")
                opened.page.get_by_text(shown, exact=True).first.wait_for()
                headers = answer.headers
                # MLflow asks whether it has users of its own, and takes this answer as a no.
                assert [said for said in opened.said if not said.endswith("/mlflow/users/current")] == []
            assert headers["strict-transport-security"] == "max-age=31536000"
            assert "frame-ancestors 'self'" in headers["content-security-policy"]
            assert (headers["x-frame-options"], headers["x-content-type-options"]) == ("SAMEORIGIN", "nosniff")
            assert "/" not in headers["server"], "no version"


def test_dagsters_page_works_behind_both_guards(team: Team) -> None:
    _needs_the_door(team)
    host = team.deployment.values["TME_HOST"]
    port = team.dagster.removesuffix("/dagster").rpartition(":")[2]
    login = dict(zip(("username", "password"), team.session.auth, strict=True))
    frames: list[str] = []
    with (
        chromium(f"--host-resolver-rules=MAP {host} 127.0.0.1:{port}") as browser,
        window(browser, ignore_https_errors=True, http_credentials=login) as opened,
    ):
        opened.page.on("websocket", lambda socket: socket.on("framereceived", lambda data: frames.append(str(data))))
        opened.page.goto(f"https://{host}/dagster/assets")
        opened.page.get_by_text("cell_scores").first.wait_for(timeout=60_000)
        opened.page.goto(f"https://{host}/dagster/runs")
        opened.page.get_by_text("Queued").first.wait_for(timeout=60_000)  # the name of a tab
        opened.page.wait_for_timeout(1000)
        assert opened.said == []
    assert frames, "live updates came"


def _lines(program: str) -> list[tuple[list[str], str]]:
    """Commands of the README that run a program in PostgreSQL's container: its arguments, and the file after < or >."""
    found = re.findall(rf"^ *docker compose exec (?:-T )?postgres {program} (.+?) [<>] (\S+)$", README, re.MULTILINE)
    return [(arguments.split(), file) for arguments, file in found]


def _counted(address: str) -> dict[str, list[Any]]:
    """Runs and model versions in both databases."""
    asked = {"dagster": "select run_id, status from runs", "mlflow": "select name, version, run_id from model_versions"}
    answers = {}
    for name, sql in asked.items():
        with contextlib.closing(psycopg2.connect(f"{address}/{name}")) as database, database.cursor() as cursor:
            cursor.execute(f"{sql} order by 1, 2")
            answers[name] = cursor.fetchall()
    return answers


def test_databases_are_dumped_and_restored_as_the_readme_says(team: Team, runs: list[str], tmp_path: Path) -> None:
    dumped, restored = (_lines(program) for program in ("pg_dump", "pg_restore"))
    assert len(dumped) == len(restored) == 2
    values = settings_of(team.deployment.folder)
    environment = {"PGPASSWORD": values["POSTGRES_PASSWORD"], "PGHOST": "127.0.0.1"}
    before = f"postgresql://tme:{values['POSTGRES_PASSWORD']}@{team.deployment.places['postgres:5432']}"
    for arguments, file in dumped:
        there = environment | {"PGPORT": before.rpartition(":")[2]}
        with (tmp_path / file).open("wb") as sink:
            subprocess.run([postgres_program("pg_dump"), *arguments], env=there, stdout=sink, check=True)
    with postgres(script=DEPLOY / "databases.sql", passwords=values) as started:
        after = f"postgresql://tme:{values['POSTGRES_PASSWORD']}@{started.rpartition('@')[2]}"
        for arguments, file in restored:
            there = environment | {"PGPORT": after.rpartition(":")[2]}
            with (tmp_path / file).open("rb") as source:
                subprocess.run([postgres_program("pg_restore"), *arguments], env=there, stdin=source, check=True)
        assert _counted(after) == _counted(before)
        assert {run for run, _ in _counted(after)["dagster"]} == set(runs)
        assert len(_counted(after)["mlflow"]) == 1


def _needs_the_door(team: Team) -> None:
    if not team.by_the_door:
        pytest.skip("no nginx or no openssl on this machine (Debian: apt install nginx-light openssl)")
