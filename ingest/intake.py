"""From received messages to durable entries: decode, append, and only then may they be acked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from core.blocks import Block
from core.clock import Clock, Instant
from core.errors import Refused
from core.journal import Draft, Journal, Link, LinkChanged, draft
from core.ledger import NOTHING, Account, Fate
from core.rejection import Reason, Rejection
from ingest import metrics
from ingest.decode import Batch, Decoder, account, told
from ingest.outage import Outage
from ingest.packets import RETAINED, Packet
from ingest.sources import PLAIN
from ingest.topics import shown
from storage.dead_letters import told as messages_of

_log = structlog.get_logger("ingest")


@dataclass(slots=True)
class Counts:
    """How many messages came in and what became of them, since the start."""

    received: int = 0
    accepted: int = 0
    acknowledged: int = 0
    rejected: Counter[str] = field(default_factory=Counter)


class Intake:
    """Puts batches of messages into the journal, one transaction each.

    `trusted` tells whether our own clock can be believed; `keep` is given the raw blocks of what is
    durable, and `see` what was refused. Owned by one thread.
    """

    def __init__(
        self,
        decoder: Decoder,
        journal: Journal,
        clock: Clock,
        trusted: Callable[[], bool],
        keep: Callable[[Sequence[Block]], None] = lambda _: None,
        see: Callable[[Sequence[Rejection], Instant], None] = lambda _, __: None,
    ) -> None:
        self._decoder = decoder
        self._journal = journal
        self._clock = clock
        self._trusted = trusted
        self._keep = keep
        self._see = see
        self._links: list[Draft] = []
        self.counts = Counts()
        self.outage = Outage("journal")

    def tell(self, change: LinkChanged) -> None:
        """Note a change of the link; it goes into the journal with what comes next."""
        if change.link is Link.CONNECTED:
            self._decoder.reconnected()
        self._links.append(draft(self._clock(), change))

    @property
    def told(self) -> bool:
        """Whether the journal has every change of the link."""
        return not self._links

    def judge(self, packets: Sequence[Packet]) -> Batch:
        """Decode a batch. Whatever is in it, every message gets its verdict."""
        arrived, trusted = self._clock(), self._trusted()
        try:
            return self._decoder.decode(packets, arrived, trusted=trusted)
        except Exception:
            _log.exception("batch_not_decoded", messages=len(packets))
        return self._one_by_one(packets, arrived, trusted=trusted)

    def append(
        self, batch: Batch | None, patience: Callable[[float], bool], messages: int | None = None
    ) -> bool:
        """Make a batch durable, trying until it is; false when `patience` ended before.

        `messages` is how many it was made of; what the batch does not account for is then missing
        in the ledger. `patience` waits so many seconds and tells whether to go on. `Refused`
        where the journal is damaged.
        """
        drafts = [] if batch is None else self._drafts(batch)
        rejections = () if batch is None else batch.rejections
        counts = NOTHING if batch is None else _received(batch.account, messages)
        while True:
            links = list(self._links)
            if not (drafts or links or rejections or counts):
                return True
            try:
                self._journal.append([*links, *drafts], rejections, counts)
            except Refused:
                raise
            except Exception as error:  # a bug in a store must not lose what it should keep
                if not patience(self.outage.failed(error)):
                    return False
                continue
            del self._links[: len(links)]
            self.outage.worked()
            if batch is not None:
                self._count(batch)
                if batch.raw:
                    self._keep(batch.raw)
                if batch.rejections:
                    self._see(batch.rejections, batch.arrived)
            return True

    def flush(self) -> None:
        """Write changes of the link that nothing has carried yet; a failure is for later."""
        if self._links:
            self.append(None, lambda _: False)

    def received(self, count: int) -> None:
        """Count messages as they come in."""
        self.counts.received += count
        metrics.RECEIVED.inc(count)

    def acknowledged(self, count: int) -> None:
        """Count messages that were acknowledged."""
        self.counts.acknowledged += count
        metrics.ACKNOWLEDGED.inc(count)

    def _drafts(self, batch: Batch) -> list[Draft]:
        at = batch.arrived
        drafts = [draft(at, block) for block in batch.readings]
        if batch.seen:
            drafts.append(draft(at, batch.seen))
        return drafts + [draft(at, change) for change in batch.devices]

    def _count(self, batch: Batch) -> None:
        self.counts.accepted += batch.accepted
        metrics.ACCEPTED.inc(batch.accepted)
        refused = {str(why): count for why, count in messages_of(batch.rejections).items()}
        self.counts.rejected.update(refused)
        for reason, count in refused.items():
            metrics.REJECTED.labels(reason).inc(count)

    def _one_by_one(self, packets: Sequence[Packet], arrived: Instant, *, trusted: bool) -> Batch:
        """Decode each message alone, setting aside those on which the decoder itself fails."""
        batches, failed = [], []
        for packet in packets:
            try:
                batches.append(self._decoder.decode([packet], arrived, trusted=trusted))
            except Exception as error:
                detail = f"the decoder failed on it: {type(error).__name__}"
                topic, payload, head, _ = packet
                said = shown(topic), Reason.MALFORMED, payload, arrived, detail
                retained = bool(head & RETAINED)
                failed.append(Rejection(*said, retained, PLAIN, 1))
        seen = Counter((entry.topic, entry.reason) for entry in failed)
        return Batch(
            tuple(block for batch in batches for block in batch.readings),
            (*(entry for batch in batches for entry in batch.rejections), *failed),
            (*(entry for batch in batches for entry in batch.seen), *told(seen)),
            arrived,
            tuple(change for batch in batches for change in batch.devices),
            _added([*(batch.account for batch in batches), account((), failed)]),
            tuple(kept for batch in batches for kept in batch.raw),
        )


def _received(account: Account, messages: int | None) -> Account:
    """Count as received, and as nothing else, what a batch does not say of its messages."""
    said = sum(count for (_, fate, _), count in account.items() if fate is Fate.RECEIVED)
    if messages is None or messages == said:
        return account
    return _added([account, {(PLAIN, Fate.RECEIVED, ""): messages - said}])


def _added(accounts: Sequence[Account]) -> Account:
    total: Counter[tuple[str, Fate, str]] = Counter()
    for each in accounts:
        total.update(each)
    return total
