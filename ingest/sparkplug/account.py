"""What a message comes to once it is its turn: devices that come and go, and values."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from core.clock import SECOND, Instant
from core.journal import DeviceChanged
from core.proposal import Observed
from core.rejection import Reason, Rejection
from ingest.payload import Bad
from ingest.sparkplug.effect import Effect, Heard, Ignored, Proposed, Turned
from ingest.sparkplug.layout import Layout, plain
from ingest.sparkplug.metric import Metric, value_of
from ingest.sparkplug.node import Held, Node, Phase, heft
from ingest.sparkplug.payload import Message
from ingest.sparkplug.reading import is_control, read_metrics
from ingest.sparkplug.rebirth import Rebirths
from ingest.sparkplug.settings import SOURCE, SparkplugSettings
from ingest.sparkplug.topic import Place, Verb
from ingest.topics import shown

MOST_HEFT = 200_000
"""How much the births of all nodes together may take, in parts of about 250 bytes."""

_YEAR_2020: Instant = 1_577_836_800 * SECOND
_TOLD = 5
_PROPOSED = 200


class Account:
    """Turns messages in order into effects, for all nodes."""

    def __init__(self, settings: SparkplugSettings, layout: Layout, rebirths: Rebirths) -> None:
        self._settings = settings
        self._layout = layout
        self._rebirths = rebirths
        self.heft = 0

    def take(
        self, node: Node, held: Held, message: Message, out: list[Effect], *, past: bool = False
    ) -> None:
        """Take a message of a node or device; `past` where it is of a session that has ended."""
        place = held.address.place
        match held.address.verb:
            case Verb.DBIRTH:
                if self.birth(node, held, message, out) and not past:
                    self.online(node, place, held.arrived, out)
            case Verb.DDEATH:
                if not past:
                    self.offline(node, place, self._death(held, message), "it says so", out)
                out.append(Ignored(held.number, "a death certificate"))
                return
        if not node.has_table(place) or node.phase is Phase.UNBORN:
            self._rebirths.ask(node.place, "data came without a birth")
        self.values(node, held, message, out, past=past)

    def birth(self, node: Node, held: Held, message: Message, out: list[Effect]) -> bool:
        """Take over the metrics of a birth; false where they are too many."""
        place = held.address.place
        metrics = [each for each in message.metrics if not is_control(each.name)]
        added = heft(each.name for each in metrics)
        most = self._settings.max_metrics
        if node.heft + added > 2 * most + 1000 or self.heft + added > MOST_HEFT:
            detail = f"the births of {node.place} have more metrics than there is room for"
            self._reject(held, [Bad(Reason.OVERSIZED, detail)], out)
            return False
        self.heft -= node.heft
        twice = node.define(place, metrics, lambda name: self._layout.channel(place, name))
        self.heft += node.heft
        if twice:
            detail = f"{', '.join(twice[:_TOLD])} also stands for another metric"
            self._reject(held, [Bad(Reason.DUPLICATE_KEY, detail)], out)
        asset = self._layout.asset(place)
        if asset and not self._layout.knows(asset):
            out.append(Proposed(asset, place, _observed(metrics[:_PROPOSED])))
        return True

    def forget(self, node: Node) -> None:
        """Let go of what a node's births said."""
        self.heft -= node.heft
        node.forget_births()

    def online(self, node: Node, place: Place, at: Instant, out: list[Effect]) -> None:
        """Say that a node or device is there; a device's node is there too.

        With a node its devices count as there again, and must be born soon.
        """
        if place.device and node.place not in node.online:
            self.online(node, node.place, at, out)
        changing = node.channels(place) if self._settings.reporting == "on_change" else ()
        devices: tuple[Place, ...] = ()
        if not place.device:
            devices = tuple(each for each in (*node.gone, *node.online) if each.device)
            until = at + self._settings.reorder_timeout
            node.awaited = dict.fromkeys(devices, until)
        node.online[place] = None
        node.gone.pop(place, None)
        node.awaited.pop(place, None)
        assets = self._assets(place, *devices)
        out.append(DeviceChanged(str(place), True, at, assets, changing, "born"))

    def offline(self, node: Node, place: Place, at: Instant, why: str, out: list[Effect]) -> None:
        """Say that a device is gone, and its last values stale; once."""
        node.awaited.pop(place, None)
        if place in node.online or place in node.gone:
            node.online.pop(place, None)
            node.gone.pop(place, None)
            out.append(DeviceChanged(str(place), False, at, self._assets(place), (), why))

    def all_offline(self, node: Node, at: Instant, why: str, out: list[Effect]) -> None:
        """Say that a node is gone and all its devices with it, in one word."""
        if not node.online:
            return
        assets = self._assets(*node.online)
        node.gone |= {place: None for place in node.online if place.device}
        node.online.clear()
        node.awaited.clear()
        out.append(DeviceChanged(str(node.place), False, at, assets, (), why))

    def values(
        self, node: Node, held: Held, message: Message, out: list[Effect], *, past: bool
    ) -> None:
        """Read the values of a message."""
        place = held.address.place
        asset = self._layout.asset(place)
        if not asset:
            out.append(Ignored(held.number, "a node's own metrics are no telemetry"))
            return
        if not self._layout.knows(asset):
            detail = f'unknown asset "{asset}" of {place}'
            self._reject(held, [Bad(Reason.UNKNOWN_ASSET, detail)], out)
            return
        if held.address.verb in {Verb.NBIRTH, Verb.DBIRTH}:
            _as_of_birth(message)
        read = read_metrics(
            node,
            place,
            message.metrics,
            lambda name: self._layout.channel(place, name),
            tables=self._settings.datasets == "rows",
        )
        if read.unborn:
            self._rebirths.ask(node.place, "its births do not have all its metrics")
        if read.bad:
            self._reject(held, read.bad, out, asset)
        samples = [each for each in read.samples.values() if each.values or each.quality]
        for sample in samples:
            sample.historical |= past
        if place not in node.online and not all(sample.historical for sample in samples):
            self.online(node, place, held.arrived, out)
        if samples:
            topic, payload = held.topic, held.payload
            heard = Heard(held.number, asset, samples, topic, payload, held.arrived, message.at)
            out.append(heard)
        elif not read.bad:
            out.append(Ignored(held.number, "none of its metrics is a channel"))

    def _assets(self, *places: Place) -> tuple[str, ...]:
        found = dict.fromkeys(self._layout.asset(place) for place in places)
        return tuple(asset for asset in found if self._layout.knows(asset))

    @staticmethod
    def _death(held: Held, message: Message) -> Instant:
        """Tell when a device died: its node says so, where its clock can be right."""
        at = message.at
        return at if at is not None and _YEAR_2020 <= at <= held.arrived else held.arrived

    @staticmethod
    def _reject(held: Held, bad: list[Bad], out: list[Effect], asset: str = "") -> None:
        rejection = refusal(held.topic, held.payload, held.arrived, bad)
        out.append(Turned(held.number, rejection, asset))


def _observed(metrics: Sequence[Metric]) -> dict[str, Observed]:
    """Tell what a birth says of an unknown asset, by names that channels can have."""
    found = {}
    for metric in metrics:
        try:
            value = None if metric.null else value_of(metric, metric.datatype)
        except Bad:
            continue  # no scalar, so it can be no channel
        if isinstance(value, float) and not isfinite(value):
            value = None
        observed = Observed(metric.unit) if value is None else Observed.of(value, metric.unit)
        found[plain(metric.name)] = observed
    return found


def _as_of_birth(message: Message) -> None:
    """Give the values of a birth its own time: they hold now, however long ago they came up."""
    for metric in message.metrics:
        if message.at is not None and metric.at is not None and not metric.historical:
            metric.at = max(metric.at, message.at)


def refusal(
    topic: bytes, payload: bytes, at: Instant, bad: Sequence[Bad], *, retained: bool = False
) -> Rejection:
    """Make one rejection of all that is wrong with a message."""
    told = [each.detail for each in bad[:_TOLD]]
    if len(bad) > _TOLD:
        told.append(f"and {len(bad) - _TOLD} more")
    detail = "".join(c if c.isprintable() else repr(c)[1:-1] for c in "; ".join(told))
    return Rejection(shown(topic), bad[0].reason, payload, at, detail, retained, SOURCE)
