"""Outages: the link, the session, standing faults of the service, and messages refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import msgspec
import numpy as np

from core.clock import HOUR, MINUTE, Instant, Span
from core.journal import SERVE, Link, LinkChanged, RejectionsSeen, Tick
from core.plant import SERVICE_ASSET, Plant, Severity
from core.readings import Instants
from core.rejection import Reason
from service.finding import CENTRE, DATA, HISTORY, LINK, NOTE, SESSION, Finding
from service.lengths import length

DOWN_AFTER = MINUTE
SESSION_LASTS = 10 * MINUTE
REFUSED_WITHIN = HOUR
CLOCK_REFUSALS = 10
REFUSALS = 20
_OF_TIME = frozenset({Reason.BAD_TIME, Reason.TOO_EARLY, Reason.TOO_OLD, Reason.SKIPPED_HOUR})
_SESSION = {
    Link.SESSION_LOST: (
        "The broker forgot our session",
        "What it had taken for us and not yet delivered is lost; see the gaps in the readings.",
    ),
    Link.TAKEN_OVER: (
        "Another client took our place at the broker",
        "A client with the same client id connected. Only one Millwright may use an id.",
    ),
}


_OVER = {HISTORY: "everything that waited is stored"}


class _Memory(msgspec.Struct):
    """What lasts over a restart. `lasting` holds the time until a passing trouble is over."""

    last_tick: Instant | None = None
    down: Span = 0
    link_down: bool = False
    centre_away: bool = False
    detail: str = ""
    notes: dict[str, str] = {}
    lasting: dict[str, Span] = {}
    refused: dict[str, tuple[Instant, int]] = {}


_decoder = msgspec.json.Decoder(_Memory)


@dataclass(frozen=True, slots=True)
class _Trouble:
    asset: str
    group: str
    rule: str

    @property
    def parts(self) -> tuple[str, str, str]:
        return self.asset, self.group, self.rule

    @property
    def key(self) -> str:
        return "\n".join((self.asset, self.group, self.rule))

    @classmethod
    def of(cls, key: str) -> _Trouble:
        return cls(*key.split("\n"))

    def over(self, at: Instant, why: str) -> Finding:
        return Finding(self.asset, self.group, self.rule, False, at, why=why)


class Outages:
    """Folds ticks, changes of the link and counts of refusals into findings."""

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self._memory = _Memory()

    def tick(self, at: Instant, tick: Tick) -> tuple[Span, list[Finding]]:
        """Let time pass; returns how much of it, at most three intervals, and what changed."""
        last = at if self._memory.last_tick is None else self._memory.last_tick
        self._memory.last_tick = at
        passed = min(max(at - last, 0), 3 * self._plant.tick_every)
        notes = dict(tick.notes)
        if tick.source == SERVE:  # what ingest said last stands until it says otherwise
            notes = {**self._memory.notes, **notes}
            findings = []
        else:
            findings = self._link(at, tick.connected, passed)
        findings += self._notes(at, notes)
        findings += self._over(at, passed)
        return passed, findings

    @property
    def calm(self) -> bool:
        """Whether nothing is amiss that ticks would have to follow."""
        memory = self._memory
        return not (memory.lasting or memory.notes or memory.link_down)

    def pass_by(self, ticks: Instants) -> Instants:
        """Let connected ticks pass while all is calm; returns how much time each is."""
        if not len(ticks):
            return ticks
        last = int(ticks[0]) if self._memory.last_tick is None else self._memory.last_tick
        self._memory.last_tick, self._memory.down = int(ticks[-1]), 0
        passed: Instants = np.clip(np.diff(ticks, prepend=last), 0, 3 * self._plant.tick_every)
        return passed

    def changed(self, at: Instant, change: LinkChanged) -> list[Finding]:
        """Note what happened on the connection."""
        if change.link is Link.DISCONNECTED:
            self._memory.detail = change.detail
        if change.link in {Link.CENTRE_AWAY, Link.CENTRE_BACK}:
            return self._centre(at, change)
        if change.link not in _SESSION:
            return []
        rule = change.link.name.lower().replace("_", " ")
        title, words = _SESSION[change.link]
        summary = f"{words} {change.detail}".strip()
        trouble = _Trouble(SERVICE_ASSET, SESSION, rule)
        found = self._passing(trouble, at, SESSION_LASTS, title, summary, Severity.WARNING)
        why = f"{title}: {change.detail}" if change.detail else title
        return [replace(found, why=why, passing=change.link is Link.SESSION_LOST)]

    def _centre(self, at: Instant, change: LinkChanged) -> list[Finding]:
        away, stood = change.link is Link.CENTRE_AWAY, self._memory.centre_away
        trouble = _Trouble(SERVICE_ASSET, CENTRE, "centre away")
        self._memory.centre_away = away
        if not away:
            why = f"the centre can be reached again; {change.detail}".removesuffix("; ")
            return [trouble.over(at, why)] if stood else []
        title = "The centre cannot be reached"
        summary = f"{change.detail}. What waits goes on once the link is back."
        level = Severity.INFO
        return [
            Finding(*trouble.parts, True, at, level, title=title, summary=summary, renewed=stood)
        ]

    def refused(self, at: Instant, seen: Iterable[RejectionsSeen]) -> list[Finding]:
        """Count refused messages; many within an hour are a case about that asset's data."""
        findings = []
        for refusal in seen:
            known = refusal.asset in self._plant.assets
            asset = refusal.asset if known else SERVICE_ASSET
            of_time = refusal.reason in _OF_TIME
            trouble = _Trouble(asset, DATA, "clock" if of_time else f"refused: {refusal.reason}")
            count = self._count(trouble.key, at, refusal.count)
            if trouble.key in self._memory.lasting:
                self._memory.lasting[trouble.key] = REFUSED_WITHIN
            elif count >= (CLOCK_REFUSALS if of_time else REFUSALS):
                title, summary = self._of_refusals(refusal, count, of_time=of_time)
                level = Severity.WARNING if known else Severity.INFO
                passing = self._passing(trouble, at, REFUSED_WITHIN, title, summary, level)
                findings.append(passing)
        return findings

    def stepped(self, asset: str, at: Instant) -> Finding:
        """Note that a clock had stood in the future and came back."""
        if asset == SERVICE_ASSET:
            title = "The clock of this box stepped back"
            summary = "Readings are judged by the times they carry, as they come."
            trouble = _Trouble(asset, f"{NOTE}clock", "clock")
            return self._passing(trouble, at, REFUSED_WITHIN, title, summary, Severity.INFO)
        title = f"The clock of {self._label(asset)} jumped"
        summary = "Its readings were stamped with a time in the future, and then no longer."
        trouble = _Trouble(asset, DATA, "clock")
        return self._passing(trouble, at, REFUSED_WITHIN, title, summary, Severity.WARNING)

    def unreadable(self, at: Instant, detail: str) -> Finding:
        """Note that an entry of the journal could not be read."""
        trouble = _Trouble(SERVICE_ASSET, f"{NOTE}journal", "unreadable entry")
        title = "An entry of the journal cannot be judged"
        summary = f"It was left out of the judgement. Entry {detail}"
        return self._passing(trouble, at, REFUSED_WITHIN, title, summary, Severity.WARNING)

    def standing(self) -> set[tuple[str, str, str]]:
        """List the troubles that stand now, as asset, group and rule."""
        now = {tuple(key.split("\n")) for key in self._memory.lasting}
        now |= {(SERVICE_ASSET, NOTE + code, code) for code in self._memory.notes}
        if self._memory.centre_away:
            now.add((SERVICE_ASSET, CENTRE, "centre away"))
        if self._memory.link_down:
            now.add((SERVICE_ASSET, LINK, "link down"))
        return {(asset, group, rule) for asset, group, rule in now}

    def save(self) -> bytes:
        """Return what a restart needs."""
        return msgspec.json.encode(self._memory)

    def restore(self, body: bytes) -> None:
        """Take over what `save` gave."""
        self._memory = _decoder.decode(body)

    def _link(self, at: Instant, connected: bool, passed: Span) -> list[Finding]:
        memory = self._memory
        trouble = _Trouble(SERVICE_ASSET, LINK, "link down")
        if connected:
            memory.down = 0
            if not memory.link_down:
                return []
            memory.link_down = False
            return [trouble.over(at, "the connection to the broker is back")]
        memory.down += passed
        if memory.link_down or memory.down <= DOWN_AFTER:
            return []
        memory.link_down = True
        words = f"No connection to the broker for {length(memory.down)}. {memory.detail}".strip()
        return [
            Finding(
                SERVICE_ASSET, LINK, trouble.rule, True, at, title="No connection to the broker",
                summary=f"{words} No machine can be judged until it is back.",
            )
        ]  # fmt: skip

    def _notes(self, at: Instant, notes: dict[str, str]) -> list[Finding]:
        before, self._memory.notes = self._memory.notes, notes
        begun = [
            Finding(
                SERVICE_ASSET,
                NOTE + code,
                code,
                True,
                at,
                title=_sentence(code),
                summary=_sentence(words),
                renewed=code in before,
            )
            for code, words in notes.items()
            if before.get(code) != words
        ]
        ended = [
            _Trouble(SERVICE_ASSET, NOTE + code, code).over(
                at, _OVER.get(NOTE + code, "no longer reported")
            )
            for code in before
            if code not in notes
        ]
        return begun + ended

    def _over(self, at: Instant, passed: Span) -> list[Finding]:
        ended = []
        for key, left in list(self._memory.lasting.items()):
            self._memory.lasting[key] = left - passed
            if left <= passed:
                del self._memory.lasting[key]
                ended.append(_Trouble.of(key).over(at, "it has not happened again"))
        return ended

    def _passing(
        self, trouble: _Trouble, at: Instant, lasts: Span, title: str, summary: str, level: Severity
    ) -> Finding:
        self._memory.lasting[trouble.key] = lasts
        return Finding(trouble.asset, trouble.group, trouble.rule, True, at, level, title, summary)

    def _count(self, key: str, at: Instant, more: int) -> int:
        begun, count = self._memory.refused.get(key, (at, 0))
        if not 0 <= at - begun < REFUSED_WITHIN:
            begun, count = at, 0
        self._memory.refused[key] = (begun, count + more)
        return count + more

    def _of_refusals(
        self, refusal: RejectionsSeen, count: int, *, of_time: bool
    ) -> tuple[str, str]:
        said = f"{count} messages within an hour were refused: {refusal.reason}."
        label = self._label(refusal.asset)
        if of_time:
            return f"The clock of {label} cannot be trusted", said
        if refusal.asset in self._plant.assets:
            return f"Messages of {label} are refused", said
        return "Messages of unknown origin are refused", f"{said} The last came as {label}."

    def _label(self, asset: str) -> str:
        found = self._plant.assets.get(asset)
        return asset if found is None else found.label


def _sentence(words: str | Sequence[str]) -> str:
    text = str(words)
    return text[:1].upper() + text[1:]
