"""The line keeps the promised number of false alerts, and a fault does not move it."""

from __future__ import annotations

import numpy as np
import pytest

from core.clock import DAY, HOUR, MINUTE
from core.readings import Bools, Floats, Instants
from models.budget import KNOWN, LADDER, MONTH, Budget

STEP = 10 * MINUTE


def course(
    days: int, seed: int, *, alike: float = 0.9, size: float = 0.25
) -> tuple[Floats, Instants]:
    """Make scores of a healthy machine that resemble their neighbours."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=days * DAY // STEP) * np.sqrt(1 - alike**2)
    level = np.empty_like(noise)
    now = 0.0
    for i, each in enumerate(noise):
        now = level[i] = alike * now + each
    return np.abs(level) * size, np.arange(len(noise)) * STEP


def alerts(scores: Floats, at: Instants, lines: Floats) -> int:
    """Count plainly what a rule with an hour of on-delay and off-delay raises."""
    on, since, count = False, None, 0
    for score, now, line in zip(scores, at, lines, strict=True):
        wants = score < 0.9 * line if on else score >= line
        since = (now if since is None else since) if wants else None
        if since is not None and now - since >= HOUR:
            on, since = not on, None
            count += on
    return count


def followed(budget: Budget, scores: Floats, at: Instants, apart: Bools | None = None) -> Floats:
    none = np.zeros(len(at), np.bool_) if apart is None else apart
    return budget.follow(np.zeros(len(at), np.intp), at, scores, none)


@pytest.mark.parametrize(("promised", "size"), [(1.0, 0.15), (1.0, 0.25), (4.0, 0.15)])
def test_as_many_false_alerts_come_as_were_promised(promised: float, size: float) -> None:
    came = months = 0
    for seed in range(5):
        scores, at = course(720, seed, size=size)
        lines = followed(Budget(promised, HOUR, HOUR, 0.1, 1), scores, at)
        later = at >= 180 * DAY
        came += alerts(scores[later], at[later], lines[later])
        months += 18
    assert 0.7 * promised < came / months < 1.3 * promised


def test_before_anything_is_known_the_line_is_the_detectors_own() -> None:
    scores, at = course(1, 3)
    budget = Budget(1.0, HOUR, HOUR, 0.1, 2)
    lines = followed(budget, scores, at)
    assert lines[0] == 1.0 and 0.9 < lines[-1] < 1.1
    told = budget.account(0)
    assert not told.supported
    assert told.needed == KNOWN * MONTH - told.span
    assert np.isnan(budget.account(1).delivered)


def test_a_fault_that_is_held_counts_as_one_alert() -> None:
    scores, at = course(120, 4)
    held = (at >= 60 * DAY) & (at < 110 * DAY)
    calm, sick = (Budget(1.0, HOUR, HOUR, 0.1, 1) for _ in range(2))
    followed(calm, scores[at < 60 * DAY], at[at < 60 * DAY])
    scores[held] = 5.0
    lines = followed(sick, scores, at)
    assert len(set(lines[held][10:])) == 1
    assert lines[held][-1] == pytest.approx(calm.line[0], abs=0.001)
    assert sick.account(0).span < calm.account(0).span + 10 * DAY


def test_delays_stand_while_a_machine_stands() -> None:
    """Before each night and after it, half the delay long, the score is beyond all lines."""
    scores, at = course(60, 4, size=0.15)
    of_day = at % DAY
    scores[(of_day >= 16 * HOUR - HOUR // 2) & (of_day < 16 * HOUR)] = 5.0
    scores[of_day < HOUR // 3] = 5.0
    scores[of_day >= 16 * HOUR] = np.nan
    budget = Budget(1.0, HOUR, HOUR, 0.1, 1)
    followed(budget, scores, at)
    assert budget.state()["alerts"][0, -1] == 0
    scores[of_day <= HOUR // 2] = 5.0
    longer = Budget(1.0, HOUR, HOUR, 0.1, 1)
    followed(longer, scores, at)
    assert longer.state()["alerts"][0, -1] > 0


def test_a_fault_that_comes_and_goes_is_one_trouble() -> None:
    scores, at = course(120, 4, size=0.15)
    sick = Budget(1.0, HOUR, HOUR, 0.1, 1)
    scores[(at > 60 * DAY) & (at < 95 * DAY) & (at % (4 * DAY) < DAY)] = 5.0
    lines = followed(sick, scores, at)
    assert sick.state()["alerts"][0, -1] <= 1
    assert lines[-1] < lines[at < 60 * DAY][-1] + 0.1


def test_what_comes_and_goes_for_ever_is_how_the_machine_runs() -> None:
    scores, at = course(400, 4, size=0.15)
    noisy = Budget(1.0, HOUR, HOUR, 0.1, 1)
    scores[at % (4 * DAY) < DAY] = 1.5
    lines = followed(noisy, scores, at)
    assert lines[-1] > 1.5


def test_what_another_finding_explains_moves_no_line() -> None:
    scores, at = course(120, 4, size=0.2)
    apart = at > 60 * DAY
    budget = Budget(1.0, HOUR, HOUR, 0.1, 1)
    lines = followed(budget, np.where(apart, 0.3, scores), at, apart)
    assert set(lines[apart][1:]) == {budget.line[0]}


def test_what_is_told_as_delivered_is_what_the_rule_would_have_raised() -> None:
    scores, at = course(360, 5)
    budget = Budget(1.0, HOUR, HOUR, 0.1, 1)
    followed(budget, scores, at)
    told = budget.account(0)
    came = alerts(scores, at, np.full(len(at), told.line))
    assert told.supported and told.needed == 0
    assert told.delivered == pytest.approx(came / 12, abs=0.5)


def test_rows_in_pieces_give_to_the_last_bit_what_they_give_at_once() -> None:
    scores, at = course(60, 6, size=0.5)
    scores[::17] = np.nan
    asset = np.arange(len(at)) % 3
    apart = np.random.default_rng(1).random(len(at)) < 0.05
    whole, pieces = (Budget(2.0, HOUR, HOUR, 0.1, 3) for _ in range(2))
    expected = whole.follow(asset, at, scores, apart)
    found = []
    for begin in range(0, len(at), 7):
        part = slice(begin, begin + 7)
        found.append(pieces.follow(asset[part], at[part], scores[part], apart[part]))
        again = Budget(2.0, HOUR, HOUR, 0.1, 3)
        again.restore(pieces.state())
        pieces = again
    assert np.concatenate(found).tobytes() == expected.tobytes()
    for name, kept in whole.state().items():
        assert kept.tobytes() == pieces.state()[name].tobytes()


def test_an_asset_that_begins_anew_has_the_detectors_own_line() -> None:
    scores, at = course(90, 7, size=0.5)
    budget = Budget(1.0, HOUR, HOUR, 0.1, 1)
    followed(budget, scores, at)
    assert budget.line[0] > 1
    budget.forget(0)
    assert budget.line[0] == 1.0 and budget.account(0).span == 0


def test_a_detector_that_cries_without_end_is_held_by_the_highest_line() -> None:
    scores, at = course(200, 8, size=50.0)
    budget = Budget(0.1, 0, 0, 0.1, 1)
    followed(budget, scores, at)
    assert budget.line[0] > LADDER[-2]


def test_a_line_is_never_so_low_that_an_alert_would_not_return() -> None:
    rng = np.random.default_rng(9)
    at = np.arange(60 * DAY // MINUTE) * MINUTE
    scores = np.abs(rng.normal(0.4, 0.1, len(at)))  # white: it never lasts, but is seldom low
    budget = Budget(1.0, HOUR, HOUR, 0.1, 1)
    followed(budget, scores, at)
    assert (scores >= budget.line[0]).mean() < 0.05
