"""Lives whose model is too sure: their intervals widen as lives end, live as after a restart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.clock import DAY, HOUR
from core.life import Outlook, Remaining
from core.plant import AssetClass, Mode
from core.readings import Floats
from core.work import Work, WorkEvent
from models.degradation import Degradation
from models.detector import Round, State, Verdicts
from models.threshold import ThresholdSettings
from service.lives import Lives
from tests.plants import plant, pump_class

ASSETS = 4
LIFE = 240
"""Hours that every life lasts."""


class TooSure:
    """Says what is left with an error that is drawn for each life, three times what it tells."""

    failure_mode = "bearing"

    def __init__(self) -> None:
        self.left = np.full(ASSETS, float(LIFE))
        self.off = np.ones(ASSETS)

    def observe(self, rows: Round, _verdicts: Verdicts) -> Floats:
        return self.health()[rows.asset]

    def health(self) -> Floats:
        return self.left / LIFE

    def remaining(self, asset: int) -> Outlook:
        said = self.left[asset] * self.off[asset]
        return Remaining(said * 0.7, said, said / 0.7)

    def basis(self, _asset: int) -> str:
        return "a guess"

    def forget(self, asset: int) -> None:
        self.left[asset] = LIFE

    def state(self) -> State:
        return {"left": self.left, "off": self.off}

    def restore(self, state: State) -> None:
        self.left, self.off = state["left"].copy(), state["off"].copy()


def followed() -> AssetClass:
    health = ThresholdSettings(channel="vibration", end=9.0, failure_mode="bearing")
    return replace(pump_class(), health=health)


def lives() -> tuple[Lives, TooSure]:
    model: Degradation = TooSure()
    assert isinstance(model, TooSure)
    return Lives(plant(ASSETS).assets_of("pump"), (model,)), model


class Story:
    """Lets lives come and go; notes of each whether it ended in the interval said half-way."""

    def __init__(self, rounds: int, restart: int | None = None) -> None:
        self.lives, self.model = lives()
        self.held: list[bool] = []
        rng = np.random.default_rng(5)
        for number in range(rounds):
            self.model.off = np.exp(rng.normal(0, 3 * 0.217, ASSETS))
            if number == restart:
                self._restart()
            self._round(number * LIFE * HOUR)

    def _round(self, start: int) -> None:
        asset = np.arange(ASSETS)
        for hour in range(0, LIFE, 12):
            self.model.left[:] = LIFE - hour
            at = np.full(ASSETS, start + hour * HOUR, np.int64)
            values = np.zeros((ASSETS, 2))
            mode = np.full(ASSETS, Mode.RUNNING, np.int8)
            self.lives.observe(Round(asset, at, values, mode), {})
            if hour == LIFE // 2:
                said = [self.lives.all(one, int(at[0]))[0].remaining for one in range(ASSETS)]
                assert all(isinstance(one, Remaining) for one in said)
                self.held += [one.p05 <= LIFE / 2 <= one.p95 for one in said]  # type: ignore[union-attr]
        for one in range(ASSETS):
            end = start + LIFE * HOUR - one
            done = WorkEvent(f"site/hall/p{one + 1}", end, Work.REPLACED, "Bilal")
            self.lives.ended(one, done)
            self.lives.mended(one)

    def _restart(self) -> None:
        before, self.lives = self.lives, lives()[0]
        sections = zip(before.sections(followed()), self.lives.sections(followed()), strict=True)
        for (_, old, _), (_, new, _) in sections:
            new.restore(old.state())
        (model,) = self.lives.models
        assert isinstance(model, TooSure)
        self.model = model


@pytest.fixture(scope="module")
def story() -> Story:
    return Story(16)


def test_intervals_widen_as_lives_end_until_they_hold(story: Story) -> None:
    assert np.mean(story.held[: 2 * ASSETS]) < 0.7
    assert np.mean(story.held[-8 * ASSETS :]) >= 0.8


def test_it_is_said_that_they_were_widened_and_why(story: Story) -> None:
    (life,) = story.lives.all(0, 16 * LIFE * HOUR + DAY)
    assert life.record is not None
    assert life.record.widened > 1.5
    assert life.basis == f"a guess; {life.record.words}"
    assert "lives ended outside" in life.basis


def test_a_restart_changes_nothing(story: Story) -> None:
    assert Story(16, restart=7).held == story.held


def test_work_on_another_fault_widens_nothing() -> None:
    one, _ = lives()
    asset, at = np.arange(ASSETS), np.full(ASSETS, HOUR, np.int64)
    mode = np.full(ASSETS, Mode.RUNNING, np.int8)
    one.observe(Round(asset, at, np.zeros((ASSETS, 2)), mode), {})
    done = WorkEvent("site/hall/p1", DAY, Work.REPLACED, "Bilal", failure_mode="misalignment")
    one.ended(0, done)
    assert one.all(0, DAY)[0].record is None


class AlsoFollowed(TooSure):
    """The same in another failure mode."""

    failure_mode = "cooling"


@pytest.mark.parametrize(
    ("named", "counted"), [("", []), ("bearing", ["bearing"]), ("cooling", ["cooling"])]
)
def test_work_counts_only_in_the_mode_that_it_names_where_several_are_followed(
    named: str, counted: list[str]
) -> None:
    both = Lives(plant(1).assets_of("pump"), (TooSure(), AlsoFollowed()))
    rows = np.zeros((1, 2)), np.full(1, Mode.RUNNING, np.int8)
    both.observe(Round(np.array([0]), np.array([DAY]), *rows), {})
    done = WorkEvent(
        "site/hall/p1", 2 * DAY, Work.REPLACED, "Bilal", failure_mode=named, failed=True
    )
    both.ended(0, done)
    told = both.all(0, 3 * DAY)
    assert sorted(one.failure_mode for one in told if one.record is not None) == counted
