"""A backtest shared out between processes, by assets: no asset's alerts hang on another's.

Lives that ended by work teach what is left of others of the class: where there is work on one of
them, all of a class stay together.
"""

from __future__ import annotations

import queue
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from core.errors import Unavailable

if TYPE_CHECKING:
    from cli.backtest_runs import Chosen
    from service.backtest import Told

WORTH = 300_000
"""From so many readings on, other processes are worth the seconds that they take to start."""

_LOOK = 0.2
_LOST = (
    "a process of the backtest ended before it was done: it was killed, or there is too little"
    " memory for so many; --jobs 1 needs the least"
)
_said: Any = None

Beat = Callable[[int, float], None]


def run(chosen: Chosen, jobs: int, beat: Beat) -> Told:
    """Run a past through the live code, in `jobs` processes where that is worth it.

    Raises Unavailable where one of them ends before it has told what it found.
    """
    dealt = shares(chosen, jobs) if chosen.count >= WORTH else []
    if len(dealt) < 2:
        return _run(chosen, beat)
    import multiprocessing

    parts = [_part(chosen, share) for share in dealt]
    context = multiprocessing.get_context("spawn")
    said: Any = context.Queue()
    try:
        with ProcessPoolExecutor(len(parts), context, _begin, (said,)) as pool:
            running = [pool.submit(_job, number, part) for number, part in enumerate(parts)]
            _follow(running, said, beat)
            return _joined([one.result() for one in running])
    except (BrokenProcessPool, BrokenPipeError, EOFError) as error:
        raise Unavailable(_LOST) from error


def shares(chosen: Chosen, jobs: int) -> list[tuple[str, ...]]:
    """Share assets out evenly, each in turn, so that what is alike is shared evenly too."""
    kinds = {one: asset.asset_class for one, asset in chosen.past.plant.assets.items()}
    taught = {kinds[one.asset] for one in chosen.work}
    groups: dict[str, list[str]] = {}
    for one in chosen.past.assets:
        groups.setdefault(kinds[one] if kinds[one] in taught else one, []).append(one)
    dealt: list[list[str]] = [[] for _ in range(max(jobs, 1))]
    for group in sorted(groups.values(), key=len, reverse=True):
        min(dealt, key=len).extend(group)
    return [tuple(share) for share in dealt if share]


def _part(chosen: Chosen, assets: tuple[str, ...]) -> Chosen:
    """Take some assets alone."""
    past = chosen.past
    plant = replace(past.plant, assets={one: past.plant.assets[one] for one in assets})
    return replace(chosen, past=replace(past, assets=assets, plant=plant))


def _run(chosen: Chosen, beat: Beat) -> Told:
    from service.backtest import backtest

    assets = set(chosen.past.assets)
    work = tuple(one for one in chosen.work if one.asset in assets)
    failures = tuple(one for one in chosen.failures if one.asset in assets)
    return backtest(chosen.past, work, failures, beat)


def _begin(said: Any) -> None:
    global _said  # noqa: PLW0603 - a queue reaches a pool's process only as it begins
    _said = said


def _job(number: int, chosen: Chosen) -> Told:
    return _run(chosen, lambda count, share: _said.put((number, count, share)))


def _follow(running: list[Future[Told]], said: Any, beat: Beat) -> None:
    """Pass on how far all are together, until all are done or one has failed."""
    counts, shares = [0] * len(running), [0.0] * len(running)
    while not all(one.done() for one in running):
        wait(running, _LOOK, "FIRST_EXCEPTION")
        failed = [one for one in running if one.done() and one.exception() is not None]
        if failed:
            failed[0].result()
        while True:
            try:
                number, count, share = said.get_nowait()
            except queue.Empty:
                break
            counts[number], shares[number] = count, share
        beat(sum(counts), sum(shares) / len(shares))


def _joined(parts: list[Told]) -> Told:
    from service.backtest import Told

    whole = Told(parts[0].step)
    for part in parts:
        whole.seen |= part.seen
        whole.scores |= part.scores
        whole.lives |= part.lives
        whole.observed |= part.observed
        whole.episodes += part.episodes
        whole.transitions += part.transitions
        whole.alerts |= part.alerts
    whole.episodes.sort(key=lambda one: (one.began, one.asset, one.group))
    whole.transitions.sort(key=lambda one: one.at)
    return whole
