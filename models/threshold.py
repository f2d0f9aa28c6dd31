"""Remaining life to a threshold: by one drift with a Wiener process, or by many paths at once."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, Field, model_validator

from core.clock import DAY, HOUR, Instant
from core.life import CannotSay, Outlook, Remaining, declined
from core.plant import Asset, AssetClass, Mode
from core.quantity import Duration
from core.readings import Bools, Floats, Instants
from core.settings import Settings
from models.degradation import SURE, WIDEST
from models.detector import Round, State, Verdicts, unknown_channel
from models.kernel import kernel
from models.limits import LimitsSettings
from models.passage import paths, remaining, rising
from models.past_lives import PastLives
from models.rate import RateSettings
from models.trail import Trail
from models.usage import UsageSettings
from models.wear import Trace

ENOUGH_POINTS = 10
"""How many means of the past a trend needs."""

MISSING = 30
"""After how many readings without the signal nothing is said any more."""

_RATE = 0.1


class ThresholdSettings(Settings):
    """Health as the way from a healthy level to an end-of-life threshold.

    The signal is a `channel`, or the score of a `detector`; with neither, the highest score of
    all detectors. `end` is in the channel's unit, or in multiples of the alarm line for a score;
    without it nothing is said of health or life. `healthy` is learned from the asset's first
    `min_rows` running readings where it is not given. The trend is looked for in the last
    `window`; an end beyond `max_horizon` is not predicted. `method` is how: by one `drift`, or by
    many `paths`, that learn from lives of the class that ended by work. With `usage` health is
    followed over what the machine was used instead of over time; `window` is then so many hours
    run, or as `usage` has it, and `max_horizon` is as many times as long.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"kind": "threshold", "channel": "vibration", "end": 8, "source": "ISO 10816-3"}
            ]
        }
    )

    kind: Literal["threshold"] = "threshold"
    channel: str | None = None
    detector: str | None = None
    failure_mode: str = "wear"
    healthy: float | None = None
    end: float | None = None
    source: str = ""
    method: Literal["drift", "paths"] = "drift"
    min_rows: int = Field(default=60, ge=10)
    window: Duration = 30 * DAY
    max_horizon: Duration = 2 * 365 * DAY
    usage: UsageSettings | None = None

    @model_validator(mode="after")
    def _sound(self) -> ThresholdSettings:
        if self.channel is not None and self.detector is not None:
            msg = "give a channel or a detector to follow, not both"
            raise ValueError(msg)
        if self.end is not None and self.healthy == self.end:
            msg = f"healthy and end are both {self.end}; they must differ"
            raise ValueError(msg)
        return self


def steady(settings: ThresholdSettings, asset_class: AssetClass) -> bool:
    """Tell whether a signal means the same before and after work.

    A channel does, and so does the score of given lines; a detector that learns forgets at work
    what it knew, and so reads whatever comes after it as usual.
    """
    given = {
        named.name
        for named in asset_class.detectors
        if isinstance(named.settings, (LimitsSettings, RateSettings))
    }
    return settings.channel is not None or settings.detector in given


class Threshold:
    """Follows one signal per asset towards its threshold."""

    def __init__(
        self, settings: ThresholdSettings, asset_class: AssetClass, assets: tuple[Asset, ...]
    ) -> None:
        self.steady = steady(settings, asset_class)
        names = asset_class.channel_names
        if settings.channel is not None and settings.channel not in names:
            raise unknown_channel(settings.channel, names)
        detectors = tuple(named.name for named in asset_class.detectors)
        if settings.detector is not None and settings.detector not in detectors:
            msg = f"unknown detector {settings.detector!r}; known: {', '.join(detectors)}"
            raise ValueError(msg)
        self._settings = settings
        self._column = None if settings.channel is None else names.index(settings.channel)
        channel = None if settings.channel is None else asset_class.channel(settings.channel)
        self._unit = "times the alarm line" if channel is None else channel.unit
        of = f"score of {settings.detector or 'the detectors'}"
        self._told = of if channel is None else channel.label
        count = len(assets)
        self._level = np.full(count, np.nan)
        self._healthy = np.zeros(count)
        self._rows = np.zeros(count, np.int64)
        self._missing = np.zeros(count, np.int64)
        self._now = np.zeros(count, np.int64)
        self._trail = Trail(count, settings.window)
        self._said: dict[int, tuple[Instant, Outlook]] = {}
        self._lives = PastLives(len(assets)) if settings.method == "paths" else None

    @property
    def failure_mode(self) -> str:
        """Name the failure mode that was configured."""
        return self._settings.failure_mode

    def observe(self, rows: Round, verdicts: Verdicts) -> Floats:
        """Move the health of the rows' assets forward, in order of time; assets may repeat."""
        signal = np.ascontiguousarray(self.signal(rows, verdicts))
        known = (rows.mode == Mode.RUNNING) & np.isfinite(signal)
        silent = (rows.mode == Mode.RUNNING) & ~known
        level, healthy = np.empty(len(signal)), np.empty(len(signal))
        count = np.empty(len(signal), np.int64)
        kept = self._level, self._healthy, self._rows, self._missing, self._now
        _follow(
            rows.asset, rows.at, signal, known, silent, self._settings.min_rows, *kept,
            level, healthy, count,
        )  # fmt: skip
        self._trail.add(rows.asset[known], rows.at[known], signal[known])
        return self._index(level, healthy, count)

    def health(self) -> Floats:
        """Return the health index per asset."""
        return self._index(self._level, self._healthy, self._rows)

    def _index(self, level: Floats, healthy: Floats, rows: NDArray[np.int64]) -> Floats:
        end, given = self._settings.end, self._settings.healthy
        if end is None:
            return np.full(len(level), np.nan)
        healthy = healthy if given is None else np.full(len(level), given)
        way = np.where(healthy == end, np.nan, end - healthy)
        with np.errstate(over="ignore"):
            index = np.clip((end - level) / way, 0.0, 1.0)
        ready = given is not None or rows >= self._settings.min_rows
        return np.where(ready, index, np.nan)

    def remaining(self, asset: int) -> Outlook:
        """Return the time left to the threshold for one asset, in hours of calendar time."""
        refusal = self._refusal(asset)
        if refusal is not None:
            return refusal
        end = float(self._settings.end or 0.0)
        sign = self._sign(asset)
        if sign * (end - self._level[asset]) <= 0:
            return Remaining(0.0, 0.0, 0.0)
        at, values = self._trail.points(asset)
        since = int(at[-1])
        known = self._said.get(asset)
        if known is None or known[0] != since:
            known = since, self._outlook(asset, at, values)
            self._said[asset] = known
        return _later(known[1], (int(self._now[asset]) - since) / HOUR)

    def _outlook(self, asset: int, at: Instants, values: Floats) -> Outlook:
        """Say what is left from the last point of the trail on."""
        horizon, sign = self._settings.max_horizon / HOUR, self._sign(asset)
        if self._lives is not None:
            course = self._course(asset, at, values)
            return self._lives.outlook(course, horizon) if course else declined("not_falling")
        found = paths((at - int(at[-1])) / HOUR, sign * values)
        if rising(found) < SURE:
            return declined("not_falling")
        left = remaining(found, sign * float(self._settings.end or 0.0), horizon)
        if left is None or left.p95 > WIDEST * left.p05:
            return declined("too_wide")
        return left

    def _course(self, asset: int, at: Instants, values: Floats) -> Trace | None:
        """Tell how far a trail has gone from healthy (0) to its end (1), over hours.

        None where there is no way between the two.
        """
        healthy = self._healthy_level(asset)
        whole = float(self._settings.end or 0.0) - healthy
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            way = (values - healthy) / whole
        return Trace((at - int(at[0])) / HOUR, way) if np.isfinite(way).all() else None

    def _sign(self, asset: int) -> float:
        """Tell which way the signal goes as health falls: 1 up, -1 down."""
        end = float(self._settings.end or 0.0)
        return 1.0 if end > self._healthy_level(asset) else -1.0

    def basis(self, asset: int) -> str:
        """Say what the estimate rests on."""
        settings = self._settings
        signal = self._told
        if settings.end is None:
            return f"{signal}; no end-of-life threshold is configured"
        healthy = self._healthy_level(asset)
        origin = "" if settings.healthy is not None else " as learned"
        source = f" ({settings.source})" if settings.source else ""
        return (
            f"{signal} from {healthy:.3g}{origin} to {settings.end:.3g} {self._unit}{source}; "
            f"{self._means()}, first passage"
        ).replace(" ;", ";")

    def _means(self) -> str:
        if self._lives is None:
            return "Wiener process with drift"
        known = len(self._lives)
        lives = "life" if known == 1 else "lives"
        return "many paths at once" + (f" after {known} past {lives}" if known else "")

    def signal(self, rows: Round, verdicts: Verdicts) -> Floats:
        """Return what is followed of each row, NaN where it is missing."""
        if self._column is not None:
            signal: Floats = rows.values[:, self._column]
            return signal
        if self._settings.detector is not None:
            return verdicts[self._settings.detector].value
        if not verdicts:
            return np.full(len(rows.asset), np.nan)
        worst: Floats = np.fmax.reduce([scored.value for scored in verdicts.values()])
        return worst

    def way(self, asset: int) -> tuple[float, float] | None:
        """Return the healthy level of an asset and its end; None while either is not known."""
        settings = self._settings
        learned = settings.healthy is not None or self._rows[asset] >= settings.min_rows
        if settings.end is None or not learned:
            return None
        return self._healthy_level(asset), settings.end

    def mend(self, asset: int) -> None:
        """Begin a new course after work, by the healthy level that was known before.

        By `paths`, the course until now is a past life.
        """
        self._end(asset)
        rows, healthy = self._rows[asset], self._healthy[asset]
        self.forget(asset)
        if rows >= self._settings.min_rows:
            self._rows[asset], self._healthy[asset] = rows, healthy

    def rebase(self, asset: int, healthy: float) -> None:
        """Take another level as the healthy one of an asset; a given one stays."""
        if self._rows[asset] >= self._settings.min_rows:
            self._healthy[asset] = healthy
            self._said.pop(asset, None)

    def forget(self, asset: int) -> None:
        """Start one asset anew."""
        self._level[asset] = np.nan
        self._healthy[asset] = 0.0
        self._rows[asset] = self._missing[asset] = self._now[asset] = 0
        self._trail.forget(asset)
        self._said.pop(asset, None)

    def _end(self, asset: int) -> None:
        """Take what an asset was until now as a past life."""
        if self._lives is None or self.way(asset) is None:
            return
        at, values = self._trail.points(asset)
        course = self._course(asset, at, values) if len(at) else None
        if course is not None:
            self._lives.end(asset, course)
            self._said = {}  # what is left of others may be other by it

    def state(self) -> State:
        """Return everything needed to go on."""
        lives = {} if self._lives is None else self._lives.state()
        return (
            {
                "level": self._level.copy(),
                "healthy": self._healthy.copy(),
                "rows": self._rows.copy(),
                "missing": self._missing.copy(),
                "now": self._now.copy(),
            }
            | self._trail.state()
            | lives
        )

    def restore(self, state: State) -> None:
        """Take over a state."""
        self._level = state["level"].astype(np.float64)
        self._healthy = state["healthy"].astype(np.float64)
        self._rows = state["rows"].astype(np.int64)
        self._missing = state["missing"].astype(np.int64)
        self._now = state["now"].astype(np.int64)
        self._trail.restore(state)
        self._said = {}
        if self._lives is not None:
            self._lives.restore(state)

    def _healthy_level(self, asset: int) -> float:
        given = self._settings.healthy
        return float(self._healthy[asset]) if given is None else given

    def _refusal(self, asset: int) -> CannotSay | None:
        settings = self._settings
        if settings.end is None:
            return declined("no_threshold")
        if self._missing[asset] >= MISSING:
            return declined("channel_missing", f"{settings.channel or 'the score'} is missing")
        if self._rows[asset] < settings.min_rows:
            words = f"still learning: {self._rows[asset]} of {settings.min_rows} readings"
            return declined("learning", words)
        if len(self._trail.points(asset)[0]) < ENOUGH_POINTS:
            return declined("learning", "still learning: not enough history for a trend")
        return None


@kernel
def _follow(
    asset: NDArray[np.intp],
    at: Instants,
    signal: Floats,
    known: Bools,
    silent: Bools,
    enough: int,
    level: Floats,
    healthy: Floats,
    rows: NDArray[np.int64],
    missing: NDArray[np.int64],
    now: Instants,
    level_out: Floats,
    healthy_out: Floats,
    rows_out: NDArray[np.int64],
) -> None:
    """Smooth the signal and learn its healthy level, row by row; tells both after each."""
    for i in range(len(asset)):
        a = asset[i]
        if silent[i]:
            missing[a] += 1
        elif known[i]:
            missing[a], now[a] = 0, at[i]
            if math.isnan(level[a]):
                level[a] = signal[i]
            else:
                level[a] += _RATE * (signal[i] - level[a])
            rows[a] += 1
            if rows[a] <= enough:
                healthy[a] += (signal[i] - healthy[a]) / rows[a]
        level_out[i], healthy_out[i], rows_out[i] = level[a], healthy[a], rows[a]


def _later(outlook: Outlook, hours: float) -> Outlook:
    """Say what is left some hours after it was reckoned."""
    if isinstance(outlook, CannotSay):
        return outlook
    points = (outlook.p05, outlook.p50, outlook.p95, *outlook.course)
    early, middle, late, *course = (max(point - hours, 0.0) for point in points)
    return Remaining(early, middle, late, course=tuple(course))
