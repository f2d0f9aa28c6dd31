"""What is deployed, checked by reading it: no engine for containers is needed."""

from __future__ import annotations

import json
import re
import shutil
import stat
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.service_settings import ServiceSettings
from core.tls import TlsFiles, make_context
from simulators.broker import mosquitto_path
from tests.conftest import give_up
from tests.processes import ROOT

DEPLOY = ROOT / "deploy"
UNIT = DEPLOY / "systemd" / "millwright@.service"
PROGRAM = "/opt/millwright/.venv/bin/millwright"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
CONTAINERFILE = (DEPLOY / "Containerfile").read_text(encoding="utf-8")


def test_the_four_parts_are_there() -> None:
    assert sorted(SERVICES) == ["grafana", "influxdb", "millwright", "mosquitto"]


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_is_pinned_watched_bounded_and_restarted(name: str) -> None:
    service = SERVICES[name]
    assert re.fullmatch(r"\S+:\d+\.\d+(\.\d+)?", service["image"]), "a version, not latest"
    assert service["healthcheck"]["test"][0] == "CMD"
    assert {"interval", "timeout", "retries", "start_period"} <= set(service["healthcheck"])
    assert service["restart"] == "unless-stopped"
    assert service["mem_limit"]
    assert service["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("name", SERVICES)
def test_what_must_last_is_in_a_named_volume(name: str) -> None:
    sources = [volume.partition(":")[0] for volume in SERVICES[name]["volumes"]]
    assert [source for source in sources if source in COMPOSE["volumes"]]


def test_files_that_are_mounted_are_there() -> None:
    for service in SERVICES.values():
        for volume in service["volumes"]:
            source = volume.partition(":")[0]
            if source.startswith("."):
                assert (DEPLOY / source).exists(), source
                assert volume.endswith(":ro")


def test_only_the_broker_can_be_reached_from_other_machines() -> None:
    open_ports = [
        port
        for service in SERVICES.values()
        for port in service["ports"]
        if not port.startswith("127.0.0.1:")
    ]
    assert open_ports == ["8883:8883"]


def test_no_secret_stands_in_clear() -> None:
    used = set()
    for service in SERVICES.values():
        for each in service["secrets"]:
            used.add(each if isinstance(each, str) else each["source"])
        for key, value in service.get("environment", {}).items():
            if re.search("PASSWORD|TOKEN|SECRET", key):
                assert key.endswith("_FILE") and value.startswith("/run/secrets/"), key
                assert value.removeprefix("/run/secrets/") in service["secrets"]
    assert used == set(COMPOSE["secrets"])
    assert all(each["file"].startswith("./secrets/") for each in COMPOSE["secrets"].values())
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert "/deploy/secrets/" in ignored


def test_the_service_settings_fit_the_containers() -> None:
    settings = ServiceSettings.model_validate(yaml.safe_load((DEPLOY / "service.yaml").read_text()))
    ours = SERVICES["millwright"]
    assert f"millwright-data:{settings.data}" in ours["volumes"]
    assert settings.broker.host in SERVICES and settings.broker.address.tls
    text = (DEPLOY / "service.yaml").read_text(encoding="utf-8")
    assert set(re.findall(r"/run/secrets/(\w+)", text)) <= set(ours["secrets"])


def test_the_image_holds_every_package_and_does_not_run_as_root() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert sorted(re.findall(r"^COPY (\w+) \1$", CONTAINERFILE, re.MULTILINE)) == sorted(packages)
    for line in re.findall(r"^COPY (?!--)(.+) \S+$", CONTAINERFILE, re.MULTILINE):
        assert all((ROOT / source).exists() for source in line.split())
    assert "-c constraints.txt" in CONTAINERFILE
    assert re.search(r"^USER (?!0|root)\S+$", CONTAINERFILE, re.MULTILINE)
    bases = re.findall(r"^FROM (\S+)", CONTAINERFILE, re.MULTILINE)
    assert bases and all(re.search(r":\d+\.\d+\.\d+-slim", base) for base in bases)
    assert f"millwright:{project['project']['version']}" == SERVICES["millwright"]["image"]


def test_the_image_is_watched_as_compose_does() -> None:
    said = re.search(r"HEALTHCHECK .*\n\s+CMD (\[.*\])", CONTAINERFILE)
    assert said is not None
    assert ["CMD", *json.loads(said[1])] == SERVICES["millwright"]["healthcheck"]["test"]


def unit_for(folder: Path, instance: str) -> Path:
    """Write the unit as systemd would see it where its program is installed."""
    program = folder / "millwright"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    text = UNIT.read_text(encoding="utf-8")
    assert PROGRAM in text
    made = folder / f"millwright@{instance}.service"
    made.write_text(text.replace(PROGRAM, str(program)), encoding="utf-8")
    return made


@pytest.mark.parametrize("instance", ["run", "ingest", "serve"])
def test_systemd_takes_the_unit_without_a_word(tmp_path: Path, instance: str) -> None:
    if shutil.which("systemd-analyze") is None:
        give_up("systemd")
    words = ["systemd-analyze", "verify", "--man=no", str(unit_for(tmp_path, instance))]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_systemd_finds_little_that_an_intruder_could_do(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        give_up("systemd")
    unit = str(unit_for(tmp_path, "run"))
    words = ["systemd-analyze", "security", "--offline=true", "--threshold=20", unit]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout  # the threshold is ten times what it says


def test_the_unit_waits_for_ready_and_is_watched() -> None:
    lines = UNIT.read_text(encoding="utf-8").splitlines()
    assert {"Type=notify", "NotifyAccess=main", "WatchdogSec=60s", "NoNewPrivileges=yes"} <= {
        *lines
    }
    assert "RestartPreventExitStatus=2 3" in lines


def test_grafana_finds_its_source_and_its_dashboard() -> None:
    grafana = DEPLOY / "grafana"
    (source,) = yaml.safe_load((grafana / "provisioning/datasources/influxdb.yaml").read_text())[
        "datasources"
    ]
    assert source["secureJsonData"]["token"] == "$__file{/run/secrets/grafana_influxdb_token}"
    assert "grafana_influxdb_token" in SERVICES["grafana"]["secrets"]
    (provider,) = yaml.safe_load((grafana / "provisioning/dashboards/millwright.yaml").read_text())[
        "providers"
    ]
    mounted = f"./grafana/dashboards:{provider['options']['path']}:ro"
    assert mounted in SERVICES["grafana"]["volumes"]
    dashboard = json.loads((grafana / "dashboards/machine.json").read_text())
    used = {panel["datasource"]["uid"] for panel in dashboard["panels"]}
    assert used == {source["uid"]}


def test_secrets_are_made_once_and_can_be_used(tmp_path: Path) -> None:
    if mosquitto_path() is None:
        give_up("mosquitto")
    script = shutil.copy(DEPLOY / "prepare.sh", tmp_path)
    made = tmp_path / "secrets"

    def prepare(*sites: str) -> dict[str, bytes]:
        words = ["sh", script, "broker.plant.lan", *sites]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return {path.name: path.read_bytes() for path in made.iterdir()}

    first = prepare("lahore")
    again = prepare("lahore", "karachi")
    named = {each["file"].removeprefix("./secrets/") for each in COMPOSE["secrets"].values()}
    assert named <= set(first)
    assert {name: again[name] for name in first if name != "mosquitto.passwd"} == {
        name: body for name, body in first.items() if name != "mosquitto.passwd"
    }
    users = [line.partition(b":")[0] for line in again["mosquitto.passwd"].splitlines()]
    assert users == [b"ingest", b"alerts", b"lahore", b"karachi"]
    assert not any(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO) for path in made.iterdir())
    make_context(
        TlsFiles(
            ca=f"file:{made / 'ca.crt'}",
            certificate=f"file:{made / 'broker.crt'}",
            key=f"file:{made / 'broker.key'}",
        )
    )
