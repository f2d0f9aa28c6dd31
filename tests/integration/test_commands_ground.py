"""`doctor` and `simulate` against a real Mosquitto."""

from __future__ import annotations

import json
import signal
from datetime import timedelta
from pathlib import Path

import pytest

from simulators.broker import PrivateMosquitto, free_port
from tests import folders
from tests.certificates import Authority, tls_listener
from tests.processes import Running, millwright

pytestmark = pytest.mark.mosquitto


def examined(*words: str | Path) -> tuple[int, dict[str, dict[str, str]]]:
    """Ask the doctor; gives the exit code and what was found by its name."""
    done = millwright("doctor", *words, "--json")
    assert "Traceback" not in done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return done.returncode, {line["what"]: line for line in lines}


def test_a_broker_that_forgets_while_we_are_away_is_found_and_how_to_mend_it(
    tmp_path: Path,
) -> None:
    with PrivateMosquitto(tmp_path / "broker", extra=("max_queued_messages 300",)) as broker:
        folder = folders.write(tmp_path / "plant", broker.port)
        code, found = examined("-c", folder)
    assert code == 0
    assert found["broker"]["verdict"] == "ok"
    assert found["broker queue"]["verdict"] == "warning"
    assert "kept 300 of 1,200 messages" in found["broker queue"]["found"]
    assert "max_queued_messages" in found["broker queue"]["mend"]
    assert not (folder / "data").exists()


def test_a_broker_that_keeps_everything_is_well(
    mosquitto: PrivateMosquitto, tmp_path: Path
) -> None:
    code, found = examined("-c", folders.write(tmp_path / "plant", mosquitto.port))
    assert code == 0
    assert found["broker queue"]["found"] == "kept 1,200 of 1,200 messages while we were away"
    assert found["in flight"]["found"] == "1,000 messages at once"
    looked_at = {"configuration", "clock", "data folder", "disk", "disk forecast", "retention"}
    assert looked_at | {"page", "persistence"} <= set(found)


def test_a_broker_that_sends_few_messages_at_once_is_found(tmp_path: Path) -> None:
    with PrivateMosquitto(tmp_path / "broker", extra=("max_inflight_messages 20",)) as broker:
        code, found = examined("-c", folders.write(tmp_path / "plant", broker.port))
    assert code == 0
    assert found["in flight"]["verdict"] == "warning"
    assert found["in flight"]["found"].startswith("20 messages at once")
    assert "max_inflight_messages 1000" in found["in flight"]["mend"]


def test_certificates_are_looked_at_before_they_end(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "authority")
    theirs = authority.sign("broker", until=timedelta(days=90))
    ours = authority.sign("ours", until=timedelta(days=9, minutes=5))
    port = free_port()
    lines = tls_listener(port, authority, theirs, clients=True)
    files = {**authority.settings, **ours.settings}
    with PrivateMosquitto(tmp_path / "broker", extra=lines) as broker:
        folder = folders.write(tmp_path / "plant", broker.port)
        given = {"url": f"mqtts://127.0.0.1:{port}", "client_id": "m", **files}
        text = f"data: data\nbroker: {json.dumps(given)}\n"
        (folder / "service.yaml").write_text(text, encoding="utf-8")
        code, found = examined("-c", folder, "--no-probe")
        assert code == 0, found
        assert found["broker TLS"]["verdict"] == "ok"
        assert found["broker TLS"]["found"].startswith("TLSv1.3, verified")
        assert found["certificate"]["verdict"] == "warning"
        assert "for 9 more days" in found["certificate"]["found"]
        ours.key.chmod(0o644)
        code, found = examined("-c", folder, "--no-probe")
    assert code == 1
    assert "readable by everyone" in found["certificate"]["found"]
    assert "broker" not in found


def test_a_broker_that_lets_nobody_in_is_a_fault(tmp_path: Path) -> None:
    passwords = tmp_path / "passwords"
    passwords.write_text("")
    passwords.chmod(0o600)
    extra = ("allow_anonymous false", f"password_file {passwords}")
    with PrivateMosquitto(tmp_path / "broker", extra=extra) as strict:
        code, found = examined("-c", folders.write(tmp_path / "plant", strict.port))
    assert code == 1
    assert found["broker"]["verdict"] == "fault"
    assert "broker.username and broker.password" in found["broker"]["mend"]


def test_no_broker_is_a_fault_and_the_rest_is_looked_at_all_the_same(tmp_path: Path) -> None:
    code, found = examined("-c", folders.write(tmp_path / "plant", broker=1), "--no-probe")
    assert code == 1
    assert "no broker at mqtt://127.0.0.1:1" in found["broker"]["found"]
    assert "start the broker" in found["broker"]["mend"]
    assert found["page"]["verdict"] == "ok"


@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_simulation_that_is_interrupted_says_how_far_it_came(
    mosquitto: PrivateMosquitto, how: signal.Signals, code: int, tmp_path: Path
) -> None:
    url = f"mqtt://127.0.0.1:{mosquitto.port}"
    words = ("simulate", "demo", "--broker", url, "--speed", "50000", "--out", tmp_path / "out")
    with Running(tmp_path, *words) as simulation:
        simulation.says(" of 103,680 readings, ")
        assert simulation.end(how) == code
    assert "Traceback" not in simulation.err
    counts = simulation.err.splitlines()[-1].split()
    assert counts[1:] == ["published,", counts[0], "confirmed", "by", "the", "broker"]
    assert (tmp_path / "out" / "truth.json").exists()
