"""The host application without its connection: messages and time in, effects out.

Every message is kept or refused whatever its order. One that is ahead of others waits for them up
to the reorder timeout, so that values are judged in order; what was missed is counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from core.clock import SECOND, Instant, Span
from core.rejection import Reason
from ingest.payload import Bad
from ingest.sparkplug.account import Account, refusal
from ingest.sparkplug.effect import Effect, Ignored, Lost, Publish, Turned
from ingest.sparkplug.layout import Layout
from ingest.sparkplug.node import Held, Node, Phase
from ingest.sparkplug.payload import Message, read_payload, write_command
from ingest.sparkplug.rebirth import Rebirths
from ingest.sparkplug.sequence import Order
from ingest.sparkplug.settings import SparkplugSettings
from ingest.sparkplug.topic import Address, Place, Verb, command_topic, read_topic

REBIRTH = "Node Control/Rebirth"
_MOST_HELD = 64
_MOST_HELD_BYTES = 16_000_000
_HELD_OVERHEAD = 500
_ALL_DEATHS = 256
_DOUBT: Span = 30 * SECOND


class Host:
    """All edge nodes as a host knows them. Its clock is what it is told with each call."""

    def __init__(self, settings: SparkplugSettings, layout: Layout) -> None:
        self._settings = settings
        self._layout = layout
        self._patience = settings.reorder_timeout
        self._rebirths = Rebirths(settings.rebirth)
        self._account = Account(settings, layout, self._rebirths)
        self._nodes: dict[Place, Node] = {}
        self._strangers: dict[Place, None] = {}
        self._held_bytes = 0
        self._received = 0

    @property
    def wanting(self) -> dict[Place, str]:
        """The nodes that should be born again, each with the reason."""
        return self._rebirths.wanted

    def receive(
        self, topic: bytes, payload: bytes, now: Instant, *, retained: bool = False
    ) -> list[Effect]:
        """Take one message; whatever is in it, nothing is raised."""
        out: list[Effect] = []
        self._received += 1
        number = self._received
        try:
            address = read_topic(topic)
        except Bad as bad:
            return [Turned(number, refusal(topic, payload, now, [bad], retained=retained))]
        if retained:
            why = Bad(Reason.MALFORMED, "retained, as no message of a node may be: nothing new")
            return [Turned(number, refusal(topic, payload, now, [why], retained=True))]
        if address.verb in {Verb.NCMD, Verb.DCMD}:
            return [Ignored(number, "a command to a node")]
        try:
            message = self._read(payload)
        except Bad as bad:
            out.append(Turned(number, refusal(topic, payload, now, [bad])))
            if address.place.of_node in self._nodes:
                self._rebirths.ask(address.place.of_node, "it sent what cannot be read")
        else:
            held = Held(number, address, topic, payload, message.seq, message.at, now)
            self._sort(address, held, message, out)
        self._command(now, out)
        return out

    def tick(self, now: Instant) -> list[Effect]:
        """Do what has become due: messages that waited long enough, and requests."""
        out: list[Effect] = []
        for node in self._nodes.values():
            if node.deadline is not None:
                node.deadline = min(node.deadline, now + self._patience)
                if node.deadline <= now:
                    self._give_up(node, out)
            if node.awaited:
                for place, until in list(node.awaited.items()):
                    if not now < until <= now + self._patience:
                        why = "its node was born again without it"
                        self._account.offline(node, place, now, why, out)
            if node.doubt_until is not None and node.doubt_until <= now:
                self._end(node, now, "it died, and does not answer", out)
            if node.phase is Phase.SUSPECT and not self._just_died(node, now):
                self._rebirths.ask(node.place, "it was born just as it died")
        self._command(now, out)
        return out

    def lost(self, now: Instant, why: str) -> list[Effect]:
        """Take note that our own connection is gone: nothing known of any node holds any more."""
        out: list[Effect] = []
        for node in self._nodes.values():
            self._give_up(node, out)
            self._account.all_offline(node, now, why, out)
            self._begin_anew(node)
        for place in [place for place, node in self._nodes.items() if not node.gone]:
            del self._nodes[place]
            self._strangers.pop(place, None)
        self._rebirths.clear()
        return out

    def present(self) -> dict[str, list[str]]:
        """List the devices of each node that are there, or went with it, by names."""
        return {
            f"{node.place.group}/{node.place.node}": names
            for node in self._nodes.values()
            if (names := [place.device for place in (*node.online, *node.gone) if place.device])
        }

    def recall(self, present: Mapping[str, Iterable[str]], now: Instant) -> list[Effect]:
        """Take up what `present` once gave: those are not there until they are born again."""
        out: list[Effect] = []
        for name, devices in present.items():
            group, _, node_name = name.partition("/")
            node = self._node(Place(group, node_name))
            if node is not None:
                for place in (Place(group, node_name, device) for device in devices):
                    self._node(place)
                    node.online[place] = None
                self._account.all_offline(node, now, "nobody listened to it", out)
        return out

    def _read(self, payload: bytes) -> Message:
        settings = self._settings
        return read_payload(payload, longest=settings.max_payload, most=settings.max_metrics)

    def _sort(self, address: Address, held: Held, message: Message, out: list[Effect]) -> None:
        place = address.place.of_node
        if address.verb is Verb.NDEATH:
            self._death(self._nodes.get(place), held, message, out)
            return
        node = self._node(address.place)
        if node is None:
            detail = f"more than {self._settings.max_nodes:,} nodes; {place} is not followed"
            self._refuse(held, Bad(Reason.UNKNOWN_ASSET, detail), out)
            return
        if node.doubted is not None and not 0 <= held.arrived - node.doubted <= self._patience:
            node.believe()
        if address.verb is Verb.NBIRTH:
            self._birth(node, held, message, out)
        else:
            self._ordered(node, held, message, out)

    def _node(self, place: Place) -> Node | None:
        """Find a node, or make room for it: those of the plant push out strangers."""
        node = self._nodes.get(place.of_node)
        ours = self._layout.knows(self._layout.asset(place))
        if node is None:
            if len(self._nodes) >= self._settings.max_nodes:
                oldest = next(iter(self._strangers), None)
                if oldest is None:
                    return None
                del self._strangers[oldest]
                self._drop(self._nodes.pop(oldest))
            node = self._nodes[place.of_node] = Node(place.of_node)
            self._strangers[place.of_node] = None
        if ours:
            self._strangers.pop(place.of_node, None)
        return node

    def _drop(self, node: Node) -> None:
        self._let_go(node)
        self._account.forget(node)
        self._rebirths.born(node.place)

    def _death(self, node: Node | None, held: Held, message: Message, out: list[Effect]) -> None:
        if node is None or node.phase is Phase.DEAD:
            out.append(Ignored(held.number, "a death certificate of a node that is not there"))
            return
        if node.bdseq is not None and message.bdseq != node.bdseq:
            if message.bdseq is None:
                self._refuse(held, Bad(Reason.MALFORMED, "a death certificate without bdSeq"), out)
            else:
                self._doubt(node, held, message.bdseq)
                why = f"the death {message.bdseq}, and its birth was {node.bdseq}"
                out.append(Ignored(held.number, why))
            return
        self._end(node, held.arrived, "it died", out)
        node.bdseq = message.bdseq
        out.append(Ignored(held.number, "a death certificate"))

    def _end(self, node: Node, at: Instant, why: str, out: list[Effect]) -> None:
        self._give_up(node, out)
        self._account.all_offline(node, at, why, out)
        node.phase, node.died = Phase.DEAD, at
        node.believe()
        self._rebirths.born(node.place)

    def _doubt(self, node: Node, held: Held, number: int) -> None:
        """Note a death of another session: an old one is late, or the node counts wrongly.

        One that is ahead of the birth cannot be late: a birth was lost, and what followed it has
        ended. Otherwise a node is only doubted where it may be asked, and does not answer.
        """
        ahead = 0 < (number - (node.bdseq or 0)) % _ALL_DEATHS < _ALL_DEATHS // 2
        if node.doubted is None and (ahead or self._settings.rebirth.allowed):
            node.doubted = held.arrived
            node.doubt_until = held.arrived + _DOUBT if ahead else None
            self._rebirths.ask(node.place, "a death of another session came")

    def _birth(self, node: Node, held: Held, message: Message, out: list[Effect]) -> None:
        young = [
            each
            for each in node.held
            if held.arrived - each.arrived <= self._patience and _of_birth(each, held)
        ]
        self._give_up(node, out, [each for each in node.held if each not in young])
        number, now = message.bdseq, held.arrived
        again = node.phase in {Phase.DEAD, Phase.SUSPECT} and number is not None
        suspect = again and number == node.bdseq and self._just_died(node, now)
        self._account.forget(node)
        node.sequence.start(held.seq)
        node.bdseq = number
        if not self._account.birth(node, held, message, out):
            node.phase = Phase.UNBORN
            return
        node.phase = Phase.SUSPECT if suspect else Phase.ALIVE
        if not suspect:
            self._rebirths.born(node.place)
            self._account.online(node, node.place, now, out)
        self._account.values(node, held, message, out, past=suspect)
        for each in young:
            self._hold(node, each)
        self._drain(node, out)

    def _ordered(self, node: Node, held: Held, message: Message, out: list[Effect]) -> None:
        now = held.arrived
        if node.phase in {Phase.DEAD, Phase.SUSPECT}:
            if self._just_died(node, now):  # still on its way when the node died
                node.sequence.take(held.seq)
                self._account.take(node, held, message, out, past=True)
                return
            self._revive(node, now, out)
        order = node.sequence.judge(held.seq)
        if node.phase is Phase.NEW or order is Order.AHEAD:
            self._hold(node, held)
            crowded = len(node.held) > _MOST_HELD or self._held_bytes > _MOST_HELD_BYTES
            if crowded or not self._patience:
                self._give_up(node, out)
        elif order is Order.LATE and held.seq is not None:
            node.sequence.found(held.seq)
            out.append(Lost(node.place, -1))
            self._account.take(node, held, message, out, past=True)
        else:
            node.sequence.take(held.seq)
            self._account.take(node, held, message, out)
            self._drain(node, out)

    def _revive(self, node: Node, now: Instant, out: list[Effect]) -> None:
        """Believe a node that speaks long after its death: it lives."""
        if node.phase is Phase.SUSPECT:
            node.phase = Phase.ALIVE
            for place in node.places:
                self._account.online(node, place, now, out)
            self._rebirths.born(node.place)
        else:
            self._begin_anew(node)

    def _begin_anew(self, node: Node) -> None:
        self._account.forget(node)
        node.phase, node.bdseq = Phase.NEW, None
        node.sequence.start(None)

    def _just_died(self, node: Node, now: Instant) -> bool:
        return 0 <= now - node.died <= self._patience

    def _hold(self, node: Node, held: Held) -> None:
        node.held.append(held)
        self._held_bytes += len(held.payload) + _HELD_OVERHEAD
        if node.deadline is None:
            node.deadline = held.arrived + self._patience

    def _let_go(self, node: Node) -> list[Held]:
        held, node.held, node.deadline = node.held, [], None
        self._held_bytes -= sum(len(each.payload) + _HELD_OVERHEAD for each in held)
        return held

    def _drain(self, node: Node, out: list[Effect]) -> None:
        """Take what waited and is next now; with the last of it the timer stops."""
        while node.held:
            ready = [each for each in node.held if node.sequence.judge(each.seq) is Order.NEXT]
            if not ready:
                return
            for each in ready[:1]:
                node.held.remove(each)
                self._held_bytes -= len(each.payload) + _HELD_OVERHEAD
                self._take_held(node, each, out)
        node.deadline = None

    def _give_up(self, node: Node, out: list[Effect], some: Iterable[Held] | None = None) -> None:
        """Take what waits, in order, whatever is missing between."""
        every = self._let_go(node)
        held = every if some is None else list(some)
        if not held:
            return
        if node.phase is Phase.NEW:
            node.phase = Phase.UNBORN
            self._rebirths.ask(node.place, "data came without a birth")
        held.sort(key=lambda each: node.sequence.ahead(each.seq))
        for each in held:
            self._take_held(node, each, out)

    def _take_held(self, node: Node, held: Held, out: list[Effect]) -> None:
        passed = node.sequence.take(held.seq)
        if passed:
            out.append(Lost(node.place, passed))
            self._rebirths.ask(node.place, f"{passed} of its messages did not come")
        self._account.take(node, held, self._read(held.payload), out)

    @staticmethod
    def _refuse(held: Held, bad: Bad, out: list[Effect]) -> None:
        rejection = refusal(held.topic, held.payload, held.arrived, [bad])
        out.append(Turned(held.number, rejection))

    def _command(self, now: Instant, out: list[Effect]) -> None:
        for place in self._rebirths.release(now, self._strangers):
            node = self._nodes.get(place)
            if node is not None and node.doubted is not None and node.doubt_until is None:
                node.doubt_until = now + _DOUBT
            out.append(Publish(command_topic(place), write_command(REBIRTH, now)))


def _of_birth(held: Held, birth: Held) -> bool:
    """Tell whether a message that waits was sent after a birth that came after it."""
    if held.sent is not None and birth.sent is not None and held.sent != birth.sent:
        return held.sent > birth.sent
    return (
        held.seq is not None
        and birth.seq is not None
        and (0 < (held.seq - birth.seq) % 256 <= _MOST_HELD)
    )
