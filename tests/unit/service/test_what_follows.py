"""By what health goes on after work is said as it is."""

from __future__ import annotations

import pytest

from core.life import CannotSay
from core.work import Work
from models.threshold import ThresholdSettings
from tests.mending import VIBRATION, mend
from tests.unit.service.test_repairs import PARTLY

GIVEN = ThresholdSettings(channel="vibration", healthy=2.0, end=8.0, failure_mode="bearing")
RATHER = "Health goes on by the healthy level "
SINCE = "Health takes how it has run since the work as healthy."


@pytest.mark.parametrize(
    ("work", "health", "reason", "words", "index"),
    [
        (Work.REPLACED, VIBRATION, "too_wide", f"{RATHER}from before the work, or, where", 0.58),
        (Work.REPLACED, VIBRATION, "not_falling", SINCE, 1.0),
        (Work.REPAIRED, VIBRATION, "not_falling", f"{RATHER}from before the work, or, where", 0.58),
        (Work.REPLACED, GIVEN, "not_falling", f"{RATHER}that is configured.", 0.58),
    ],
)
def test_it_says_by_what_health_goes_on_after_work_that_cannot_be_judged(
    monkeypatch: pytest.MonkeyPatch,
    work: Work,
    health: ThresholdSettings,
    reason: str,
    words: str,
    index: float,
) -> None:
    monkeypatch.setattr("service.repairs.verdict", lambda *_: CannotSay(reason, "so it is"))
    story = mend(PARTLY, work, health=health)
    assert f"This work is not judged again. {words}" in story.entry().verdicts[0].words
    assert story.status().health == pytest.approx(index, abs=0.05)


def test_a_configured_healthy_level_stays_when_a_machine_is_replaced_and_it_is_said() -> None:
    story = mend(2.5, Work.REPLACED, health=GIVEN)
    assert story.entry().verdicts[0].words.endswith(f"{RATHER}that is configured.")
    assert story.status().health == pytest.approx(5.5 / 6, abs=0.03)
