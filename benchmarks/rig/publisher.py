"""The publisher of the chaos benchmark: QoS 1 at a rate, logging what the broker acknowledged.

Run as a process of its own, so that it shares neither lock nor fate with what is killed:
`python -m benchmarks.rig.publisher --port P --assets N --rows R --end NS --log FILE`. It prints a
line once the first message is acknowledged.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import paho.mqtt.client as mqtt
from numpy.typing import NDArray
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from benchmarks.rig.fleet import Fleet

WINDOW = 500


@dataclass(frozen=True, slots=True, eq=False)
class Log:
    """What a publisher noted, in seconds since 1970.

    `acked` says when each message was acknowledged (0: never), `ended` when the last was
    published, `away` for how long the broker was away: from each loss of the connection to the
    next acknowledgement.
    """

    acked: NDArray[np.float64]
    ended: float
    away: float

    @property
    def rate(self) -> float:
        """Acknowledged messages a second, over the time in which the broker was there."""
        acked = self.acked[self.acked > 0]
        there = float(np.ptp(acked)) - self.away if len(acked) else 0.0
        return len(acked) / there if there > 0 else float("nan")

    @property
    def unacknowledged(self) -> int:
        """How many messages were never acknowledged."""
        return int((self.acked == 0).sum())

    def save(self, path: Path) -> None:
        """Write it to a NumPy file."""
        np.savez(path, acked=self.acked, ended=self.ended, away=self.away)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what was saved."""
        with np.load(path) as kept:
            return cls(kept["acked"], float(kept["ended"]), float(kept["away"]))


class LoggedPublisher:
    """Publishes in order, never more than a window unacknowledged, and notes each PUBACK."""

    def __init__(self, port: int, total: int) -> None:
        self.acked = np.zeros(total)  # when each was acknowledged, 0: not yet
        self.away = 0.0
        self._gone: float | None = None
        self._index: dict[int, int] = {}
        self._early: set[int] = set()
        self._lock = threading.Lock()
        self._room = threading.Semaphore(WINDOW)
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            f"chaos-{port}",
            clean_session=False,
            protocol=MQTTProtocolVersion.MQTTv311,
        )
        self._client.max_inflight_messages_set(WINDOW)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_publish = self._on_publish
        self._client.on_disconnect = self._on_disconnect
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def _on_disconnect(self, *_: object) -> None:
        if self._gone is None:
            self._gone = time.time()

    def _on_publish(self, _client: mqtt.Client, _data: object, mid: int, *_: object) -> None:
        if self._gone is not None:
            self.away += time.time() - self._gone
            self._gone = None
        with self._lock:
            index = self._index.pop(mid, None)
            if index is None:
                self._early.add(mid)
                return
        self._note(index)

    def publish(self, index: int, topic: str, payload: bytes) -> None:
        """Publish one message, waiting while the window is full or older ones must go again.

        The client sends what is published between CONNECT and its answer at once, ahead of what
        it sends again after that: a machine's readings would overtake each other.
        """
        self._room.acquire()
        while self._gone is not None and self._index:
            time.sleep(0.005)
        mid = self._client.publish(topic, payload, qos=1).mid  # never under our own lock: the
        with self._lock:  # network thread holds one of the client's while it calls us
            early = mid in self._early
            self._early.discard(mid)
            if not early:
                self._index[mid] = index
        if early:
            self._note(index)

    def _note(self, index: int) -> None:
        self.acked[index] = time.time()
        if index == 0:
            print("begun", flush=True)
        self._room.release()

    def finish(self, seconds: float) -> None:
        """Wait until all is acknowledged, then leave."""
        deadline = time.monotonic() + seconds
        while not self.acked.all() and time.monotonic() < deadline:
            time.sleep(0.05)
        self._client.on_disconnect = None
        self._client.disconnect()
        self._client.loop_stop()


def publish_all(publisher: LoggedPublisher, fleet: Fleet, rate: float) -> Log:
    """Publish a fleet's messages at a rate (0: no limit) that stands still without a broker."""
    begun = time.monotonic()
    for index, (topic, payload) in enumerate(fleet.messages()):
        if rate and index % 50 == 0:
            due = begun + publisher.away + index / rate
            time.sleep(max(0.0, due - time.monotonic()))
        publisher.publish(index, topic, payload)
    ended = time.time()
    publisher.finish(60)
    return Log(publisher.acked, ended, publisher.away)


def command(port: int, fleet: Fleet, rate: float, log: Path) -> list[str]:
    """Return how the publisher of a fleet is started as a process."""
    return [
        *(sys.executable, "-m", "benchmarks.rig.publisher", "--port", str(port)),
        *("--assets", str(fleet.assets), "--channels", str(fleet.channels)),
        *("--rows", str(fleet.rows), "--end", str(fleet.end)),
        *("--rate", str(rate), "--log", str(log)),
    ]


def main() -> None:
    """Publish a fleet's messages and write which of them the broker acknowledged."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("port", "assets", "channels", "rows", "end"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--rate", type=float, default=0, help="messages a second; 0: no limit")
    parser.add_argument("--log", type=Path, required=True, help="where the log goes (.npz)")
    args = parser.parse_args()
    fleet = Fleet(args.assets, args.channels, args.rows, args.end)
    publisher = LoggedPublisher(args.port, fleet.assets * fleet.rows)
    publish_all(publisher, fleet, args.rate).save(args.log)


if __name__ == "__main__":
    main()
