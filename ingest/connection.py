"""One connection to the broker, from CONNECT to its end. The next one is a new object.

So an acknowledgement can only ever go to the connection that its message came from. The MQTT
client library does the handshake, the subscription and the pings; messages are diverted before it
by a `Tap`. Everything runs in the thread that calls `turn`; the client has none of its own.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, cast

import structlog
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from core.clock import SECOND
from core.tls import make_context, prepare
from core.tls_words import refusal, tls_scheme, why
from ingest.packets import DUPLICATE, RETAINED, Cutter, Packet, acknowledgements
from ingest.seal import Seal
from ingest.settings import BrokerSettings
from ingest.tap import Tap

_log = structlog.get_logger("ingest")
_PING = b"\xc0\x00"
_UNSUPPORTED_VERSION = 0x84
_TAKEN_OVER = 0x8E
_REFUSED = 0x80
_FOREVER = 0xFFFFFFFF
_NO_RETAINED_AGAIN = 1
SEAM = "_create_socket"


@dataclass(slots=True)
class Standing:
    """What is known of a connection so far."""

    opened: bool = False
    answered: bool = False
    welcomed: bool = False
    subscribed: bool = False
    unsubscribable: bool = False
    session_present: bool = False
    version_refused: bool = False
    taken_over: bool = False
    ended_by_broker: bool = False
    why: str = ""


class _TappedClient(Client):
    """The client with our tap between it and its socket."""

    make_tap: Callable[[socket.socket], Tap] | None = None

    def _create_socket(self) -> Any:
        made = getattr(super(), SEAM)()
        return made if self.make_tap is None else self.make_tap(made)


def slow_path(settings: BrokerSettings) -> str:
    """Say why messages come through the client's own, slower callback; empty where they do not."""
    if settings.address.websocket:
        return "WebSocket is received by the MQTT client itself"
    return "" if hasattr(Client, SEAM) else f"the MQTT client has no {SEAM}"


class Connection:
    """A connection that receives topic filters with QoS 1 in a session that the broker keeps.

    A kept session may hold subscriptions of an earlier configuration: `stale` ones are taken back.

    Where the client library no longer has the seam that the tap needs, and over WebSocket, messages
    come through its own, slower callback, with the same promises. ValueError where a secret or a
    certificate cannot be read now. With `clean` the session begins and ends with the connection.
    """

    clean: ClassVar[bool] = False

    def __init__(
        self,
        settings: BrokerSettings,
        topic_filters: tuple[str, ...],
        longest: int,
        *,
        version_5: bool,
        stale: tuple[str, ...] = (),
    ) -> None:
        self._settings = settings
        self._address = settings.address
        self._context = make_context(settings) if self._address.tls else None
        self._filters = topic_filters
        self._stale = stale
        self._longest = longest
        self.version_5 = version_5
        self.standing = Standing()
        self._tap: Tap | None = None
        self._passed: list[Packet] = []
        self._passed_size = 0
        self._client = self._make_client()

    @property
    def ready(self) -> bool:
        """Whether the broker delivers to us."""
        return self.standing.welcomed and self.standing.subscribed

    @property
    def waiting(self) -> int:
        """How many bytes of messages are here and not yet taken."""
        return self._passed_size + (self._tap.waiting if self._tap else 0)

    def open(self) -> None:
        """Connect and send CONNECT; OSError where nobody answers."""
        settings = self._settings
        keepalive = max(1, settings.keepalive // SECOND)
        if not self.version_5:
            self._client.connect(settings.host, settings.port, keepalive)
            self.standing.opened = True
            return
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        expiry = 0 if self.clean else min(settings.session_expiry // SECOND, _FOREVER)
        properties.SessionExpiryInterval = expiry
        self._client.connect(
            settings.host, settings.port, keepalive, clean_start=self.clean, properties=properties
        )
        self.standing.opened = True

    def turn(self, seconds: float) -> bool:
        """Wait at most so long for something to come and deal with it; false at the end."""
        try:
            return self._client.loop(seconds) is MQTTErrorCode.MQTT_ERR_SUCCESS
        except Exception as error:
            _log.exception("client_failed")
            self.standing.why = self.standing.why or f"the client failed: {error}"
            return False

    def explain(self, error: OSError | None = None) -> str:
        """Say why the connection could not be made or has ended; empty where nothing is known."""
        if error is not None:
            return self.standing.why or why(error, self._address, self._settings)
        silent = self.standing.opened and not self.standing.answered
        if silent and self.standing.ended_by_broker and not self._address.tls:
            scheme = tls_scheme(self._address)
            return f"{self.standing.why}, without an answer; a port for TLS wants {scheme}"
        found = refusal(self._address, self._settings) if silent and not self._failure else ""
        return found or self.standing.why

    @property
    def _failure(self) -> OSError | None:
        return None if self._tap is None else self._tap.why

    def take(self) -> list[Packet]:
        """Hand over the messages received so far."""
        passed, self._passed, self._passed_size = self._passed, [], 0
        return passed + self._tap.take() if self._tap else passed

    def acknowledge(self, ids: list[int]) -> bool:
        """Send the PUBACKs of messages of this connection; false where it is gone."""
        if self._tap is not None:
            return self._send(acknowledgements(ids))
        return all(self._client.ack(mid, 1) is MQTTErrorCode.MQTT_ERR_SUCCESS for mid in ids)

    def keep_alive(self) -> bool:
        """Ping while nothing is read, so that the broker does not give us up."""
        if self._tap is not None:
            return self._send(_PING)
        sent = self._client._send_pingreq()  # noqa: SLF001 - the public way pings when it sees fit
        return sent is MQTTErrorCode.MQTT_ERR_SUCCESS

    def close(self) -> None:
        """Disconnect; the broker keeps the session."""
        client = self._client
        client.on_disconnect = None
        with contextlib.suppress(Exception):
            client.disconnect()
        # The callbacks are ours, and would keep the client and its sockets until a collection.
        client.on_connect = client.on_subscribe = client.on_message = None
        with contextlib.suppress(Exception):
            client._reset_sockets()  # noqa: SLF001 - the client has no public way to close
        if self._tap is not None:
            self._tap.close()

    def _send(self, data: bytes) -> bool:
        try:
            cast("Tap", self._tap).send(data)
        except (OSError, ValueError):
            return False
        return True

    def _make_client(self) -> Client:
        settings = self._settings
        protocol = MQTTProtocolVersion.MQTTv5 if self.version_5 else MQTTProtocolVersion.MQTTv311
        client = _TappedClient(
            CallbackAPIVersion.VERSION2,
            settings.client_id,
            clean_session=None if self.version_5 else self.clean,
            protocol=protocol,
            reconnect_on_failure=False,
            manual_ack=True,
            transport=self._address.transport,
        )
        if settings.username is not None:
            password = settings.password.reveal() if settings.password else None
            client.username_pw_set(settings.username, password)
        self._choose_path(client)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        return client

    def _choose_path(self, client: _TappedClient) -> None:
        """Let a tap take the messages, and do TLS, where it can."""
        if not slow_path(self._settings):
            client.make_tap = self._make_tap
            return
        prepare(client, self._address, self._context)

    def _make_tap(self, made: socket.socket) -> Tap:
        seal = None
        if self._context is not None:
            seal = Seal(self._context, self._address.host)
            try:
                seal.shake_hands(made)
            except BaseException:
                made.close()
                raise
        self._tap = Tap(made, Cutter(version_5=self.version_5, longest=self._longest), seal)
        return self._tap

    def _on_connect(
        self, client: Client, _data: Any, flags: Any, reason: ReasonCode, _properties: Any
    ) -> None:
        self.standing.answered = True
        if reason.is_failure:
            self.standing.why = f"the broker refused us: {reason}"
            self.standing.version_refused = reason.value == _UNSUPPORTED_VERSION
            return
        self.standing.welcomed = True
        self.standing.session_present = bool(flags.session_present)
        if self._stale and self.standing.session_present:
            client.unsubscribe(list(self._stale))
        if not self._filters:  # all that is received comes by other connections
            self.standing.subscribed = True
            return
        if self.version_5:
            options = SubscribeOptions(qos=1, retainHandling=_NO_RETAINED_AGAIN)
            client.subscribe([(one, options) for one in self._filters])
        else:
            client.subscribe([(one, 1) for one in self._filters])

    def _on_subscribe(
        self, _client: Any, _data: Any, _mid: int, reasons: list[ReasonCode], _properties: Any
    ) -> None:
        refused = [
            (topic, reason)
            for topic, reason in zip(self._filters, reasons, strict=False)
            if reason.value >= _REFUSED
        ]
        if refused:
            topic, reason = refused[0]
            self.standing.why = f"the broker refused the subscription to {topic}: {reason}"
        self.standing.subscribed = not refused
        self.standing.unsubscribable = bool(refused)

    def _on_disconnect(
        self, _client: Any, _data: Any, flags: Any, reason: ReasonCode, _properties: Any
    ) -> None:
        self.standing.ended_by_broker = True
        if not self.standing.why:
            failure = self._failure
            if isinstance(failure, ssl.SSLError):
                self.standing.why = why(failure, self._address, self._settings)
            else:
                self.standing.why = str(failure or reason)
        if flags.is_disconnect_packet_from_server and reason.value == _TAKEN_OVER:
            self.standing.taken_over = True

    def _on_message(self, _client: Any, _data: Any, message: MQTTMessage) -> None:
        head = 0x30 | message.qos << 1 | message.dup * DUPLICATE | message.retain * RETAINED
        topic = message.topic.encode("utf-8", "surrogateescape")
        self._passed.append(
            (topic, bytes(message.payload), head, message.mid if message.qos else 0)
        )
        self._passed_size += len(message.payload)
