"""What `deploy/` describes, started on loopback from its own files.

Passwords and certificates are what `deploy/prepare` creates. Command and environment of each service are those of
`deploy/compose.yaml`; only hosts, ports and folders are replaced, so that a service which could not start there does
not start here.
"""

from __future__ import annotations

import contextlib
import itertools
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tme_platform_tests.conftest import REPOSITORY
from tme_platform_tests.support.servers import free_port, listens, process, wait_until

DEPLOY = REPOSITORY / "deploy"
HOST = "127.0.0.1"
_PROGRAMS = Path(sys.executable).parent


def prepared(root: Path) -> Path:
    """A copy of the deployment's folder, in which `prepare` has run."""
    folder = root / "deploy"
    shutil.copytree(DEPLOY, folder, ignore=shutil.ignore_patterns(".env", "secrets"))
    subprocess.run([folder / "prepare"], check=True, capture_output=True)
    return folder


def settings_of(folder: Path) -> dict[str, str]:
    """The values of a deployment's `.env`."""
    return dict(re.findall(r"^(\w+)=(.*)$", (folder / ".env").read_text(), flags=re.MULTILINE))


class Deployment(contextlib.ExitStack):
    """The services of the compose file, each with a folder for what its container would hold; all end with the block.

    Parameters
    ----------
    root
        A folder for everything.
    folder
        The deployment's folder, see `prepared`.
    mounted
        Folders of this machine by what the compose file mounts: volumes, and `LANDING` as `.env` names it.
    places
        Where a server that is started by other means is: `postgres:5432` -> `127.0.0.1:PORT`.
    filled_in
        What a person fills in in `.env`; the rest is as `prepare` leaves it.
    """

    def __init__(
        self,
        root: Path,
        folder: Path,
        mounted: Mapping[str, Path],
        places: Mapping[str, str],
        filled_in: Mapping[str, str],
    ) -> None:
        super().__init__()
        self.root = root
        self.folder = folder
        self.mounted = mounted
        self.values = {**settings_of(folder), **filled_in}
        self.services = self._interpolated(yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"])
        self.places = dict(places)
        for name, service in self.services.items():
            for option, value in _pairs(service.get("command", [])):
                if option in ("-p", "--port"):
                    self.places[f"{name}:{value}"] = f"{HOST}:{free_port()}"
        self._started: dict[str, list[tuple[subprocess.Popen[bytes], Path]]] = {}

    def __exit__(self, *error: Any) -> bool | None:
        for running, _ in itertools.chain(*self._started.values()):
            running.terminate()  # all, before the first is waited for
        return super().__exit__(*error)

    def start(self, service: str) -> None:
        """Start a service, as many of it as the compose file says."""
        container = self.root / "containers" / service
        for number in range(int(self.services[service].get("deploy", {}).get("replicas", 1))):
            home = container / str(number)
            home.mkdir(parents=True)
            shutil.copy(DEPLOY / "dagster.yaml", home)
            (home / "workspace.yaml").write_text(self._workspace())
            # Where a worker listens is no business of the compose file, whose network nobody reaches from outside.
            further = ["--host", HOST] if service == "dask-worker" else []
            log = container / f"{number}.log"
            environment = self._environment(service, home)
            running = self.enter_context(process([*self._command(service), *further], log, cwd=home, env=environment))
            self._started.setdefault(service, []).append((running, log))

    def listening(self, service: str) -> None:
        """Wait until a service that was started listens."""
        port = self.port(service)
        for running, log in self._started[service]:
            wait_until(lambda: listens(port), running, log)

    def port(self, service: str) -> int:
        """The port of this machine that a service listens at."""
        (here,) = (here for there, here in self.places.items() if there.startswith(f"{service}:"))
        return int(here.rpartition(":")[2])

    def nginx_conf(self, port: int) -> str:
        """`nginx.conf` for this machine, with the names that the container's entry point fills in."""
        text = (DEPLOY / "nginx.conf").read_text()
        for name, value in self.services["nginx"]["environment"].items():
            text = text.replace(f"${{{name}}}", value)
        for there, here in self.places.items():
            text = text.replace(f"http://{there};", f"http://{here};")
        return text.replace("listen 443 ssl", f"listen {HOST}:{port} ssl")

    def _environment(self, service: str, home: Path) -> dict[str, str]:
        """The environment of the image and of the compose file."""
        declared = self.services[service]
        _, _, image = (DEPLOY / "Dockerfile").read_text().rpartition("\nFROM ")
        (line,) = re.findall(r"^ENV (.+)$", image, flags=re.MULTILINE)
        given = dict(setting.split("=", 1) for setting in line.split())
        given |= declared["environment"]
        given = {name: self._here(service, value) for name, value in given.items()}
        given["DAGSTER_HOME"] = given["DAGSTER_HOME"].replace("/dagster", str(home))
        # The code under test, wherever it is installed from.
        return given | {"PATH": f"{_PROGRAMS}:/usr/bin:/bin", "HOME": str(self.root), "PYTHONPATH": str(REPOSITORY)}

    def _command(self, service: str) -> list[str]:
        program, *arguments = self.services[service]["command"]
        placed = [str(_PROGRAMS / program)]
        for before, argument in _pairs([program, *arguments]):
            is_port = before in ("-p", "--port")
            placed.append(str(self.port(service)) if is_port else self._here(service, argument))
        return placed

    def _workspace(self) -> str:
        workspace = yaml.safe_load((DEPLOY / "workspace.yaml").read_text())
        for one in workspace["load_from"]:
            server = one["grpc_server"]
            host, port = self.places[f"{server['host']}:{server['port']}"].split(":")
            server |= {"host": host, "port": int(port)}
        return yaml.safe_dump(workspace)

    def _here(self, service: str, text: str) -> str:
        """A value of the compose file with places and folders of this machine."""
        for there, here in self.places.items():
            text = re.sub(rf"\b{re.escape(there)}\b", here, text)
        for volume in self.services[service]["volumes"]:
            source, target = volume.removesuffix(":ro").rsplit(":", 1)
            if text == target or text.startswith(f"{target}/"):
                here = self.folder / source if source.startswith("./") else self.mounted[source]
                return f"{here}{text.removeprefix(target)}"
        return text.replace("0.0.0.0", HOST)  # noqa: S104 (it is taken out)

    def _interpolated(self, value: Any) -> Any:
        """The values of `.env` put in as compose does it; one that `.env.example` does not name is an error."""
        if isinstance(value, dict):
            return {name: self._interpolated(one) for name, one in value.items()}
        if isinstance(value, list):
            return [self._interpolated(one) for one in value]
        if not isinstance(value, str):
            return value
        return re.sub(r"\$(?:\{(\w+)(?::[-?][^}]*)?\}|(\w+))", lambda found: self.values[found[1] or found[2]], value)


def _pairs(command: list[str]) -> list[tuple[str, str]]:
    return list(itertools.pairwise(command))
