"""A backtest shared out between processes tells what one process tells."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from cli.backtest_jobs import WORTH, run
from cli.backtest_runs import Chosen
from core.clock import DAY
from service.backtest_past import Past
from tests.pasts import START, eventful
from tests.plants import plant


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
