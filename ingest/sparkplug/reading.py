"""From the metrics of a message to samples: names, types, flags and tables are resolved here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from core.clock import Instant
from core.readings import Quality
from core.rejection import Reason
from ingest.payload import Bad
from ingest.sample import Sample, Value
from ingest.sparkplug.dataset import rows
from ingest.sparkplug.metric import DataType, Metric, value_of
from ingest.sparkplug.node import Definition, Node
from ingest.sparkplug.topic import Place

_CONTROL = ("Node Control/", "Device Control/")


@dataclass(slots=True)
class Read:
    """The samples of a message by time, what could not be read, and what no birth knows."""

    samples: dict[tuple[Instant | None, bool], Sample] = field(default_factory=dict)
    bad: list[Bad] = field(default_factory=list)
    unborn: list[str] = field(default_factory=list)

    def put(self, metric: Metric, at: Instant | None, channel: str, value: Value | None) -> None:
        """Add a value, or the word that there is none."""
        sample = self.samples.get((at, metric.historical))
        if sample is None:
            sample = Sample({}, at=at, historical=metric.historical)
            self.samples[at, metric.historical] = sample
        quality = Quality.BAD if value is None else metric.quality
        sample.quality.pop(channel, None)
        if quality is not Quality.GOOD:
            sample.quality[channel] = quality
        if value is None:
            sample.values.pop(channel, None)
        else:
            sample.values[channel] = value


def is_control(name: str) -> bool:
    """Tell whether a metric is a part of the protocol, not of the machine."""
    return name == "bdSeq" or name.startswith(_CONTROL)


def read_metrics(
    node: Node,
    place: Place,
    metrics: list[Metric],
    channel: Callable[[str], str],
    *,
    tables: bool,
) -> Read:
    """Read what a message says of a place of the plant; nothing in it stops the rest."""
    read = Read()
    for metric in metrics:
        if is_control(metric.name) or metric.transient:
            continue
        definition = node.definition(place, metric)
        if definition is None:
            if not (metric.name and metric.datatype):
                read.unborn.append(metric.said)
            if not metric.name:
                detail = f"{metric.said} is in no birth of {place}, so nobody knows what it is"
                read.bad.append(Bad(Reason.UNKNOWN_CHANNEL, detail))
                continue
            definition = Definition(metric.name, metric.datatype, channel(metric.name))
        metric.name = definition.name
        try:
            _read_metric(read, metric, definition, channel, tables=tables)
        except Bad as bad:
            read.bad.append(bad)
    return read


def _read_metric(
    read: Read,
    metric: Metric,
    definition: Definition,
    channel: Callable[[str], str],
    *,
    tables: bool,
) -> None:
    datatype = metric.datatype or definition.datatype
    if datatype == DataType.DATA_SET:
        if not metric.null:
            _read_table(read, metric, channel, tables=tables)
    elif definition.channel:
        value = None if metric.null else value_of(metric, datatype)
        read.put(metric, metric.at, definition.channel, value)


def _read_table(read: Read, metric: Metric, channel: Callable[[str], str], *, tables: bool) -> None:
    if metric.field != "dataset_value":
        raise Bad(Reason.MALFORMED, f"{metric.said} is no data set, as its birth says")
    names = {str(column): channel(f"{metric.name}/{column}") for column in metric.raw.columns}
    if not any(names.values()):
        return
    if not tables:
        raise Bad(Reason.NOT_A_NUMBER, f"{metric.said} is a data set; `datasets: rows` takes them")
    for at, values in rows(metric):
        for name, value in values.items():
            if found := channel(name):
                read.put(metric, at, found, value)
