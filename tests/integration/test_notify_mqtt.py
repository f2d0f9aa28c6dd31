"""Notices over a real broker: states stay, events pass, and an absent broker loses none."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from core.clock import SECOND
from core.errors import Unavailable
from core.plant import Severity
from service.notify import Outbox
from service.notify_mqtt import MqttNotifier, MqttTarget
from service.scoring import Scoring
from simulators.broker import PrivateMosquitto, free_port
from storage.casefile_memory import MemoryCaseFile
from storage.journal_memory import MemoryJournal
from tests.plants import plant
from tests.story import Story
from tests.waiting import until

pytestmark = pytest.mark.mosquitto


def target(port: int, **changes: Any) -> MqttTarget:
    given = {
        "name": "mqtt",
        "url": f"mqtt://127.0.0.1:{port}",
        "client_id": "millwright-alerts",
        "username": None,
        "password": None,
        "prefix": "millwright",
        "confirm_within": 5 * SECOND,
    }
    return MqttTarget(**{**given, **changes})


class Plantwide:
    """A plant in which one pump vibrates, is acknowledged and returns."""

    def __init__(self) -> None:
        self.journal, self.casefile = MemoryJournal(), MemoryCaseFile()
        self.story = Story(plant(1), self.journal)
        self.scoring = Scoring(plant(1), self.journal, self.casefile, ("mqtt",))

    def vibrates(self, value: float) -> None:
        self.story.passes(SECOND).says(vibration=value)
        self.score()

    def score(self) -> None:
        while self.scoring.step():
            pass


def heard_retained(port: int, seconds: float = 5) -> dict[str, Any]:
    """Connect as somebody who comes later, and return what the broker remembers."""
    found: dict[str, Any] = {}
    done = threading.Event()
    client = Client(CallbackAPIVersion.VERSION2, "later")

    def hear(_client: object, _data: object, message: Any) -> None:
        found[message.topic] = json.loads(message.payload)
        assert message.retain
        done.set()

    client.on_connect = lambda c, *_: c.subscribe("millwright/#", 1)
    client.on_message = hear
    client.connect("127.0.0.1", port)
    client.loop_start()
    done.wait(seconds)
    client.disconnect()
    client.loop_stop()
    return found


def test_the_newest_state_of_a_case_is_retained(mosquitto: PrivateMosquitto) -> None:
    works = Plantwide()
    notifier = MqttNotifier(target(mosquitto.port), plant(1))
    outbox = Outbox(works.casefile, (notifier,))
    works.vibrates(5.0)
    outbox.flush(notifier)
    states = heard_retained(mosquitto.port)
    assert list(states) == ["millwright/alerts/site/hall/p1/machine"]
    assert states["millwright/alerts/site/hall/p1/machine"]["state"] == "unacknowledged"
    works.vibrates(9.0)
    works.vibrates(2.0)
    outbox.flush(notifier)
    state = heard_retained(mosquitto.port)["millwright/alerts/site/hall/p1/machine"]
    assert (state["state"], state["severity"]) == ("returned", Severity.CRITICAL)
    notifier.close()


def test_an_absent_broker_gets_the_notices_when_it_comes(tmp_path: Path) -> None:
    works, port = Plantwide(), free_port()
    notifier = MqttNotifier(target(port), plant(1))
    works.vibrates(5.0)
    outbox = Outbox(works.casefile, (notifier,))
    with pytest.raises(Unavailable, match=f"mqtt://127.0.0.1:{port}"):
        outbox.flush(notifier)
    assert len(works.casefile.pending("mqtt")) == 1
    stop = threading.Event()
    thread = threading.Thread(target=outbox.run, args=(stop,))
    thread.start()
    with PrivateMosquitto(tmp_path / "broker", port=port):
        until(lambda: not works.casefile.pending("mqtt"))
        assert heard_retained(port)
        stop.set()
        thread.join(10)
    assert not thread.is_alive()


def test_a_broker_that_confirms_nothing_is_unavailable(mosquitto: PrivateMosquitto) -> None:
    works = Plantwide()
    notifier = MqttNotifier(target(mosquitto.port, confirm_within=SECOND // 2), plant(1))
    works.vibrates(5.0)
    Outbox(works.casefile, (notifier,)).flush(notifier)
    mosquitto.stop()
    works.vibrates(9.0)
    with pytest.raises(Unavailable):
        Outbox(works.casefile, (notifier,)).flush(notifier)
    assert works.casefile.pending("mqtt")
    notifier.close()


def test_credentials_that_are_refused_are_named(tmp_path: Path) -> None:
    passwords = tmp_path / "passwords"
    passwords.touch(0o600)
    with PrivateMosquitto(tmp_path / "broker", extra=(f"password_file {passwords}",)) as strict:
        notifier = MqttNotifier(target(strict.port, username="me", password="wrong"), plant(1))
        works = Plantwide()
        works.vibrates(5.0)
        with pytest.raises(Unavailable, match="(?i)not authori"):
            Outbox(works.casefile, (notifier,)).flush(notifier)
