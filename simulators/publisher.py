"""Publishes telemetry by MQTT QoS 1: every message confirmed, in order of time."""

from __future__ import annotations

import ssl
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO
from urllib.parse import urlsplit

from paho.mqtt.client import Client, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from core.broker_address import PORTS, BrokerAddress
from core.clock import Instant
from core.errors import Refused, Unavailable
from core.tls import TlsFiles, make_context, prepare
from core.tls_words import why
from simulators.message import Message
from simulators.pace import AtOnce, Pace

_TELL_EVERY = 0.2


@dataclass(frozen=True, slots=True)
class Progress:
    """How far publishing has come: messages sent and confirmed, and the newest one's time."""

    sent: int
    acked: int
    at: Instant


@dataclass(frozen=True, slots=True)
class Published:
    """What a publishing run did: messages given to the broker, confirmed by it, how long."""

    count: int
    acked: int
    seconds: float


class Publisher:
    """One connection to a broker. Use it as a context manager, or `connect` and `close`.

    At most `window` messages are unconfirmed at a time. A lost connection is made again for
    ever, and what was unconfirmed is sent again before anything newer. With `log`, the asset
    and time of each confirmed message are written there, one a line. With `files` it speaks TLS.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 1883,
        *,
        window: int = 2000,
        log: Path | None = None,
        username: str | None = None,
        password: str | None = None,
        files: TlsFiles | None = None,
    ) -> None:
        self.host, self.port = host, port
        self._address = BrokerAddress(host, port, tls=files is not None)
        self._files = files or TlsFiles()
        self._window = window
        self._turn = threading.Condition()
        self._waiting: dict[int, Message] = {}
        self._early: set[int] = set()
        self._connected = self._mending = False
        self._refusal = ""
        self.acked = 0
        self._log_path = log
        self._log: TextIO | None = None
        self._client = self._make_client(username, password)

    @classmethod
    def to(cls, url: str, ca: Path | None = None, **options: Any) -> Publisher:
        """Make a publisher for `mqtt://[user:password@]host[:port]`, or mqtts: with TLS.

        `ca` is the file of the authority by which the broker is verified. Refused where the URL or
        the file will not do.
        """
        parts = urlsplit(url if "://" in url else f"mqtt://{url}")
        if parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname:
            msg = f"{url!r} is not a broker; write mqtt://HOST:PORT or mqtts://HOST:PORT"
            raise Refused(msg)
        if ca is not None and parts.scheme == "mqtt":
            msg = f"a file of authorities is for mqtts://, and {url} goes without TLS"
            raise Refused(msg)
        options = {"username": parts.username, "password": parts.password, **options}
        if parts.scheme == "mqtts":
            options["files"] = TlsFiles(ca=None if ca is None else f"file:{ca}")
        return cls(parts.hostname, parts.port or PORTS[parts.scheme], **options)

    def _make_client(self, username: str | None, password: str | None) -> Client:
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"millwright-publisher-{uuid.uuid4().hex[:12]}",
            protocol=MQTTv311,
        )
        try:
            context = make_context(self._files) if self._address.tls else None
        except ValueError as error:
            raise Refused(str(error)) from error
        prepare(client, self._address, context)
        if username is not None:
            client.username_pw_set(username, password)
        client.max_inflight_messages_set(0)
        client.max_queued_messages_set(0)
        client.reconnect_delay_set(1, 5)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        return client

    def connect(self, timeout: float = 10) -> Self:
        """Connect; Unavailable when nothing answers in time, Refused when it says no."""
        if self._log_path is not None:
            self._log = self._log_path.open("a", encoding="utf-8")
        deadline = time.monotonic() + timeout
        while True:
            try:
                self._client.connect(self.host, self.port)
                break
            except OSError as error:
                if time.monotonic() > deadline or isinstance(error, ssl.SSLError):
                    self.close()
                    words = why(error, self._address, self._files)
                    msg = f"no broker at {self.host}:{self.port}: {words}"
                    raise Unavailable(msg) from error
                time.sleep(0.1)
        self._client.loop_start()
        self._await_welcome(deadline)
        return self

    def _await_welcome(self, deadline: float) -> None:
        with self._turn:
            left = max(deadline - time.monotonic(), 0.5)
            self._turn.wait_for(lambda: self._connected or bool(self._refusal), left)
            connected, refusal = self._connected, self._refusal
        if connected:
            return
        self.close()
        if refusal:
            msg = f"the broker at {self.host}:{self.port} refused the connection: {refusal}"
            raise Refused(msg)
        msg = f"what listens at {self.host}:{self.port} does not answer as a broker"
        raise Unavailable(msg)

    def publish(
        self,
        messages: Iterable[Message],
        pace: Pace | None = None,
        progress: Callable[[Progress], None] | None = None,
        stop: threading.Event | None = None,
        patience: float | None = None,
    ) -> Published:
        """Publish and wait until all is confirmed.

        When `stop` is set it sends nothing more and waits at most 5 seconds for what is under
        way; with `patience`, no longer than so many seconds after the last message in any case.
        """
        pace, stop = pace or AtOnce(), stop or threading.Event()
        began, before, count, told = time.monotonic(), self.acked, 0, 0.0
        for message in messages:
            wait = pace.wait(message.at)
            if (wait > 0 and stop.wait(wait)) or stop.is_set() or not self._make_room(stop):
                break
            self._send(message)
            count += 1
            if progress is not None and (now := time.monotonic()) - told > _TELL_EVERY:
                told = now
                progress(Progress(count, self.acked - before, message.at))
        self._drain(stop, patience)
        if progress is not None and count:
            progress(Progress(count, self.acked - before, message.at))
        return Published(count, self.acked - before, time.monotonic() - began)

    def _make_room(self, stop: threading.Event) -> bool:
        """Wait until another message may go; after a reconnect the unconfirmed go first."""
        with self._turn:
            while len(self._waiting) >= self._window or self._mending:
                self._turn.wait(0.2)
                if stop.is_set():
                    return False
                if self._refusal:
                    msg = f"the broker no longer lets us in: {self._refusal}"
                    raise Refused(msg)
        return True

    def _send(self, message: Message) -> None:
        info = self._client.publish(message.topic, message.payload, qos=1)
        if info.rc not in {MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_NO_CONN}:
            msg = f"the message for {message.topic} could not be sent: {info.rc.name}"
            raise Refused(msg)
        with self._turn:
            if info.mid in self._early:
                self._early.discard(info.mid)
                self._confirm(message)
            else:
                self._waiting[info.mid] = message

    def _drain(self, stop: threading.Event, patience: float | None) -> None:
        deadline = None if patience is None else time.monotonic() + patience
        stopped = None
        with self._turn:
            while self._waiting:
                now = time.monotonic()
                if stop.is_set():
                    stopped = stopped or now + 5
                limits = [limit for limit in (deadline, stopped) if limit is not None]
                if limits and now > min(limits):
                    break
                self._turn.wait(0.2)
            if self._log is not None:
                self._log.flush()

    def _confirm(self, message: Message) -> None:
        self.acked += 1
        if self._log is not None:
            self._log.write(f"{message.asset}\t{message.at}\n")

    def _on_publish(self, _client: Any, _data: Any, mid: int, *_: Any) -> None:
        with self._turn:
            message = self._waiting.pop(mid, None)
            if message is None:
                # The confirmation was faster than `publish` came back with its number.
                self._early.add(mid)
            else:
                self._confirm(message)
            if not self._waiting:
                self._mending = not self._connected
            if len(self._waiting) <= self._window // 2:
                self._turn.notify_all()

    def _on_connect(self, _client: Any, _data: Any, _flags: Any, reason: Any, _: Any) -> None:
        with self._turn:
            if reason.is_failure:
                self._refusal = str(reason)
            else:
                self._connected = True
                self._mending = bool(self._waiting)
            self._turn.notify_all()

    def _on_disconnect(self, *_: Any) -> None:
        with self._turn:
            self._connected = False
            self._mending = True
            if self._log is not None:
                self._log.flush()

    def close(self) -> None:
        """Disconnect and end the network thread."""
        self._client.disconnect()
        self._client.loop_stop()
        if self._log is not None:
            self._log.close()
            self._log = None

    def __enter__(self) -> Self:
        """Connect on entering."""
        return self.connect()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close on leaving."""
        self.close()
