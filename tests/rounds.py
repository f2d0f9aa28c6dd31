"""Rounds for detectors: pumps that run healthily, and what can go wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from core.clock import MINUTE, Instant, Span
from core.plant import Asset, Mode
from core.readings import Bools, Floats
from core.settings import Settings
from models.course import judge
from models.degradation import Degradation
from models.detector import Detector, Round, Scored

STEP = 10 * MINUTE
START = 1_700_000_000_000_000_000


def assets(count: int) -> tuple[Asset, ...]:
    return tuple(Asset("site", "hall", f"p{n}", "pump") for n in range(count))


def example(kind: type[Settings]) -> Settings:
    """Make the settings that a kind gives as its example, or its defaults."""
    extra = kind.model_config.get("json_schema_extra")
    examples = extra.get("examples") if isinstance(extra, dict) else None
    return kind.model_validate(examples[0] if isinstance(examples, list) else {})


def pumps(steps: int, count: int, seed: int = 1, *, wear: float = 0.0) -> Floats:
    """Make `values[step, pump, channel]` of speed, vibration and temperature.

    Vibration rises by `wear` over the whole.
    """
    rng = np.random.default_rng(seed)
    speed = 1500 + rng.normal(0, 5, (steps, count))
    grown = wear * np.arange(steps)[:, None] / max(steps - 1, 1)
    vibration = 2 + 0.001 * (speed - 1500) + rng.normal(0, 0.1, (steps, count)) + grown
    temperature = 50 + rng.normal(0, 0.5, (steps, count))
    return np.stack([speed, vibration, temperature], axis=2)


def a_round(
    values: Floats,
    at: Instant = START,
    chosen: Sequence[int] | None = None,
    mode: int = Mode.RUNNING,
) -> Round:
    """Make one moment's round of some pumps; `values[pump, channel]` are of all."""
    numbers = np.arange(len(values)) if chosen is None else np.asarray(chosen, np.intp)
    times = np.full(len(numbers), at, np.int64)
    return Round(numbers, times, values[numbers], np.full(len(numbers), mode, np.int8))


def moments(values: Floats, *, step: Span = STEP, begin: Instant = START) -> Iterator[Round]:
    """Walk through time, all pumps together."""
    for number, now in enumerate(values):
        yield a_round(now, begin + number * step)


def take(detector: Detector, rows: Round, allowed: Bools | bool = True) -> Scored:
    """Do with a round what scoring does: score, observe, learn; locked where it may not learn."""
    free = np.broadcast_to(np.asarray(allowed), rows.asset.shape)
    rows = replace(rows, locked=~free)
    scored = detector.score(rows)
    detector.observe(rows)
    detector.learn(rows, free)
    return scored


def play(
    detector: Detector,
    values: Floats,
    *,
    step: Span = STEP,
    begin: Instant = START,
    allowed: Bools | bool = True,
) -> Floats:
    """Play moments through a detector; returns the scores `[step, pump]`."""
    rows = moments(values, step=step, begin=begin)
    return np.array([take(detector, each, allowed).value for each in rows])


def watch(
    detector: Detector,
    values: Floats,
    *,
    step: Span = STEP,
    begin: Instant = START,
    allowed: bool = True,
) -> Floats:
    """Play moments through a detector that learns no more, all at once; scores as `play` does."""
    count, each = values.shape[:2]
    assert (detector.readiness() == 1).all()
    rows = Round(
        np.tile(np.arange(each), count),
        np.repeat(begin + np.arange(count) * step, each),
        values.reshape(count * each, -1),
        np.full(count * each, Mode.RUNNING, np.int8),
        locked=np.full(count * each, not allowed),
    )
    return judge(detector, rows).value.reshape(count, each)


def in_parts(rows: Round, size: int) -> Iterator[Round]:
    """Cut a round into rounds of at most `size` rows."""
    for first in range(0, len(rows.asset), size):
        part = slice(first, first + size)
        yield Round(rows.asset[part], rows.at[part], rows.values[part], rows.mode[part])


def follow(model: Degradation, values: Floats, *, step: Span = STEP) -> None:
    """Let a degradation model see moments, with no detector beside it."""
    for rows in moments(values, step=step):
        model.observe(rows, {})
