"""Asks a broker what it can do: is it there, and how many messages it keeps for us while away."""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from core.errors import Unavailable
from core.tls import make_context, prepare
from core.tls_words import refusal as tls_refusal
from core.tls_words import tls_scheme, wants_tls, why
from ingest.settings import BrokerSettings

PROBES = 1_200
"""More than the 1,000 messages that Mosquitto keeps by default."""

_QUIET = 1.0
"""Seconds without a message after which the broker has sent all that it sends unacknowledged."""


@dataclass(frozen=True, slots=True)
class Kept:
    """How many of the published probes came back after a time away.

    `in_flight` is how many of them came before any was acknowledged.
    """

    published: int
    received: int
    in_flight: int


def _client(
    settings: BrokerSettings, client_id: str, *, clean: bool = False, manual: bool = False
) -> mqtt.Client:
    address = settings.address
    client = mqtt.Client(
        CallbackAPIVersion.VERSION2,
        client_id,
        clean_session=clean,
        protocol=MQTTProtocolVersion.MQTTv311,
        transport=address.transport,
        manual_ack=manual,
    )
    prepare(client, address, make_context(settings) if address.tls else None)
    if settings.username:
        password = settings.password.reveal() if settings.password else None
        client.username_pw_set(settings.username, password)
    client.max_inflight_messages_set(200)
    return client


def _connect(client: mqtt.Client, settings: BrokerSettings) -> None:
    address = settings.address
    ended = threading.Event()
    welcomed: list[bool] = []
    refusal: list[str] = []

    def on_connect(
        _client: mqtt.Client, _data: object, _flags: object, reason: object, _props: object
    ) -> None:
        if getattr(reason, "is_failure", False):
            refusal.append(str(reason))
        welcomed.append(True)
        ended.set()

    client.on_connect = on_connect
    client.on_disconnect = lambda *_: ended.set()
    try:
        client.connect(address.host, address.port)
    except OSError as error:
        msg = f"no broker at {settings.url}: {why(error, address, settings)}"
        raise Unavailable(msg) from error
    client.loop_start()
    ended.wait(10)
    if refusal or not welcomed:
        client.loop_stop()
        known = refusal[0] if refusal else tls_refusal(address, settings) or "no answer"
        if not address.tls and not refusal and wants_tls(address):
            known = f"its port is for TLS; write {tls_scheme(address)}"
        msg = f"the broker at {settings.url} refused: {known}"
        raise Unavailable(msg)


def reach(settings: BrokerSettings) -> None:
    """Connect once and leave; Unavailable says why it could not."""
    client = _client(settings, f"millwright-doctor-{uuid.uuid4().hex[:8]}")
    _connect(client, settings)
    client.disconnect()
    client.loop_stop()


def kept_while_away(settings: BrokerSettings, probes: int = PROBES, wait: float = 10) -> Kept:
    """Leave a session, publish to it, come back and count what the broker kept."""
    key = uuid.uuid4().hex[:8]
    topic = f"millwright/doctor/{key}"
    name = f"millwright-doctor-{key}"
    _visit(settings, name, topic)
    _publish(settings, topic, probes)
    received, in_flight = _collect(settings, name, probes, wait)
    _forget(settings, name)
    return Kept(probes, received, in_flight)


def _visit(settings: BrokerSettings, name: str, topic: str) -> None:
    client = _client(settings, name)
    subscribed = threading.Event()
    client.on_subscribe = lambda *_: subscribed.set()
    _connect(client, settings)
    client.subscribe(topic, qos=1)
    subscribed.wait(10)
    client.disconnect()
    client.loop_stop()


def _publish(settings: BrokerSettings, topic: str, probes: int) -> None:
    client = _client(settings, f"millwright-doctor-{uuid.uuid4().hex[:8]}")
    _connect(client, settings)
    sent = [client.publish(topic, b"probe", qos=1) for _ in range(probes)]
    for message in sent:
        message.wait_for_publish(10)
    client.disconnect()
    client.loop_stop()


def _collect(settings: BrokerSettings, name: str, probes: int, wait: float) -> tuple[int, int]:
    """Count what comes in all, and what of it comes while nothing is acknowledged."""
    client = _client(settings, name, manual=True)
    unanswered: list[int] = []
    counts = {"received": 0, "in flight": 0}
    news = threading.Condition()

    def on_message(_client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        with news:
            counts["received"] += 1
            unanswered.append(message.mid)
            news.notify_all()

    client.on_message = on_message
    _connect(client, settings)
    with news:
        while counts["received"] < probes and news.wait(min(wait, _QUIET)):
            pass
        counts["in flight"] = counts["received"]
        while True:
            while unanswered:
                client.ack(unanswered.pop(0), 1)
            if counts["received"] >= probes or not news.wait(min(wait, 2)):
                break
    client.disconnect()
    client.loop_stop()
    return counts["received"], counts["in flight"]


def _forget(settings: BrokerSettings, name: str) -> None:
    client = _client(settings, name, clean=True)
    _connect(client, settings)
    client.disconnect()
    client.loop_stop()
