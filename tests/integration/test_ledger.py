"""The ledger over a real broker: kills, refusals, strangers, and all messages accounted for."""

from __future__ import annotations

import json
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from benchmarks.rig.load import queue
from core.clock import SECOND, iso, system_clock
from simulators.broker import PrivateMosquitto
from tests import folders
from tests.processes import Running, here
from tests.waiting import until

TOPIC = "plant/site/hall/{}/telemetry"


def said(number: int) -> tuple[str, bytes]:
    """Make one of a stream of messages: most are good, one in nine is of a stranger, or broken."""
    at = iso(system_clock() - (1000 - number % 1000) * SECOND // 1000)
    asset = "p9" if number % 9 == 8 else f"p{1 + number % 2}"
    values = {"speed": 1480, "vibration": 2.0 + number % 5 / 10, "temperature": 50}
    body = {"ts": at, "values": values, "sequence": number}
    return TOPIC.format(asset), b"?" if number % 11 == 10 else json.dumps(body).encode()


def ledger(folder: Path, code: int = 0) -> dict[str, Any]:
    done = here("messages", "ledger", "--json", "-c", folder)
    assert done.returncode == code, done.stderr + done.stdout
    return dict(json.loads(done.stdout.splitlines()[0])) if done.stdout else {"received": 0}


@pytest.mark.mosquitto
@pytest.mark.timeout(180)
def test_every_message_is_accounted_for_over_kills(
    mosquitto: PrivateMosquitto, tmp_path: Path
) -> None:
    folder = folders.write(tmp_path / "plant", mosquitto.port)
    count, before = 3000, 1500
    with Running(tmp_path, "ingest", "-c", folder) as service:
        service.says("broker_connected")
        load = threading.Thread(target=queue, args=(mosquitto.port, map(said, range(before))))
        load.start()
        until(lambda: ledger(folder)["received"] > 0, 60)
        service.end(signal.SIGKILL)
    load.join()
    queue(mosquitto.port, map(said, range(before, count)))
    ledger(folder)
    with Running(tmp_path, "ingest", "-c", folder) as service:
        until(lambda: ledger(folder)["received"] >= count, 60)
        until(lambda: ledger(folder)["waiting"] == 0, 60)
        assert service.end() == 0
    line = ledger(folder)
    assert line["missing"] == 0
    broken = sum(number % 11 == 10 for number in range(count))
    strangers = sum(number % 9 == 8 and number % 11 != 10 for number in range(count))
    again = line["received"] - count
    assert line["duplicate"] <= again
    refused = line["rejected"]
    assert broken + strangers <= refused["unknown asset"] + refused["malformed"]
    assert line["stored"] + sum(refused.values()) + line["duplicate"] == count + again
    (stranger,) = [
        json.loads(row)
        for row in here("messages", "proposed", "--json", "-c", folder).stdout.splitlines()
    ]
    assert stranger["asset"] == "site/hall/p9"
    assert stranger["channels"]["vibration"]["high"] == 2.4


@pytest.mark.mosquitto
@pytest.mark.timeout(120)
def test_a_message_that_vanished_is_a_case_until_it_is_written_off(
    mosquitto: PrivateMosquitto, tmp_path: Path
) -> None:
    from cli.adapters import open_journal
    from cli.configuration import load
    from core.ledger import Fate

    folder = folders.write(tmp_path / "plant", mosquitto.port)

    def cases() -> list[str]:
        done = here("alerts", "list", "--json", "-c", folder)
        return [json.loads(line)["title"] for line in done.stdout.splitlines()]

    with Running(tmp_path, "run", "-c", folder) as service:
        service.says("page: http")
        journal = open_journal(load(folder))
        journal.append([], (), {("telemetry", Fate.RECEIVED, ""): 2})
        journal.close()
        until(lambda: "Messages missing" in cases(), 60)
        assert ledger(folder, code=1)["missing"] == 2
        assert here("messages", "ledger", "--settle", "-c", folder).returncode == 0
        assert service.end() == 0
    assert ledger(folder)["settled"] == {"written off": 2}
