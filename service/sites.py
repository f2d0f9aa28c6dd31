"""Sites that forward to this centre: their cases as they are, and of a silent one a case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import msgspec

from core import site
from core.alert import Alert, AlertState, Change, Transition
from core.casefile import Status
from core.clock import Instant, Span
from core.journal import SiteSaid, SiteTopic
from core.ledger import Line
from core.plant import SERVICE_ASSET, Plant
from service import site_bodies
from service.finding import SITE, Finding
from service.lengths import length

SILENT = "site silent"


@dataclass(frozen=True, slots=True)
class Report:
    """The last state of a site: its ledger, and how much waits there.

    `at` is by its own clock, `heard` by ours.
    """

    at: Instant
    heard: Instant
    waiting: int
    lines: tuple[Line, ...] = ()


class _Memory(msgspec.Struct):
    """What lasts over a restart: how long each site has said nothing, and which are silent."""

    quiet: dict[str, Span] = {}
    silent: list[str] = []
    reports: dict[str, Report] = {}


_decoder = msgspec.json.Decoder(_Memory)


@dataclass(slots=True)
class Heard:
    """What a site told: steps of cases, each with its case, and how its assets stand.

    `open` lists all its open cases, by the ids that they have here; None where it did not say.
    """

    steps: list[tuple[Alert, Transition]] = field(default_factory=list)
    statuses: list[Status] = field(default_factory=list)
    open: frozenset[str] | None = None


class Sites:
    """Takes in what sites tell, of machines that the plant has and that are judged at a site."""

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self._memory = _Memory()

    def hear(self, sender: str, at: Instant) -> list[Finding]:
        """Note that a site was heard; returns whether that ends its silence."""
        self._memory.quiet[sender] = 0
        if sender not in self._memory.silent:
            return []
        self._memory.silent.remove(sender)
        return [Finding(SERVICE_ASSET, SITE + sender, SILENT, False, at, why="it is heard again")]

    def take(self, said: SiteSaid, at: Instant) -> Heard:
        """Read what a site told; ValueError where it cannot be read."""
        heard = Heard()
        try:
            if said.topic is SiteTopic.CASES:
                cases = site.unpack(said.body, site.Cases)
                heard.steps = [
                    step for item in cases.items if (step := self._step(said.sender, *item))
                ]
            else:
                state = site.unpack(said.body, site.State)
                found = [site_bodies.status(body) for body in state.statuses]
                heard.statuses = [one for one in found if self._elsewhere(one.asset)]
                lines = msgspec.convert(state.ledger, tuple[Line, ...])
                report = Report(state.at, at, state.waiting, lines)
                self._memory.reports[said.sender] = report
                if state.open is not None:
                    heard.open = frozenset(f"{said.sender}-{one}" for one in state.open)
        except (msgspec.MsgspecError, ValueError) as error:
            msg = f"what site {said.sender} told cannot be read: {error}"
            raise ValueError(msg) from error
        return heard

    def tick(self, at: Instant, span: Span, *, connected: bool) -> list[Finding]:
        """Let time pass while we could have heard them; returns which fell silent."""
        if not connected:
            return []
        begun = []
        for sender in self._plant.senders:
            quiet = self._memory.quiet.get(sender, 0) + span
            self._memory.quiet[sender] = quiet
            if quiet >= self._plant.silent_sites and sender not in self._memory.silent:
                self._memory.silent.append(sender)
                begun.append(self._silent(sender, at))
        return begun

    def standing(self) -> set[tuple[str, str, str]]:
        """List the sites that are silent, as asset, group and rule."""
        senders = [one for one in self._memory.silent if one in self._plant.senders]
        return {(SERVICE_ASSET, SITE + sender, SILENT) for sender in senders}

    def save(self) -> bytes:
        """Return what a restart needs."""
        return msgspec.json.encode(self._memory)

    def restore(self, body: bytes) -> None:
        """Take over what `save` gave."""
        self._memory = _decoder.decode(body)
        known = self._plant.senders
        self._memory.silent = [one for one in self._memory.silent if one in known]

    def _silent(self, sender: str, at: Instant) -> Finding:
        summary = (
            f"Nothing has come from it for {length(self._plant.silent_sites)}. Its machines are"
            " judged there, and its cases are as they last were. Look at its link and its power."
        )
        title = f"Site {sender} is silent"
        return Finding(SERVICE_ASSET, SITE + sender, SILENT, True, at, title=title, summary=summary)

    def _step(self, sender: str, step: bytes, case: bytes) -> tuple[Alert, Transition] | None:
        alert = site_bodies.alert(case)
        if alert.asset != SERVICE_ASSET and not self._elsewhere(alert.asset):
            return None  # judged here, or unknown here: what is unknown makes no name in a store
        name = f"{sender}-{alert.id}"
        asset = f"{SERVICE_ASSET}@{sender}" if alert.asset == SERVICE_ASSET else alert.asset
        moved = replace(site_bodies.transition(step), alert=name)
        return replace(alert, id=name, asset=asset, origin=sender), moved

    def _elsewhere(self, asset: str) -> bool:
        return asset in self._plant.assets and not self._plant.judges(asset)


def report_of(checkpoint: Mapping[str, bytes], sender: str) -> Report | None:
    """Find a site's last state in what scoring has committed; None where it never sent one."""
    if "sites" not in checkpoint:
        return None
    return _decoder.decode(checkpoint["sites"]).reports.get(sender)


def ended(alert: Alert, at: Instant, why: str) -> tuple[Alert, Transition]:
    """End a site's case of which nothing more will come."""
    over = replace(
        alert,
        state=AlertState.NORMAL,
        active=(),
        changed_at=at,
        ended_at=at,
        version=alert.version + 1,
    )
    before = alert.state
    return over, Transition(
        alert.id, over.version, at, Change.ENDED, before, over.state, "", why, alert.severity
    )
