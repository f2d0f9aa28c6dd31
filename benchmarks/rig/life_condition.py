"""Age and condition as a source: Weibull regression on stretches of lives (models/lifetimes.py).

Work that found a failure mode ends a life as a failure does: it came because one was near, so that
to call it censored would make lives longer than they are. What holds now is taken to hold on.
"""

from __future__ import annotations

import numpy as np

from benchmarks.rig.life_record import SHOWN, Record, Seen, smoothed
from benchmarks.rig.life_sources import HORIZON, Answer
from core.life import CannotSay, Outlook, declined
from core.readings import Floats
from models import lifetimes
from models.ageing import Mixture, Standing
from models.life_table import LifeTable

NAMES = ("load", "condition")
STRETCH = 10
"""So many rows make a stretch, with the condition that it began in."""

_DRAWS = 6


def age_and_condition(known: Record) -> Answer:
    """Learn how hazard grows with virtual age, load and how far the worst signal stands."""
    fitted = lifetimes.fit(_table(known)) if known.failures else declined("too_few_failures")
    if isinstance(fitted, CannotSay):
        refused = fitted
        return lambda _, __, ___: refused
    mixture = Mixture(fitted.drawn(_DRAWS, 1), (1 / _DRAWS,) * _DRAWS)

    def said(record: Record, life: Seen, place: int) -> Outlook:
        age = float(record.hours(life)[place])
        age += record.ages[life.key] if place >= SHOWN else 0.0
        load = record.fleet.course.duty.load[life.machine, life.rows[: place + 1]]
        now = np.array([[float(load.mean()), float(_condition(record, life)[place])]])
        standing = Standing(np.array([max(age, 1.0)]), now, now, 0.0)
        return mixture.left(standing, HORIZON)[0]

    return said


def _table(known: Record) -> LifeTable:
    rows: list[tuple[float, float, int, float, float, int]] = []
    for number, life in enumerate(known.lives):
        hours, condition = known.hours(life) + known.ages[life.key], _condition(known, life)
        ended = int(life.failed or bool(life.found))
        last = len(hours) - 1
        for begin in range(0, last, STRETCH):
            end = min(begin + STRETCH, last)
            rows.append(
                (
                    float(hours[begin]),
                    float(hours[end]),
                    ended if end == last else 0,
                    life.load,
                    float(condition[begin]),
                    number,
                )
            )
    start, stop, ends, load, state, group = (np.array(one) for one in zip(*rows, strict=True))
    return LifeTable(start, stop, ends, np.stack([load, state], axis=1), NAMES, group)


def _condition(record: Record, life: Seen) -> Floats:
    """Tell how far the worst signal of a life stands at each row, as a logarithm."""
    key = (*life.key, -1)
    if key not in record.kept:
        signal = record.signal[life.machine, life.rows]
        modes = [smoothed(signal[:, m]) for m in range(signal.shape[1])]
        worst = np.nan_to_num(np.max(modes, axis=0))
        record.kept[key] = np.log1p(np.maximum(worst, 0.0))
    found: Floats = record.kept[key]
    return found
