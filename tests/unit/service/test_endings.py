"""Whether work ended a life in failure or cut it short, for all that learn from it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.casefile import Advance
from core.clock import DAY, HOUR, Instant
from core.life import Outlook, Record, Remaining
from core.plant import Mode
from core.readings import Floats
from core.work import Ending, Work, WorkEvent
from models.detector import Round, State, Verdicts
from models.threshold import ThresholdSettings
from service.endings import END, Endings, WornOut
from service.lives import Lives
from service.scorecard import lives, scorecard
from storage.casefile_memory import MemoryCaseFile
from tests.plants import plant, pump_class

P1 = "site/hall/p1"
HEALTH = ThresholdSettings(channel="vibration", end=9.0, failure_mode="bearing")
PLANT = plant(1, replace(pump_class(), health=HEALTH))
WORK = WorkEvent(P1, 10 * DAY, Work.REPLACED, "Bilal", failure_mode="bearing", id="w")
SAID = Remaining(36.0, 45.0, 56.0)


class Worn:
    """A pump of some health, of which the same is said all the time."""

    failure_mode = "bearing"

    def __init__(self, health: float, says: Outlook) -> None:
        self.index, self.says = np.full(1, health), says

    def observe(self, rows: Round, _verdicts: Verdicts) -> Floats:
        return self.index[rows.asset]

    def health(self) -> Floats:
        return self.index

    def remaining(self, _asset: int) -> Outlook:
        return self.says

    def basis(self, _asset: int) -> str:
        return "vibration to 9"

    def forget(self, _asset: int) -> None:
        self.index[:] = 1.0

    def state(self) -> State:
        return {"index": self.index}

    def restore(self, state: State) -> None:
        self.index = state["index"]


class Mended:
    """A pump of which something was said for some hours until it was mended."""

    def __init__(self, health: float, work: WorkEvent, said: Remaining = SAID, hours: int = 1):
        self.lives = Lives(PLANT.assets_of("pump"), (Worn(health, said),))
        for hour in range(hours, 0, -1):
            self.says(work.at - hour * HOUR)
        self.lives.record([work])
        self.lives.ended(0, work)
        kept = [one for block in self.lives.take() for one in block]
        self.casefile = MemoryCaseFile()
        self.casefile.commit(Advance(1, conditions=tuple(kept), work=(work,)))

    def says(self, at: Instant) -> None:
        rows = np.zeros((1, 2)), np.full(1, Mode.RUNNING, np.int8)
        self.lives.observe(Round(np.zeros(1, np.intp), np.array([at]), *rows), {})

    @property
    def record(self) -> Record | None:
        return self.lives.all(0, 11 * DAY)[0].record


@pytest.mark.parametrize(
    ("health", "said", "ending"),
    [
        (0.35, {}, Ending.EARLY),
        (0.35, {"failure_mode": ""}, Ending.EARLY),
        (0.35, {"failed": True}, Ending.FAILED),
        (0.02, {}, Ending.FAILED),
        (0.02, {"failure_mode": ""}, Ending.FAILED),
        (0.02, {"routine": True}, Ending.PLANNED),
        (0.02, {"failure_mode": "misalignment"}, Ending.OTHER_FAULT),
        (np.nan, {}, Ending.FAILED),
        (np.nan, {"failure_mode": ""}, Ending.NO_FAULT),
        (np.nan, {"failure_mode": "", "failed": True}, Ending.FAILED),
    ],
)
def test_all_that_learn_from_lives_take_them_alike(
    health: float, said: dict[str, object], ending: Ending
) -> None:
    mended = Mended(health, replace(WORK, **said))
    (life,) = lives(PLANT, mended.casefile)
    (line,) = scorecard([life])
    failed = ending is Ending.FAILED
    assert life.ending is ending
    assert (mended.record is not None) == failed
    assert (line.ended, line.cut_short, line.graded) == (failed, not failed, failed)


def test_a_pump_that_is_replaced_in_time_widens_nothing_and_one_that_fails_so_early_does() -> None:
    assert Mended(0.35, WORK).record is None
    failed = Mended(0.35, replace(WORK, failed=True)).record
    assert failed is not None
    assert failed.widened > 1.1


def test_of_a_life_that_was_cut_short_what_it_outlasted_was_wrong() -> None:
    short = replace(SAID, p05=2.0, p50=4.0, p95=6.0)
    mended = Mended(0.35, WORK, short, hours=12)
    (line,) = scorecard(lives(PLANT, mended.casefile))
    assert (line.cut_short, line.outlasted, line.graded) == (1, 1, 0)
    record = mended.record
    assert record is not None
    assert (record.lives, record.outside) == (1, 0.5)
    assert record.below[0] < record.below[4] < 0.5
    assert record.widened > 1.05
    longer = Mended(0.35, WORK, replace(short, p95=13.0), hours=12)
    assert longer.record is None
    assert scorecard(lives(PLANT, longer.casefile))[0].outlasted == 0


def followed(*health: float) -> WornOut:
    """A pump of some health from one hour to the next."""
    worn = WornOut(1)
    for hour, index in enumerate(health):
        worn.follow(np.zeros(1, np.intp), np.array([hour * HOUR]), np.array([index]))
    return worn


def test_work_that_is_told_late_counts_by_how_the_machine_stood_then() -> None:
    worn = followed(0.5, 0.3, END, 0.05, 1.0, 1.0)
    found = [worn.note(0, hour * HOUR + 1, 1.0) for hour in range(6)]
    assert found == [False, False, True, True, False, False]
    assert followed(np.nan, np.nan, 0.5).note(0, HOUR, 0.5) is None
    assert followed(*[0.5] * 60).note(0, 0, 0.5) is None
    assert followed(0.05, *[0.5] * 60).note(0, HOUR // 2, 0.5) is True


def test_it_goes_on_where_it_stopped() -> None:
    worn, again = followed(0.5, 0.05), WornOut(1)
    worn.note(0, HOUR // 2, 0.05)
    worn.note(0, HOUR, 0.05)
    again.restore(worn.state())
    assert [again.of(0, at) for at in (HOUR // 2, HOUR, 2 * HOUR)] == [False, True, None]
    assert again.note(0, 3 * HOUR, 0.05) is True


def test_work_that_names_no_fault_ends_no_life_where_several_are_followed() -> None:
    two = Endings([P1], ("bearing", "cooling"))
    done = replace(WORK, failure_mode="")
    kept = list(two.note(0, done, {"bearing": 0.0, "cooling": 1.0}))
    assert [block.worst[0, 0] for block in kept] == [1.0, 0.0]
    for one in (done, replace(done, failed=True)):
        assert [two.of(mode, 0, one) for mode in two.followed] == [Ending.NO_FAULT] * 2
    looked = replace(WORK, work=Work.INSPECTED)
    assert two.of("bearing", 0, looked) is Ending.GOES_ON
