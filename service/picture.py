"""The picture of a case: what its evidence plot shows, gathered from history and made small."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np

from core.alert import Alert, ChannelEvidence
from core.casefile import CaseFile
from core.clock import DAY, HOUR, SECOND, Instant
from core.history import TelemetryHistory
from core.plant import Plant
from core.readings import Floats, Instants
from service.finding import SENSOR
from service.thinning import SCORE
from service.words import timezone_of

MOST_CHANNELS = 4
MOST_POINTS = 400
MOST_ROWS = 50_000
MOST_LETTERS = 60
LEAST_LEAD, MOST_LEAD = DAY, 7 * DAY
MARGIN = HOUR
_DIRECTIONS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f"


@dataclass(frozen=True, slots=True)
class Band:
    """The lowest and the highest of what each value stands for."""

    low: list[float | None]
    high: list[float | None]


@dataclass(frozen=True, slots=True)
class Panel:
    """One curve over time: seconds since 1970 against values; None breaks the line.

    `low` and `high` bound what was expected; `line` is drawn across, as the alarm line is. `band`
    goes with the values where they are means. Values that are `dates` are in seconds as well, and
    now is drawn among them. `rulers` are drawn across at a value, each with its name.
    """

    title: str
    at: list[float]
    values: list[float | None]
    low: float | None = None
    high: float | None = None
    line: float | None = None
    band: Band | None = None
    dates: bool = False
    rulers: list[tuple[float, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Picture:
    """Panels over one span of time, with moments marked by a word; times are in seconds.

    `note` says below them what they show.
    """

    width: int
    zone: str
    start: float
    stop: float
    panels: list[Panel]
    marks: list[tuple[float, str]]
    note: str = ""

    def encode(self) -> bytes:
        """Write it for the process that draws."""
        return msgspec.msgpack.encode(self)


def decode(text: bytes) -> Picture:
    """Read what `encode` wrote."""
    return msgspec.msgpack.decode(text, type=Picture)


def gather(
    alert: Alert,
    plant: Plant,
    history: TelemetryHistory,
    casefile: CaseFile,
    now: Instant,
    width: int,
) -> Picture | None:
    """Gather what a case's plot shows; None where there is nothing measured to show."""
    channels = _channels(alert, plant)
    if not channels:
        return None
    start, stop = _span(alert, now)
    read = history.read(alert.asset, [one.channel for one in channels], start, stop, MOST_ROWS)
    if len(read) == MOST_ROWS:
        start = int(read.at[0])
    panels = [
        Panel(_title(one), *thin(read.at, read.values[:, k]), low=one.low, high=one.high)
        for k, one in enumerate(channels)
    ]
    name = f"{SCORE}{alert.evidence.detector}"
    scores = casefile.conditions(alert.asset, [name], start, stop)
    if len(scores):
        curve = thin(scores.at, scores.values[:, 0])
        panels.append(Panel("Score; 1 is the alarm line", *curve, line=1.0))
    zone = timezone_of(alert.asset, plant)
    return Picture(width, zone, start / SECOND, stop / SECOND, panels, _marks(alert))


def thin(
    at: Instants, values: Floats, most: int = MOST_POINTS
) -> tuple[list[float], list[float | None]]:
    """Take the lowest and the highest of each of few slices; a gap in time breaks the line.

    Returns seconds and values.
    """
    known = np.isfinite(values)
    at, values = at[known], values[known]
    if len(at) > most:
        keep = _extremes(values, most // 2)
        at, values = at[keep], values[keep]
    seconds: list[float] = []
    curve: list[float | None] = []
    steps = np.diff(at)
    long = 6 * float(np.median(steps)) if len(steps) else 0.0
    for k, (moment, value) in enumerate(zip(at.tolist(), values.tolist(), strict=True)):
        if k and steps[k - 1] > long:
            seconds.append((moment - int(steps[k - 1]) // 2) / SECOND)
            curve.append(None)
        seconds.append(moment / SECOND)
        curve.append(float(f"{value:.6g}"))
    return seconds, curve


def plain(text: str) -> str:
    """Make a label of a text from anywhere: one short line, without what XML or order forbids."""
    kept = "".join(
        one if one.isprintable() or one == "\u200c" else " "
        for one in text
        if one not in _DIRECTIONS
    )
    line = " ".join(kept.split())
    return line if len(line) <= MOST_LETTERS else line[: MOST_LETTERS - 1] + "…"


def _extremes(values: Floats, slices: int) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    edges = np.linspace(0, len(values), slices + 1).astype(np.intp)
    rows: set[int] = set()
    for begin, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        part = values[begin:end]
        rows |= {begin + int(part.argmin()), begin + int(part.argmax())}
    return np.array(sorted(rows), np.intp)


def _channels(alert: Alert, plant: Plant) -> Sequence[ChannelEvidence]:
    if alert.asset not in plant.assets:
        return ()
    if alert.group.startswith(SENSOR):
        name = alert.group.removeprefix(SENSOR)
        if shown := [one for one in alert.evidence.channels if one.channel == name]:
            return shown
        blamed = [one for one in plant.class_of(alert.asset).channels if one.name == name]
        return [ChannelEvidence(c.name, c.label, c.unit, None, None, None, 1.0) for c in blamed]
    known = plant.class_of(alert.asset).channel_names
    return [one for one in alert.evidence.channels if one.channel in known][:MOST_CHANNELS]


def _title(channel: ChannelEvidence) -> str:
    name = plain(channel.label[:1].upper() + channel.label[1:])
    return f"{name} in {plain(channel.unit)}" if channel.unit else name


def _span(alert: Alert, now: Instant) -> tuple[Instant, Instant]:
    """Choose from when to when: the case, what led to it, and a little of what came after."""
    over = alert.ended_at or alert.returned_at
    stop = now if over is None else min(now, over + MARGIN)
    stop = max(stop, alert.opened_at + MARGIN)
    lead = min(MOST_LEAD, max(LEAST_LEAD, stop - alert.opened_at))
    return alert.opened_at - lead, stop


def _marks(alert: Alert) -> list[tuple[float, str]]:
    marks = [(alert.opened_at / SECOND, "opened")]
    if alert.returned_at is not None:
        marks.append((alert.returned_at / SECOND, "returned"))
    return marks
