"""What the page shows, laid out before any markup: cases, their evidence, machines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.alert import Alert, AlertState, ChannelEvidence, Transition
from core.casefile import Status
from core.clock import Instant, iso
from core.plant import SERVICE_ASSET, AssetClass, Place, Plant, Severity
from service import explanation
from service.page_words import (
    CHANGES,
    KINDS,
    SEVERITIES,
    STATES,
    ago,
    blind,
    heading,
    judged_elsewhere,
    judgement,
    kind_of,
    life_left,
    mode,
    place,
    quality,
    reason,
)
from service.words import (
    Description,
    band,
    basis_apart,
    describe,
    local_time,
    measured,
    timezone_of,
    usual,
)

SERVICE_LABEL = "Millwright"
GAUGE = 100.0
"""Width of the little scale that shows a measured value against its band."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A time as the site's people say it, as machines read it, and how long ago it was."""

    iso: str
    local: str
    ago: str


@dataclass(frozen=True, slots=True)
class Case:
    """One case as the list shows it."""

    id: str
    version: int
    kind: str
    kind_word: str
    severity: str
    severity_word: str
    state: str
    state_word: str
    heading: str
    asset: str
    label: str
    place: str
    said: Description
    wait: str
    basis: str
    since: Moment
    returned: Moment | None
    ended: Moment | None
    acknowledged_by: str
    held: bool
    can_acknowledge: bool
    can_end: bool
    origin: str


@dataclass(frozen=True, slots=True)
class Gauge:
    """Where band and value lie on a scale of `GAUGE`; an open end of a band reaches the edge."""

    low: float
    width: float
    value: float


@dataclass(frozen=True, slots=True)
class Row:
    """One channel: measured against expected."""

    label: str
    measured: str
    expected: str
    share: int
    outside: bool
    gauge: Gauge | None
    usual: str = ""
    course: str = ""
    since: Moment | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step in a case's history."""

    at: Moment
    what: str
    by: str
    why: str
    state: str


@dataclass(frozen=True, slots=True)
class Machine:
    """One asset as the list of machines shows it."""

    id: str
    label: str
    place: str
    title: str
    seen: Moment | None
    old: bool
    mode: str
    judgement: str
    blind: bool
    quality: str
    health: int | None
    life: str
    unseen: str
    cases: tuple[Case, ...]

    @property
    def abnormal(self) -> bool:
        """Whether anything about it needs a look."""
        return self.blind or self.old or bool(self.cases)


def moment(at: Instant | None, zone: str, now: Instant) -> Moment | None:
    """Lay out a time; None stays None."""
    return None if at is None else moment_of(at, zone, now)


def moment_of(at: Instant, zone: str, now: Instant) -> Moment:
    """Lay out a time that there is."""
    return Moment(iso(at), local_time(at, zone), ago(now - at))


def case(alert: Alert, plant: Plant, now: Instant) -> Case:
    """Lay out a case."""
    zone = timezone_of(alert.asset, plant)
    asset = plant.assets.get(alert.asset)
    label = asset.label if asset is not None else _stranger(alert.asset)
    kind, said = kind_of(alert), describe(alert, plant, now)
    wait, basis = basis_apart(said.wait)
    return Case(
        id=alert.id,
        version=alert.version,
        kind=kind,
        kind_word=KINDS[kind],
        severity=alert.severity.value,
        severity_word=SEVERITIES[alert.severity],
        state=alert.state.value,
        state_word=STATES[alert.state],
        heading=heading(alert, label),
        asset=alert.asset,
        label=label,
        place=place(alert.asset, plant),
        said=said,
        wait=wait,
        basis=basis,
        since=moment_of(alert.opened_at, zone, now),
        returned=moment(alert.returned_at, zone, now),
        ended=moment(alert.ended_at, zone, now),
        acknowledged_by=alert.acknowledged_by,
        held=alert.held,
        can_acknowledge=alert.state is AlertState.UNACKNOWLEDGED,
        can_end=alert.state is AlertState.RETURNED,
        origin=alert.origin,
    )


def urgency(alert: Alert, rank: int = 0) -> tuple[bool, int, bool, bool, int, int]:
    """Order open cases: not acknowledged first, by severity, standing ones, machines.

    Then by `rank`, that of what waiting costs; then newest first.
    """
    calm, aside = alert.state is AlertState.ACKNOWLEDGED, kind_of(alert) != "machine"
    severe, gone = -alert.severity.rank, not alert.state.is_active
    return calm, severe, gone, aside, rank, -alert.opened_at


def rows(alert: Alert, zone: str, now: Instant) -> tuple[Row, ...]:
    """Lay out the evidence, one row per channel."""
    return tuple(_row(channel, zone, now) for channel in alert.evidence.channels)


def _row(channel: ChannelEvidence, zone: str, now: Instant) -> Row:
    return Row(
        label=channel.label,
        measured=measured(channel),
        expected=band(channel) or "no band of its own",
        share=round(100 * channel.share),
        outside=channel.outside,
        gauge=gauge(channel.value, channel.low, channel.high),
        usual=usual(channel),
        course=explanation.course(channel),
        since=moment(channel.since if channel.kind else None, zone, now),
    )


def gauge(value: float | None, low: float | None, high: float | None) -> Gauge | None:
    """Place a value and its band on a scale that holds both; None where there is no band."""
    ends = [end for end in (low, high) if end is not None]
    if value is None or not ends:
        return None
    known = [value, *ends]
    if len(ends) == 1:
        # the open side is drawn as wide as the value lies from the end that there is
        spread = abs(value - ends[0])
        known.append(ends[0] - spread if low is None else ends[0] + spread)
    least, most = min(known), max(known)
    room = 0.12 * (most - least) or abs(value) * 0.1 or 1.0
    scale = GAUGE / (most - least + 2 * room)

    def spot(at: float) -> float:
        return round((at - least + room) * scale, 1)

    begin = 0.0 if low is None else spot(low)
    end = GAUGE if high is None else spot(high)
    return Gauge(begin, round(end - begin, 1), spot(value))


def steps(history: Iterable[Transition], label: str, zone: str, now: Instant) -> tuple[Step, ...]:
    """Lay out the history of a case of the machine with this label, newest first."""
    laid = [
        Step(
            moment_of(step.at, zone, now),
            CHANGES[step.change],
            step.by,
            reason(step, label),
            STATES[step.after],
        )
        for step in history
    ]
    return tuple(reversed(laid))


def machines(
    plant: Plant, statuses: Iterable[Status], cases: Iterable[Case], now: Instant
) -> list[Machine]:
    """Lay out every asset, in the order of site, area and name."""
    known = {status.asset: status for status in statuses}
    open_cases: dict[str, list[Case]] = {}
    for one in cases:
        open_cases.setdefault(one.asset, []).append(one)
    return [
        _machine(asset_id, plant, known.get(asset_id), tuple(open_cases.get(asset_id, ())), now)
        for asset_id in sorted(plant.assets)
    ]


def _machine(
    asset_id: str, plant: Plant, status: Status | None, cases: tuple[Case, ...], now: Instant
) -> Machine:
    asset, asset_class = plant.assets[asset_id], plant.class_of(asset_id)
    here, where = plant.judges(asset_id), asset.judged_at
    if not here and where is Place.CENTRE:
        status = None  # what it was while it was judged here says nothing now
    said = judgement(status) if here else judged_elsewhere(status, where)
    seen = None if status is None else status.at
    health = None if status is None else status.health
    quiet = status is not None and status.quiet
    old = seen is not None and not quiet and now - seen > asset_class.silent_after
    return Machine(
        id=asset_id,
        label=asset.label,
        place=place(asset_id, plant),
        title=asset_class.title or asset_class.name.replace("_", " "),
        seen=moment(seen, timezone_of(asset_id, plant), now),
        old=old,
        mode=mode(status, old=old),
        judgement="" if here and _told(status, cases) else said,
        blind=blind(status) and (here or status is not None),
        quality=quality(status),
        health=None if health is None else round(100 * min(1.0, max(0.0, health))),
        life=life_left(None if status is None else status.life, asset_class, plant, now)
        if here or status is not None
        else "Said where it is judged",
        unseen="none yet" if here else "not followed here",
        cases=cases,
    )


def _told(status: Status | None, cases: Iterable[Case]) -> bool:
    """Tell whether a machine's cases say already how it is judged."""
    kinds = {one.kind for one in cases}
    return "data" in kinds or bool(kinds and status and status.judged and not status.why)


def failure_modes(asset_class: AssetClass | None) -> list[tuple[str, str]]:
    """List what a person may have found, as name and title."""
    if asset_class is None:
        return []
    return [(mode.name, mode.title or mode.name) for mode in asset_class.failure_modes]


@dataclass(frozen=True, slots=True)
class Totals:
    """How many there are, for the line at the top."""

    open: int
    unseen: int
    critical: int
    machines: int
    blind: int


def totals(alerts: Iterable[Alert], lines: Iterable[Machine]) -> Totals:
    """Count cases and machines."""
    cases, assets = list(alerts), list(lines)
    return Totals(
        open=len(cases),
        unseen=sum(alert.state is not AlertState.ACKNOWLEDGED for alert in cases),
        critical=sum(alert.severity is Severity.CRITICAL for alert in cases),
        machines=len(assets),
        blind=sum(line.blind for line in assets),
    )


def _stranger(asset_id: str) -> str:
    name, _, site = asset_id.partition("@")
    if name != SERVICE_ASSET:
        return asset_id
    return f"{SERVICE_LABEL} at {site}" if site else SERVICE_LABEL
