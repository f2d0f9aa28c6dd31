"""Alerts on MQTT: a retained state per case, and every transition as an event beside it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from paho.mqtt.client import Client, MQTTMessageInfo
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from core.alert import Alert, Notice
from core.broker_address import broker_address
from core.clock import SECOND
from core.errors import Unavailable
from core.plant import Plant
from core.tls import TlsFiles, make_context, prepare
from core.tls_words import refusal, why
from service.api_forms import Json, event, short

QOS = 1
KEEPALIVE = 30
_FORBIDDEN = str.maketrans({"+": "_", "#": "_", "\0": "_"})


@dataclass(frozen=True, slots=True)
class MqttTarget:
    """Where, as whom and with which certificates to publish. `confirm_within` is in nanoseconds."""

    name: str
    url: str
    client_id: str
    username: str | None
    password: str | None = field(repr=False)
    prefix: str
    confirm_within: int
    files: TlsFiles = field(default_factory=TlsFiles)


def state_topic(prefix: str, alert: Alert) -> str:
    """Name the topic that keeps the state of an asset's trouble: one per (asset, group)."""
    return f"{prefix}/alerts/{alert.asset}/{alert.group}".translate(_FORBIDDEN)


def events_topic(prefix: str) -> str:
    """Name the topic that every transition is sent to."""
    return f"{prefix}/events"


def messages(notice: Notice, prefix: str, plant: Plant) -> tuple[tuple[str, Json, bool], ...]:
    """Turn a notice into what is published: (topic, body, retained)."""
    key = {"dedup_key": notice.dedup_key}
    return (
        (state_topic(prefix, notice.alert), short(notice.alert, plant) | key, True),
        (events_topic(prefix), event(notice.transition, notice.alert, plant) | key, False),
    )


class MqttNotifier:
    """Publishes notices at QoS 1 and waits until the broker has them."""

    def __init__(self, target: MqttTarget, plant: Plant) -> None:
        self.name = target.name
        self._target = target
        self._plant = plant
        self._client: Client | None = None

    def send(self, notices: Sequence[Notice]) -> None:
        """Publish and wait for the broker's confirmation of each; `Unavailable` without it."""
        client = self._connected()
        try:
            sent = [
                client.publish(topic, _encode(body), QOS, retain=retained)
                for notice in notices
                for topic, body, retained in messages(notice, self._target.prefix, self._plant)
            ]
            self._confirm(sent)
        except (OSError, ValueError, RuntimeError) as error:
            self.close()
            raise _unavailable(self._target, str(error)) from error
        except Unavailable:
            self.close()
            raise

    def close(self) -> None:
        """Disconnect."""
        client, self._client = self._client, None
        if client is not None:
            client.disconnect()
            client.loop_stop()

    def _confirm(self, sent: Sequence[MQTTMessageInfo]) -> None:
        deadline = time.monotonic() + self._target.confirm_within / SECOND
        for info in sent:
            info.wait_for_publish(max(0.001, deadline - time.monotonic()))
            if not info.is_published():
                span = self._target.confirm_within / SECOND
                raise _unavailable(self._target, f"no confirmation within {span:g} s")

    def _connected(self) -> Client:
        if self._client is None:
            self._client = self._connect()
        return self._client

    def _connect(self) -> Client:
        target, address = self._target, broker_address(self._target.url)
        client = Client(
            CallbackAPIVersion.VERSION2,
            target.client_id,
            clean_session=True,
            transport=address.transport,
        )
        if target.username is not None:
            client.username_pw_set(target.username, target.password)
        answer = _Answer()
        client.on_connect, client.on_disconnect = answer.take, answer.end
        try:
            prepare(client, address, make_context(target.files) if address.tls else None)
            client.connect(address.host, address.port, KEEPALIVE)
        except (OSError, ValueError) as error:
            raise _unavailable(target, why(error, address, target.files)) from error
        client.loop_start()
        answer.ended.wait(target.confirm_within / SECOND)
        if answer.refusal or not answer.came:
            client.disconnect()
            client.loop_stop()
            known = answer.refusal or refusal(address, target.files)
            raise _unavailable(target, known or "the broker does not answer")
        return client


class _Answer:
    """What the broker says to CONNECT."""

    def __init__(self) -> None:
        self.ended = threading.Event()
        self.came = False
        self.refusal = ""

    def take(
        self, _client: Client, _data: Any, _flags: Any, reason: ReasonCode, _properties: Any
    ) -> None:
        """Note the answer; called in the client's thread."""
        self.refusal = str(reason) if reason.is_failure else ""
        self.came = True
        self.ended.set()

    def end(self, *_: object) -> None:
        """Note that nothing more comes: the connection has ended; called in the client's thread."""
        self.ended.set()


def _unavailable(target: MqttTarget, why: str) -> Unavailable:
    return Unavailable(f"notifier {target.name}, broker {target.url}: {why}")


def _encode(body: Json) -> bytes:
    return json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
