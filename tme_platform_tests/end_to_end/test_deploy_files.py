"""The files of `deploy/`: who gets which secret, folder and network, which images, and what `prepare` creates."""

import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
import yaml

from tme_platform_tests.support.deployed import DEPLOY, prepared, settings_of

SERVICES = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
SECRETS = {
    "POSTGRES_PASSWORD": {"postgres"},
    "DAGSTER_DB_PASSWORD": {"postgres", "code", "daemon", "webserver"},
    "MLFLOW_DB_PASSWORD": {"postgres", "mlflow"},
    "lake.env": {"code"},
    "alerts.env": {"code"},
}
FOLDERS = {
    "LANDING": {"code", "dask-worker"},
    "state:": {"code"},
    "models:": {"mlflow"},
    "secrets/dask/client": {"code"},
    "secrets/dask/worker": {"dask-worker"},
    "secrets/dask/scheduler": {"dask-scheduler"},
    "secrets/privkey.pem": {"nginx"},
    "secrets/authority": set(),
    "docker.sock": set(),
}


def users_of(text: str, part: str = "") -> set[str]:
    """The services in whose declaration (or one part of it) a text stands."""
    return {
        name
        for name, service in SERVICES.items()
        if text in yaml.safe_dump(service.get(part, {}) if part else service, width=10_000)
    }


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_given_to_the_services_that_use_it(secret):
    assert users_of(secret) == SECRETS[secret]
    files = [one["path"] for service in SERVICES.values() for one in service.get("env_file", [])]
    assert files == ["lake.env", "alerts.env"], "all of .env would be given to a service"


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_is_mounted_where_it_is_used(folder):
    assert users_of(folder, "volumes") == FOLDERS[folder]


def test_what_is_mounted_from_the_machine_is_read_only():
    mounted = [volume for service in SERVICES.values() for volume in service.get("volumes", [])]
    own = [volume for volume in mounted if volume.startswith((".", "/", "${"))]
    assert own
    assert all(volume.endswith(":ro") for volume in own)


def test_only_nginx_publishes_a_port_and_only_it_and_the_runs_reach_outside():
    assert users_of("ports") == {"nginx"}
    networks = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["networks"]
    outside = {name for name, network in networks.items() if not (network or {}).get("internal")}
    assert outside == {"outside"}
    assert {name for name, service in SERVICES.items() if "outside" in service["networks"]} == {"nginx", "code"}
    assert {name for name, service in SERVICES.items() if "dask" in service["networks"]} == {
        *("code", "dask-scheduler", "dask-worker")
    }


def test_images_are_named_by_their_full_version():
    images = {service["image"] for service in SERVICES.values()} - {"tme-platform"}
    images |= set(re.findall(r"^FROM (\S+)", (DEPLOY / "Dockerfile").read_text(), re.M))
    assert len(images) == 3
    assert all(re.search(r":\d+\.\d+(\.\d+)?-", image) for image in images), images


def test_values_without_a_default_are_refused_while_they_are_empty():
    text = (DEPLOY / "compose.yaml").read_text()
    example = dict(re.findall(r"^(\w+)=(.*)$", (DEPLOY / ".env.example").read_text(), re.M))
    named = dict(re.findall(r"\$\{(\w+)(:[-?])?", text))
    assert set(named) == set(example)
    assert all(default in (":?", ":-") for default in named.values()), "an unset one would be taken as empty"
    passwords = {name for name in example if "PASSWORD" in name}
    assert len(passwords) == 3
    assert {(named[name], example[name]) for name in passwords} == {(":?", "")}
    assert "change-me" not in text


needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl on this machine")


@needs_openssl
def test_prepare_creates_secrets_for_their_owner_only_and_keeps_what_is_there(tmp_path: Path):
    folder = prepared(tmp_path)
    values = settings_of(folder)
    passwords = [value for name, value in values.items() if "PASSWORD" in name]
    assert len(set(passwords)) == 3
    assert all(re.fullmatch(r"[0-9a-f]{48}", password) for password in passwords)
    files = [path for path in (folder / "secrets").rglob("*") if path.is_file()] + [folder / ".env"]
    assert len(files) > 10
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    before = {path: path.read_bytes() for path in files}
    (folder / "secrets" / "htpasswd").write_text("anna:hashed\n")
    subprocess.run([folder / "prepare"], check=True, capture_output=True)
    assert {path: path.read_bytes() for path in files} == before


@needs_openssl
def test_certificates_are_signed_by_the_authority_whose_key_no_service_has(tmp_path: Path):
    secrets = prepared(tmp_path) / "secrets"
    for role in ("scheduler", "worker", "client"):
        given = secrets / "dask" / role
        assert sorted(path.name for path in given.iterdir()) == ["ca.pem", "cert.pem", "key.pem"]
        verified = subprocess.run(
            ["openssl", "verify", "-CAfile", secrets / "authority" / "ca.pem", given / "cert.pem"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert verified.returncode == 0, verified.stderr
