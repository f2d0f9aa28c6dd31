"""A connection to a broker that publishes with confirmation, and may listen to one topic."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from core.broker_address import broker_address
from core.clock import SECOND
from core.errors import MillwrightError, Unavailable
from core.tls import TlsFiles, make_context, prepare
from core.tls_words import refusal, why

_KEEPALIVE = 30
_QOS = 1


@dataclass(frozen=True, slots=True)
class LinkTarget:
    """Where, as whom and with which certificates to connect. `confirm_within` is in ns."""

    url: str
    client_id: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    confirm_within: int = 30 * SECOND
    files: TlsFiles = field(default_factory=TlsFiles)


class MqttLink:
    """Connects when it is first needed, and anew after an error.

    `hear` is given what comes on `topic`; the broker is told once it returns. Messages wait in a
    session that the broker keeps.
    """

    def __init__(
        self, target: LinkTarget, topic: str = "", hear: Callable[[bytes], None] | None = None
    ) -> None:
        self._target = target
        self._topic = topic
        self._hear = hear
        self._client: Client | None = None

    def publish(self, topic: str, body: bytes, *, retain: bool = False) -> None:
        """Publish and wait until the broker has it; `Unavailable` without its confirmation."""
        try:
            info = self._connected().publish(topic, body, _QOS, retain=retain)
            info.wait_for_publish(self._target.confirm_within / SECOND)
            if info.is_published():
                return
        except (OSError, ValueError, RuntimeError) as error:
            self.close()
            raise self._unavailable(str(error)) from error
        self.close()
        span = self._target.confirm_within / SECOND
        msg = f"no confirmation within {span:g} s"
        raise self._unavailable(msg)

    def look(self) -> None:
        """See that the connection stands, so that what waits for us can come."""
        client = self._connected()
        if not client.is_connected():
            self.close()
            msg = "the connection broke"
            raise self._unavailable(msg)

    def close(self) -> None:
        """Disconnect."""
        client, self._client = self._client, None
        if client is not None:
            client.disconnect()
            client.loop_stop()

    def _connected(self) -> Client:
        if self._client is None:
            self._client = self._connect()
        return self._client

    def _connect(self) -> Client:
        target, address = self._target, broker_address(self._target.url)
        client = Client(
            CallbackAPIVersion.VERSION2,
            target.client_id,
            clean_session=self._hear is None,
            transport=address.transport,
            manual_ack=True,
            reconnect_on_failure=False,
        )
        if target.username is not None:
            client.username_pw_set(target.username, target.password)
        ended, answer = threading.Event(), list[str]()

        def on_connect(
            _client: Client, _data: Any, _flags: Any, reason: ReasonCode, _properties: Any
        ) -> None:
            answer.append(str(reason) if reason.is_failure else "")
            if not reason.is_failure and self._hear is not None:
                client.subscribe(self._topic, _QOS)
            ended.set()

        client.on_connect = on_connect
        client.on_disconnect = lambda *_: ended.set()
        client.on_message = self._heard
        try:
            prepare(client, address, make_context(target.files) if address.tls else None)
            client.connect(address.host, address.port, _KEEPALIVE)
        except (OSError, ValueError) as error:
            raise self._unavailable(why(error, address, target.files)) from error
        client.loop_start()
        ended.wait(target.confirm_within / SECOND)
        if not answer or answer[0]:
            client.disconnect()
            client.loop_stop()
            known = answer[0] if answer else refusal(address, target.files)
            raise self._unavailable(known or "the broker does not answer")
        return client

    def _heard(self, client: Client, _data: Any, message: MQTTMessage) -> None:
        """Hand over a message; one that cannot be kept now comes again with the next session."""
        if self._hear is None:
            return
        try:
            self._hear(bytes(message.payload))
        except MillwrightError:
            client.disconnect()
            return
        client.ack(message.mid, message.qos)

    def _unavailable(self, words: str) -> Unavailable:
        return Unavailable(f"broker {self._target.url}: {words}")
