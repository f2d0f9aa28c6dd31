from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.plant import AssetClass, Channel, Role, Treatment
from models.mewma import LearnSettings, Mewma, MewmaSettings
from models.parts import parts
from tests.plants import pump_class
from tests.rounds import a_round, assets, play, pumps


def graded(**grades: Treatment) -> AssetClass:
    pump = pump_class()
    return replace(
        pump,
        channels=tuple(replace(c, grade=grades.get(c.name, c.grade)) for c in pump.channels),
    )


def test_a_channel_plays_the_part_of_its_role() -> None:
    given = parts(
        replace(
            pump_class(),
            channels=(
                Channel("a"),
                Channel("b", role=Role.OPERATING),
                Channel("c", role=Role.COUNTER),
            ),
        )
    )
    assert given.judged.tolist() == [True, False, False]
    assert given.operating.tolist() == [1]
    assert not given.sure.any()


def test_a_grade_stands_above_the_role() -> None:
    given = parts(
        graded(speed=Treatment.USE, vibration=Treatment.CONTEXT, temperature=Treatment.LEAVE_OUT)
    )
    assert given.judged.tolist() == [True, False, False]
    assert given.operating.tolist() == [1]
    assert given.sure.tolist() == [True, False, False]


def test_what_is_ignored_is_left_out_and_what_is_unknown_is_told() -> None:
    assert parts(pump_class(), ["vibration"]).judged.tolist() == [False, False, True]
    with pytest.raises(ValueError, match="unknown channel 'pressure'; known: speed, vibration"):
        parts(pump_class(), ["pressure"])


def mewma(asset_class: AssetClass, values: np.ndarray) -> Mewma:
    learn = LearnSettings(rows=100, min_rows=100)
    detector = Mewma(MewmaSettings(learn=learn), asset_class, assets(1))
    play(detector, values)
    return detector


def worn(values: np.ndarray) -> np.ndarray:
    after = np.repeat(values[-1:], 30, axis=0)
    after[:, :, 1] += 50
    return after


def test_a_channel_left_out_by_configuration_raises_no_alarm() -> None:
    values = pumps(100, 1)
    used = mewma(graded(), values)
    passed_over = mewma(graded(vibration=Treatment.LEAVE_OUT), values)
    assert (play(used, worn(values))[-1] > 1).all()
    assert (play(passed_over, worn(values))[-1] < 1).all()


def test_a_channel_that_runs_away_is_judged_where_configuration_says_so() -> None:
    values = pumps(100, 1)
    values[:, 0, 1] += 0.1 * np.arange(100)
    seen = {}
    for name, given in (("graded", graded()), ("overruled", graded(vibration=Treatment.USE))):
        seen[name] = mewma(given, values).score(a_round(values[-1])).high[0, 1]
    assert np.isnan(seen["graded"])
    assert np.isfinite(seen["overruled"])
