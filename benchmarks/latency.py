"""From publish to alert on the event stream: `python -m benchmarks.latency`.

A fleet publishes live at a steady rate through Mosquitto into the whole service with its shipped
defaults. One after another, machines publish a value beyond a plain limit whose rule has no
on-delay. Timed is from just before that publish until the alert arrives on the feed's event stream.
The baseline is the same publish until a plain MQTT subscriber has it: what the broker alone costs.
"""

from __future__ import annotations

import argparse
import http.client
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from benchmarks.rig.fleet import LIMIT, NOMINAL, Fleet
from benchmarks.rig.report import Figure, arguments, finish
from benchmarks.rig.seen import started
from benchmarks.rig.stand import Stand
from core.clock import SECOND, iso, system_clock

GOALS = {"p99 to the event stream": "< 1000", "alerts timed": ">= 1000", "alerts unseen": "== 0"}
WARM_UP = 10.0


class Load:
    """Publishes live readings at a rate; after the warm-up each machine is once in trouble."""

    def __init__(self, port: int, fleet: Fleet, rate: float, seconds: float) -> None:
        self._fleet = fleet
        self._rate = rate
        self._seconds = seconds
        self._rng = np.random.default_rng(fleet.seed)
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.max_inflight_messages_set(2000)
        self._client.on_publish = self._on_publish
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        self._acked, self._last_ack = 0, float("nan")
        self.rate = float("nan")
        self.troubled: dict[str, float] = {}

    def _on_publish(self, *_: object) -> None:
        self._acked, self._last_ack = self._acked + 1, time.monotonic()

    def run(self) -> None:
        """Publish until the time is over, waiting for the last acknowledgement.

        `rate` is then what the broker acknowledged each second, from the first publish to the last
        acknowledgement.
        """
        names, begun, sent = self._fleet.names, time.monotonic(), 0
        gap = (self._seconds - WARM_UP - 5) / len(names)
        last = None
        while (passed := time.monotonic() - begun) < self._seconds:
            for _ in range(int(passed * self._rate) - sent):
                i = sent % len(names)
                trouble = passed > WARM_UP + i * gap and names[i] not in self.troubled
                if trouble:
                    self.troubled[names[i]] = time.time()
                last = self._publish(names[i], 2 * LIMIT if names[i] in self.troubled else NOMINAL)
                sent += 1
            time.sleep(0.002)
        if last is not None:
            last.wait_for_publish(10)
        self._client.disconnect()
        self._client.loop_stop()
        if self._acked:
            self.rate = self._acked / (self._last_ack - begun)

    def _publish(self, name: str, centre: float) -> mqtt.MQTTMessageInfo:
        noise = self._rng.normal(centre, 0.1, self._fleet.channels).round(3).tolist()
        values = dict(zip(self._fleet.channel_names, noise, strict=True))
        body = {"ts": iso(system_clock()), "values": values}
        return self._client.publish(f"plant/bench/hall/{name}/telemetry", json.dumps(body), qos=1)


def listen(port: int, seen: dict[str, float], stop: threading.Event) -> None:
    """Read the event stream and note when each machine's alert came."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/api/v1/events?after=0", headers={"Accept": "text/event-stream"})
    response = connection.getresponse()
    while not stop.is_set():
        line = response.readline()  # a heartbeat comes every few seconds, so this returns
        if not line:
            return
        if line.startswith(b"data:") and b'"change":"opened"' in line:
            now = time.time()
            name = line.split(b"bench/hall/", 1)[1].split(b'"', 1)[0].decode()
            seen.setdefault(name, now)


def _load_process(args: argparse.Namespace, port: int, log: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "benchmarks.latency", "--load-port", str(port)),
            *("--load-log", str(log), "--assets", str(args.assets)),
            *("--rate", str(args.rate), "--seconds", str(args.seconds)),
        ]
    )


def baseline(port: int, rounds: int = 300) -> list[float]:
    """Time publish to receipt by a plain subscriber, in milliseconds."""
    came = threading.Semaphore(0)
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.on_message = lambda *_: came.release()
    client.connect("127.0.0.1", port)
    client.subscribe("baseline", qos=1)
    client.loop_start()
    time.sleep(0.5)
    took = []
    for _ in range(rounds):
        begun = time.perf_counter()
        client.publish("baseline", b"x" * 190, qos=1)
        came.acquire(timeout=5)
        took.append((time.perf_counter() - begun) * 1000)
    client.disconnect()
    client.loop_stop()
    return took


def figures(args: argparse.Namespace, folder: Path) -> list[Figure]:
    """Run the stand once and say how long alerts took."""
    fleet = Fleet(args.assets, 6, 1, system_clock() // SECOND * SECOND)
    seen: dict[str, float] = {}
    stop = threading.Event()
    with Stand(folder, fleet) as stand:
        stand.service.start()
        stand.wait_for("the page", lambda: _answers(stand.feed_port), 30)
        stand.wait_for("the connection to the broker", lambda: started(folder / "data"), 30)
        listener = threading.Thread(target=listen, args=(stand.feed_port, seen, stop))
        listener.start()
        load = _load_process(args, stand.broker.port, folder / "load.json")
        if load.wait(args.seconds + 60):
            msg = f"the load ended with {load.returncode}; its words stand above"
            raise RuntimeError(msg)
        time.sleep(3)
        stop.set()
        listener.join(10)
        alone = baseline(stand.broker.port)
    told = json.loads((folder / "load.json").read_text())
    troubled: dict[str, float] = told["troubled"]
    took = np.array([(seen[name] - at) * 1000 for name, at in troubled.items() if name in seen])
    unseen = len(troubled) - len(took)
    low, median, high = np.percentile(took, [5, 50, 99]) if len(took) else (np.nan,) * 3
    asked = f"acknowledged by the broker, first to last; asked {args.rate:.0f}"
    return [
        Figure("achieved rate", told["rate"], "msg/s", f">= {0.95 * args.rate:g}", asked),
        Figure("p50, broker alone", float(np.median(alone)), "ms", None, "the baseline"),
        Figure("p99, broker alone", float(np.percentile(alone, 99)), "ms", None, "the baseline"),
        Figure("p05 to the event stream", float(low), "ms", None),
        Figure("p50 to the event stream", float(median), "ms", None),
        Figure("p99 to the event stream", float(high), "ms", GOALS["p99 to the event stream"]),
        Figure("alerts timed", len(took), "", GOALS["alerts timed"]),
        Figure("alerts unseen", unseen, "", GOALS["alerts unseen"]),
    ]


def _answers(port: int) -> bool:
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        connection.request("GET", "/livez")
        return connection.getresponse().status == 200
    except OSError:
        return False


def main() -> int:
    """Run the benchmark from the command line."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--rate", type=float, default=5000, help="messages a second")
    parser.add_argument("--assets", type=int, default=1100)
    parser.add_argument("--seconds", type=float, default=75)
    parser.add_argument("--load-port", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--load-log", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.load_port:
        load = Load(args.load_port, Fleet(args.assets, 6, 1, 0), args.rate, args.seconds)
        load.run()
        args.load_log.write_text(json.dumps({"rate": load.rate, "troubled": load.troubled}))
        return 0
    with tempfile.TemporaryDirectory() as made:
        found = figures(args, Path(made))
    value = {figure.name: figure.value for figure in found}
    headline = (
        f"latency: p50 {value['p50 to the event stream']:.0f} ms, "
        f"p99 {value['p99 to the event stream']:.0f} ms over {value['alerts timed']:.0f} alerts "
        f"at {value['achieved rate']:.0f} msg/s"
    )
    return finish("latency", found, headline, args)


if __name__ == "__main__":
    sys.exit(main())
