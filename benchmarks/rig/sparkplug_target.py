"""A whole Sparkplug host as a target: bent messages of every kind to nodes that it knows."""

from __future__ import annotations

from typing import Any

from core.clock import SECOND, Instant
from core.ledger import Fate
from core.plant import Plant
from ingest.clocks import ClockOffsets
from ingest.sparkplug.harvest import Harvest, Harvester
from ingest.sparkplug.host import Host
from ingest.sparkplug.layout import Layout
from ingest.sparkplug.metric import DataType
from ingest.sparkplug.schema import payload_class
from ingest.sparkplug.settings import SparkplugSettings
from ingest.sparkplug.topic import HEARD

_MILLISECOND = 1_000_000
_STEP = SECOND // 50


class HostTarget:
    """Gives each message to one of a few nodes, and lets a little time pass."""

    def __init__(self, plant: Plant, now: Instant) -> None:
        settings = SparkplugSettings.model_validate(
            {"rebirth": {"allowed": True}, "max_nodes": 6, "channels": {"log/v": "speed"}}
        )
        self._host = Host(settings, Layout(plant, settings))
        self._harvester = Harvester(plant, ClockOffsets())
        self._began = self._now = now
        self._number = 0

    def read(self, payload: bytes) -> None:
        """Take a payload; its first bytes choose the topic."""
        chosen = sum(payload[:8])
        verb, node = HEARD[chosen % len(HEARD)], f"a{'' if chosen % 7 else chosen % 31}"
        topic = f"spBv1.0/s/{verb}/{node}" + ("/p1" if verb.of_device else "")
        self._now += _STEP
        if self._now - self._began > 3600 * SECOND:
            self._now = self._began  # a clock that is set back
        effects = self._host.receive(topic.encode(), payload, self._now)
        effects += self._host.tick(self._now)
        if chosen % 997 == 0:
            effects += self._host.lost(self._now, "cut off")
        found = self._harvester.gather(effects, self._now, trusted=True)
        _balance(found)

    def good(self) -> bool:
        """Be born and say a value, which must be taken."""
        self._number = (self._number + 1) % 256
        self._now += 10 * SECOND
        self._host.tick(self._now)
        births = (("NBIRTH/a", birth(self._number)), ("DBIRTH/a/p1", data(1, self._now)))
        effects = []
        for place, payload in (*births, ("DDATA/a/p1", data(2, self._now))):
            effects += self._host.receive(f"spBv1.0/s/{place}".encode(), payload, self._now)
        return self._harvester.gather(effects, self._now, trusted=True).accepted >= 2


def _balance(found: Harvest) -> None:
    """Hold the account to what there is; AssertionError where a message is counted wrongly."""
    counts = {fate: n for (_, fate, _), n in found.account.items()}
    whole = sum(each.messages for each in found.rejections)
    if counts[Fate.RECEIVED] < counts[Fate.TOLD] + whole:
        msg = "a message was counted that never came"
        raise AssertionError(msg)


def birth(number: int) -> bytes:
    """Write the birth of a node."""
    made = payload_class()(seq=0)
    made.metrics.add(name="bdSeq", datatype=DataType.INT64, long_value=number)
    written: bytes = made.SerializeToString()
    return written


def data(seq: int, at: Instant) -> bytes:
    """Write a birth of a device, or its data: a number, a state, a table, with all the flags."""
    made: Any = payload_class()(seq=seq, timestamp=at // _MILLISECOND)
    made.metrics.add(name="temp", alias=1, datatype=DataType.DOUBLE, double_value=61.5)
    made.metrics.add(name="n", alias=2, datatype=DataType.INT16, int_value=0xFFFF)
    made.metrics.add(name="old", is_historical=True, is_null=True, datatype=DataType.BOOLEAN)
    metric = made.metrics.add(name="speed", datatype=DataType.FLOAT, float_value=1.5)
    metric.properties.keys.append("Quality")
    metric.properties.values.add(type=DataType.INT32, int_value=192)
    table = made.metrics.add(name="log", datatype=DataType.DATA_SET).dataset_value
    table.num_of_columns = 2
    table.columns.extend(["t", "v"])
    table.types.extend([DataType.DATE_TIME, DataType.DOUBLE])
    row = table.rows.add()
    row.elements.add(long_value=at // _MILLISECOND)
    row.elements.add(double_value=2.5)
    written: bytes = made.SerializeToString()
    return written
