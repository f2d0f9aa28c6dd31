"""An edge node and a device made with mqtt-spb-wrapper; runs in that library's own environment.

Reads commands from its input, a line each: `speed 2.5`, `leave` (the device), `end`. The library
calls a metric `DATA/speed` at birth and `speed` afterwards.
"""

from __future__ import annotations

import sys

from mqtt_spb_wrapper import MetricDataType, MqttSpbEntityDevice, MqttSpbEntityEdgeNode


def main() -> None:
    port = int(sys.argv[1])
    node = MqttSpbEntityEdgeNode("karachi", "hall")
    device = MqttSpbEntityDevice("karachi", "hall", "p1")
    device.data.set_value("speed", 1.0, spb_data_type=MetricDataType.Double)
    device.data.set_value("temperature", -7, spb_data_type=MetricDataType.Int16)
    for entity in (node, device):
        if not entity.connect("127.0.0.1", port):
            sys.exit("no connection to the broker")
        entity.publish_birth()
    for line in sys.stdin:
        word, *rest = line.split()
        if word == "speed":
            device.data.set_value("speed", float(rest[0]), spb_data_type=MetricDataType.Double)
            device.publish_data()
        elif word == "leave":
            device.disconnect()
        elif word == "end":
            node.disconnect()
            return


main()
