"""A backtest shared out between processes tells what one process tells."""

from __future__ import annotations

import multiprocessing
from dataclasses import replace
from itertools import pairwise

import pytest

from cli.backtest_jobs import WORTH, run, shares
from cli.backtest_runs import Chosen
from core.clock import DAY
from core.errors import Unavailable
from core.work import Work, WorkEvent
from service.backtest_past import Past
from tests.pasts import START, eventful
from tests.plants import plant


@pytest.mark.timeout(60)
def test_a_process_that_is_killed_is_told_and_ends_the_backtest() -> None:
    pumps = plant(3)
    past = Past(eventful(pumps), pumps, tuple(pumps.assets), START, START + 3 * DAY)

    def kill(_count: int, _share: float) -> None:
        for child in multiprocessing.active_children()[:1]:
            child.kill()

    with pytest.raises(Unavailable, match="ended before it was done"):
        run(Chosen(past, (), (), count=WORTH), 2, kill)


@pytest.mark.parametrize("error", [BrokenPipeError(32, "Broken pipe"), EOFError()])
def test_a_process_that_is_gone_before_it_has_begun_is_told_too(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Typer ends without a word on a broken pipe: it takes it for that to a reader."""

    def gone(*_: object) -> None:
        raise error

    monkeypatch.setattr("cli.backtest_jobs.ProcessPoolExecutor.submit", gone)
    pumps = plant(3)
    past = Past(eventful(pumps), pumps, tuple(pumps.assets), START, START + 3 * DAY)
    with pytest.raises(Unavailable, match="ended before it was done"):
        run(Chosen(past, (), (), count=WORTH), 2, lambda *_: None)


@pytest.mark.timeout(180)
def test_two_processes_tell_what_one_tells() -> None:
    pumps = plant(3)
    past = Past(eventful(pumps), pumps, tuple(pumps.assets), START, START + 3 * DAY)
    chosen = Chosen(past, (), (), count=WORTH)
    heard: list[tuple[int, float]] = []
    alone = run(replace(chosen, count=WORTH - 1), 2, lambda *_: None)
    shared = run(chosen, 2, lambda count, share: heard.append((count, share)))
    assert alone.episodes
    assert shared.episodes == sorted(
        alone.episodes, key=lambda one: (one.began, one.asset, one.group)
    )
    assert shared.seen == alone.seen
    assert shared.scores == alone.scores
    assert all(before[0] <= after[0] for before, after in pairwise(heard))


def test_machines_that_teach_each_other_by_work_stay_together() -> None:
    pumps = plant(5)
    past = Past(eventful(pumps), pumps, tuple(pumps.assets), START, START + 3 * DAY)
    one, two, three, four, five = past.assets
    assert shares(Chosen(past, (), (), count=WORTH), 2) == [(one, three, five), (two, four)]
    work = WorkEvent(two, START + DAY, Work.REPLACED, "Bilal")
    assert shares(Chosen(past, (work,), (), count=WORTH), 2) == [past.assets]
    other = replace(pumps.assets[five], asset_class="fan")
    mixed = replace(past, plant=replace(pumps, assets={**pumps.assets, five: other}))
    assert shares(Chosen(mixed, (work,), (), count=WORTH), 2) == [(one, two, three, four), (five,)]
