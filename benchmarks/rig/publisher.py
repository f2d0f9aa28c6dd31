"""The publisher of the chaos benchmark: QoS 1 at a rate, logging what the broker acknowledged.

Run as a process of its own, so that it shares neither lock nor fate with what is killed:
`python -m benchmarks.rig.publisher --port P --assets N --rows R --end NS --acked FILE`.
"""

from __future__ import annotations

import argparse
import threading
import time
from pathlib import Path

import numpy as np
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from benchmarks.rig.fleet import Fleet

WINDOW = 500


class LoggedPublisher:
    """Publishes in order, never more than a window unacknowledged, and notes each PUBACK."""

    def __init__(self, port: int, total: int) -> None:
        self.acked = np.zeros(total)  # when each was acknowledged, 0: not yet
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
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def _on_publish(self, _client: mqtt.Client, _data: object, mid: int, *_: object) -> None:
        with self._lock:
            index = self._index.pop(mid, None)
            if index is None:
                self._early.add(mid)
                return
        self._note(index)

    def publish(self, index: int, topic: str, payload: bytes) -> None:
        """Publish one message, waiting while the window is full."""
        self._room.acquire()
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
        self._room.release()

    def finish(self, seconds: float) -> None:
        """Wait until all is acknowledged, then leave."""
        deadline = time.monotonic() + seconds
        while not self.acked.all() and time.monotonic() < deadline:
            time.sleep(0.05)
        self._client.disconnect()
        self._client.loop_stop()


def main() -> None:
    """Publish a fleet's messages and write which of them the broker acknowledged."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("port", "assets", "channels", "rows", "end"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--rate", type=float, default=0, help="messages a second; 0: no limit")
    parser.add_argument("--acked", type=Path, required=True, help="where the log goes (NumPy)")
    args = parser.parse_args()
    fleet = Fleet(args.assets, args.channels, args.rows, args.end)
    publisher = LoggedPublisher(args.port, fleet.assets * fleet.rows)
    begun = time.monotonic()
    for index, (topic, payload) in enumerate(fleet.messages()):
        if args.rate and index % 50 == 0:
            time.sleep(max(0.0, begun + index / args.rate - time.monotonic()))
        publisher.publish(index, topic, payload)
    publisher.finish(60)
    np.save(args.acked, publisher.acked)


if __name__ == "__main__":
    main()
