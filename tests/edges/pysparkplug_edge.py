"""An edge node made with pysparkplug; runs in that library's own environment.

Reads commands from its input, a line each: `speed 2.5`, `leave` (the device), `end`.
"""

from __future__ import annotations

import sys

from pysparkplug import DataType, Device, EdgeNode, Metric, get_current_timestamp


def metric(name: str, kind: DataType, value: object) -> Metric:
    return Metric(timestamp=get_current_timestamp(), name=name, datatype=kind, value=value)


def main() -> None:
    port = int(sys.argv[1])
    node = EdgeNode("karachi", "hall", [metric("Node Control/Rebirth", DataType.BOOLEAN, False)])
    first = [
        metric("speed", DataType.DOUBLE, 1.0),
        metric("temperature", DataType.INT16, -7),
        metric("vibration", DataType.FLOAT, 0.5),
    ]
    node.register(Device("p1", first))
    node.connect("127.0.0.1", port=port)
    for line in sys.stdin:
        word, *rest = line.split()
        if word == "speed":
            node.update_device("p1", [metric("speed", DataType.DOUBLE, float(rest[0]))])
        elif word == "leave":
            node.deregister("p1")
        elif word == "end":
            node.disconnect()
            return


main()
