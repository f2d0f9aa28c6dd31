"""Side by side: tasks that share no state, on as many threads as `AT_ONCE`, in turn as given."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TypeAlias, TypeVar

_T = TypeVar("_T")

Beat: TypeAlias = Callable[[float], None]
"""Is told which share of the tasks is done."""

AT_ONCE = 2
"""So many tasks are done at the same time."""

FEW = 2000
"""For fewer rows threads are not worth beginning."""


def side_by_side(
    tasks: Iterable[Callable[[], _T]],
    few: bool = False,
    beat: Beat | None = None,
) -> list[_T]:
    """Return what each task returns, in their order; the first that fails ends all.

    Each keeps to one thread. Threads within products of small matrices, or within the splits of a
    small tree, cost far more than they save, above all where others use the cores; and linear
    algebra would round otherwise on other machines. Where it is about `few` rows no thread is
    begun: the running service begins none. `beat` is told which share of them is done.
    """
    if few:
        return [task() for task in tasks]
    from threadpoolctl import threadpool_limits

    one_each = partial(threadpool_limits, 1, user_api="openmp")  # counts for its thread alone
    with (
        threadpool_limits(1, user_api="blas"),
        ThreadPoolExecutor(AT_ONCE, initializer=one_each) as pool,
    ):
        try:
            begun = [pool.submit(task) for task in tasks]
            return [_after(each, (k + 1) / len(begun), beat) for k, each in enumerate(begun)]
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _after(each: Future[_T], share: float, beat: Beat | None) -> _T:
    done = each.result()
    if beat is not None:
        beat(share)
    return done
