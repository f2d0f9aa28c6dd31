"""What a message comes to once it is its turn: devices that come and go, and values."""

from __future__ import annotations

from core.clock import SECOND, Instant
from core.journal import DeviceChanged
from core.rejection import Reason, Rejection
from ingest.payload import Bad
from ingest.sparkplug.effect import Effect, Heard, Ignored, Proposed
from ingest.sparkplug.layout import Layout
from ingest.sparkplug.node import Held, Node, Phase, heft
from ingest.sparkplug.payload import Message
from ingest.sparkplug.reading import is_control, read_metrics
from ingest.sparkplug.rebirth import Rebirths
from ingest.sparkplug.settings import SparkplugSettings
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
                    node.awaited.pop(place, None)
                    self.online(node, place, held.arrived, out)
            case Verb.DDEATH:
                if not past:
                    self.offline(node, place, self._death(held, message), "it says so", out)
                out.append(Ignored(place, "a death certificate"))
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
            units = {each.name: each.unit for each in metrics[:_PROPOSED] if each.name}
            out.append(Proposed(asset, place, units))
        return True

    def forget(self, node: Node) -> None:
        """Let go of what a node's births said."""
        self.heft -= node.heft
        node.forget_births()

    def online(self, node: Node, place: Place, at: Instant, out: list[Effect]) -> None:
        """Say that a node or device is there."""
        changing = node.channels(place) if self._settings.reporting == "on_change" else ()
        node.online[place] = None
        out.append(DeviceChanged(str(place), True, at, self._assets(place), changing, "born"))

    def offline(self, node: Node, place: Place, at: Instant, why: str, out: list[Effect]) -> None:
        """Say that a node or device is gone, and its last values stale; once."""
        node.awaited.pop(place, None)
        if place in node.online:
            del node.online[place]
            out.append(DeviceChanged(str(place), False, at, self._assets(place), (), why))

    def all_offline(self, node: Node, at: Instant, why: str, out: list[Effect]) -> None:
        """Say that a node is gone with all its devices."""
        for place in list(node.online):
            self.offline(node, place, at, why, out)

    def values(
        self, node: Node, held: Held, message: Message, out: list[Effect], *, past: bool
    ) -> None:
        """Read the values of a message."""
        place = held.address.place
        asset = self._layout.asset(place)
        if not asset:
            out.append(Ignored(place, "a node's own metrics are no telemetry"))
            return
        if not self._layout.knows(asset):
            detail = f'unknown asset "{asset}" of {place}'
            self._reject(held, [Bad(Reason.UNKNOWN_ASSET, detail)], out)
            return
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
            self._reject(held, read.bad, out)
        samples = [each for each in read.samples.values() if each.values or each.quality]
        for sample in samples:
            sample.historical |= past
        if samples:
            out.append(Heard(asset, samples, held.topic, held.payload, held.arrived))
        elif not read.bad:
            out.append(Ignored(place, "none of its metrics is a channel"))

    def _assets(self, place: Place) -> tuple[str, ...]:
        asset = self._layout.asset(place)
        return (asset,) if self._layout.knows(asset) else ()

    @staticmethod
    def _death(held: Held, message: Message) -> Instant:
        """Tell when a device died: its node says so, where its clock can be right."""
        at = message.at
        return at if at is not None and _YEAR_2020 <= at <= held.arrived else held.arrived

    @staticmethod
    def _reject(held: Held, bad: list[Bad], out: list[Effect]) -> None:
        out.append(refusal(held.topic, held.payload, held.arrived, bad))


def refusal(
    topic: bytes, payload: bytes, at: Instant, bad: list[Bad], *, retained: bool = False
) -> Rejection:
    """Make one rejection of all that is wrong with a message."""
    told = [each.detail for each in bad[:_TOLD]]
    if len(bad) > _TOLD:
        told.append(f"and {len(bad) - _TOLD} more")
    detail = "".join(c if c.isprintable() else repr(c)[1:-1] for c in "; ".join(told))
    return Rejection(shown(topic), bad[0].reason, payload, at, detail, retained)
