"""The columns of held values against a plain twin that keeps a dictionary for each machine."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import hypothesis.strategies as st
import numpy as np
from hypothesis import given

from core.clock import MINUTE
from core.plant import Channel, Reporting, Role
from service.held import Held

NAMES = ("flow", "heat", "speed", "level")
AGES = (5 * MINUTE, 2 * MINUTE, 5 * MINUTE, 5 * MINUTE)
CONDITIONS = {"flow", "heat"}
CHANNELS = tuple(
    Channel(name, role=Role.CONDITION if name in CONDITIONS else Role.OPERATING, max_age=age)
    for name, age in zip(NAMES, AGES, strict=True)
)
CONFIGURED = tuple(
    replace(one, reporting=Reporting.ON_CHANGE) if one.name != "level" else one for one in CHANNELS
)
ASSETS = 2

Step = tuple[Any, ...]


def a_play(seed: int, length: int) -> list[tuple[int, Step]]:
    """Draw steps in whole minutes, so that many fall exactly on the end of a value's time."""
    rng = np.random.default_rng(seed)

    def some(share: float) -> set[str]:
        return {name for name in NAMES if rng.random() < share}

    def one() -> Step:
        kind = rng.choice(["say", "tick", "gone", "recheck"], p=[0.45, 0.4, 0.1, 0.05])
        if kind == "say":
            lag = int(rng.integers(-1, 2))
            return "say", int(rng.integers(1, 3)), lag, some(0.3), some(0.1), some(0.3), chance(0.2)
        if kind == "tick":
            return "tick", int(rng.integers(0, 3)), chance(0.3), chance(0.1)
        return ("gone", chance(0.3)) if kind == "gone" else ("recheck",)

    def chance(share: float) -> bool:
        return bool(rng.random() < share)

    return [(int(rng.integers(ASSETS)), one()) for _ in range(length)]


@dataclass
class Plain:
    """One machine: what each channel said last, when, and whether that was sure."""

    values: dict[str, tuple[float, int, bool]] = field(default_factory=dict)
    gone: bool = False
    unseen: bool = False
    ahead: int = 0
    last_at: int | None = None
    judged_at: int | None = None

    def say(self, at: int, heard: int, row: dict[str, float], refused: set[str],
            uncertain: set[str], behind: bool) -> tuple[object, ...]:  # fmt: skip
        self.lapse(at)
        holding = {} if self.gone else self.values
        used = [name for name in holding if name not in row and name not in refused]
        whole = {**row, **{name: holding[name][0] for name in used}}
        doubted = any(holding[name][2] for name in used) or (
            bool(used) and not CONDITIONS & row.keys()
        )
        void = refused | {name for name in NAMES[:3] if name not in whole}
        for name in NAMES[:3]:
            if name in row:
                self.values[name] = (row[name], at, name in uncertain)
            elif name in refused:
                self.values.pop(name, None)
        passed = 0 if self.last_at is None else at - self.last_at
        if self.judged_at is not None:
            passed = max(min(passed, at - self.judged_at), 0)
        if not behind:
            self.ahead = at - heard
        self.last_at, self.judged_at, self.unseen = at, None, False
        return whole, void, doubted, passed

    def lapse(self, now: int) -> bool:
        old = [
            name
            for name, (_, said_at, _) in self.values.items()
            if now - said_at > AGES[NAMES.index(name)]
        ]
        for name in old:
            del self.values[name]
        return bool(old)

    def tick(self, now: int, waits: bool, stands: bool) -> int | None:
        if self.last_at is None or stands:
            return None
        now = max(now + self.ahead, self.last_at)
        lapsed = self.lapse(now)
        if self.gone or not (lapsed or (self.values and (waits or self.unseen))):
            return None
        return now

    def judged(self, now: int) -> int:
        since = max(self.last_at or 0, self.judged_at or 0)
        self.judged_at, self.unseen = now, False
        return max(now - since, 0)


class Columns:
    """The same steps, in columns of all machines."""

    def __init__(self, held: Held) -> None:
        self.held = held
        self.last_at = np.full(ASSETS, np.iinfo(np.int64).min, np.int64)

    def say(self, asset: int, at: int, heard: int, row: dict[str, float], refused: set[str],
            uncertain: set[str], behind: bool) -> tuple[object, ...]:  # fmt: skip
        where, now = np.array([asset]), np.array([at])
        last = int(self.last_at[asset])
        passed = np.array([0 if last < 0 else at - last])
        kept = self.held.fresh(where, now)
        values = np.array([[row.get(name, np.nan) for name in NAMES]])
        marked = np.array([[name in refused for name in NAMES]])
        unsure = np.array([[name in uncertain for name in NAMES]])
        whole = self.held.complete(
            where, now, values, kept, marked if marked.any() else None, unsure
        )
        rest = self.held.passed(where, now, passed)
        self.held.keep_time(where, now, heard, np.array([behind]))
        self.last_at[asset] = at
        told = {n: float(v) for n, v in zip(NAMES, whole.values[0], strict=True) if np.isfinite(v)}
        void = {n for n, v in zip(NAMES, whole.refused[0], strict=True) if v}
        return told, void, bool(whole.doubted[0]), int(rest[0])

    def tick(self, now: int, waits: bool, stands: bool) -> dict[int, int]:
        every = np.ones(ASSETS, np.bool_)
        times = self.held.now(now, self.last_at, stands & every)
        rows = self.held.due(times, waits & every, (stands & every) | (self.last_at < 0))
        return dict(zip(rows.tolist(), times[rows].tolist(), strict=True))


@given(st.integers(0, 2**32), st.integers(1, 120), st.booleans())
def test_the_columns_hold_what_a_plain_dictionary_holds(
    seed: int, length: int, by_birth: bool
) -> None:
    held = Held(CHANNELS if by_birth else CONFIGURED, ASSETS)
    for asset in range(ASSETS) if by_birth else ():
        held.mark(asset, NAMES[:3])
    columns, plain = Columns(held), [Plain() for _ in range(ASSETS)]
    now, at = 1000 * MINUTE, [900 * MINUTE] * ASSETS
    for number, (asset, (what, *given_)) in enumerate(a_play(seed, length)):
        mine = plain[asset]
        if what == "say":
            later, lag, spoken, refused, uncertain, behind = given_
            now += later * MINUTE
            at[asset] = max(at[asset] + 1, now - lag * MINUTE)
            row = {name: float(number) for name in spoken - refused}
            told = (at[asset], now, row, set(refused), set(uncertain), behind)
            assert columns.say(asset, *told) == mine.say(*told)
        elif what == "tick":
            now += given_[0] * MINUTE
            due = {n: one.tick(now, *given_[1:]) for n, one in enumerate(plain)}
            expected = {n: when for n, when in due.items() if when is not None}
            assert columns.tick(now, *given_[1:]) == expected
            for n, when in expected.items():
                passed = held.judged(np.array([n]), np.array([when]), columns.last_at[[n]])
                assert int(passed[0]) == plain[n].judged(when)
                kept = held.fresh(np.array([n]), np.array([when]))[0]
                assert kept[np.isfinite(kept)].tolist() == [
                    plain[n].values[name][0] for name in NAMES if name in plain[n].values
                ]
        elif what == "gone":
            held.gone[asset] = mine.gone = bool(given_[0])
            if mine.gone:
                held.void(asset)
                mine.values.clear()
        else:
            held.recheck(asset)
            mine.unseen = True
        assert held.holds(asset) == (bool(mine.values) and not mine.gone)
