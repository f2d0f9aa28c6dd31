"""Tries refused messages again, after what refused them was mended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from core.clock import Clock, Span
from core.journal import DeadLetters, Draft, Journal, draft
from core.ledger import Fate
from core.plant import Asset, Plant
from core.readings import Readings
from core.rejection import DeadLetter
from ingest.clocks import ClockOffsets
from ingest.inspect import Inspector, Verdict
from ingest.packets import DUPLICATE, RETAINED
from ingest.settings import IngestSettings
from ingest.timing import Arrival

_AT_ONCE = 500
_QOS_1 = 0x32


class JournalWithLetters(Journal, DeadLetters, Protocol):
    """A journal that also keeps the dead letters."""


@dataclass(frozen=True, slots=True)
class _Ready:
    """A letter that can be taken now, and what it becomes; one that was never kept has no id."""

    letter: DeadLetter
    drafts: tuple[Draft, ...]


@dataclass(frozen=True, slots=True)
class Retried:
    """How many letters were taken, refused again, or not kept whole and so not tried."""

    taken: int = 0
    refused: int = 0
    partial: int = 0


def retry(
    letters: Sequence[DeadLetter],
    plant: Plant,
    settings: IngestSettings,
    journal: JournalWithLetters,
    clock: Clock,
    offsets: Mapping[str, Span] | None = None,
) -> Retried:
    """Judge letters anew, oldest first; what is now wholly good goes in and leaves the list.

    A letter is judged as of when it first came, so that waiting does not make it too old; a
    retained one stays that. `offsets` are those that ingest knows of clocks that are corrected.
    One that two try at once is taken once.
    """
    known = dict(offsets or {})
    inspector = Inspector(plant, settings, ClockOffsets(known))
    whole = sorted((letter for letter in letters if letter.whole), key=lambda letter: letter.id)
    taken = 0
    for start in range(0, len(whole), _AT_ONCE):
        some = whole[start : start + _AT_ONCE]
        taken += _retry_some(some, inspector, known, journal, clock)
    return Retried(taken, len(whole) - taken, len(letters) - len(whole))


def _retry_some(
    letters: Sequence[DeadLetter],
    inspector: Inspector,
    known: Mapping[str, Span],
    journal: JournalWithLetters,
    clock: Clock,
) -> int:
    ready: list[_Ready] = []
    now = clock()
    for number, letter in enumerate(letters):
        packet = (letter.topic.encode(), letter.payload, _QOS_1 | letter.retained * RETAINED, 0)
        if (way := inspector.router.way(packet[0])) and isinstance(way, Asset) and way.id in known:
            # so old a message must not teach anything new about a clock
            packet = (*packet[:2], packet[2] | DUPLICATE, 0)
        verdict = inspector.inspect(packet, Arrival(letter.at, number))
        if verdict.taken and verdict.rejection is None:
            drafts = tuple(draft(now, block) for block in _blocks(verdict, inspector, letter))
            ready.append(_Ready(letter, drafts))
    if _take(ready, journal):
        return len(ready)
    return sum(_take([one], journal) for one in ready)  # somebody else tries them too


def _take(ready: Sequence[_Ready], journal: JournalWithLetters) -> bool:
    """Let what letters became take their place, all at once or not at all."""
    no_longer: Counter[tuple[str, Fate, str]] = Counter()
    for one in ready:
        no_longer[one.letter.source, Fate.REJECTED, str(one.letter.reason)] -= _own(one.letter)
    ids = [one.letter.id for one in ready if one.letter.id]
    return journal.take_back(ids, [entry for one in ready for entry in one.drafts], no_longer)


def _own(letter: DeadLetter) -> int:
    """Count a letter's own message; others of a flood that it stands for were not kept."""
    return min(letter.messages, 1)


def _blocks(verdict: Verdict, inspector: Inspector, letter: DeadLetter) -> Iterator[Readings]:
    """Make a block of each reading of a message; the first counts it where nothing else did."""
    messages = _own(letter)
    for past, readings in ((False, verdict.readings), (True, verdict.past)):
        for reading in readings:
            name = inspector.plant.assets[reading.asset].asset_class
            channels = inspector.forms[name].channel_names
            yield Readings.of(
                name,
                channels,
                [reading],
                letter.at,
                retained=past,
                source=letter.source,
                messages=messages,
            )
            messages = 0
