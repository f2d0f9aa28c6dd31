"""Lives by age that are told apart by known facts: attributes of machines, and repairs before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from core.age_settings import AGE_ALONE, AgeSettings
from core.clock import HOUR
from core.life import CannotSay, Remaining
from core.plant import Asset
from core.work import Work, WorkEvent
from service.ages import Ages
from service.endings import Endings

SHORT = 1000.0
NO_WEAR = Endings(())
BY_MODEL = AgeSettings(by=("model",))


def machines(known: Sequence[dict[str, float | str]]) -> tuple[Asset, ...]:
    return tuple(
        Asset("site", "hall", f"p{n:02}", "pump", attributes=each, installed=0)
        for n, each in enumerate(known)
    )


def models(*kinds: str) -> tuple[Asset, ...]:
    return machines([{"model": kind, "load": 0.5} for kind in kinds])


TWO = models(*("KSB" if n % 2 else "NK" for n in range(8)))


def failing(
    assets: Sequence[Asset], lasts: Sequence[float], until: float = 6 * SHORT
) -> list[WorkEvent]:
    """Let machines fail and be renewed until some hour, after lives of about so many hours."""
    law, done = np.random.default_rng(4), []
    for asset, hours in zip(assets, lasts, strict=True):
        at = hours * law.weibull(4.0)
        while at < until:
            when, key = round(at * HOUR), f"{asset.id} {at:.0f}"
            done.append(WorkEvent(asset.id, when, Work.REPLACED, "B", "", "bearing", id=key))
            at += hours * law.weibull(4.0)
    return done


def ages(
    assets: Sequence[Asset], works: Sequence[WorkEvent], settings: AgeSettings = BY_MODEL
) -> Ages:
    known = Ages(assets, ("bearing",), {}, NO_WEAR, settings)
    known.record(works)
    return known


def new(known: Ages, number: int) -> float:
    """Return the middle of what is left of a machine's part when it was renewed last."""
    since = known.since("bearing", number)
    assert since is not None
    left = known.left("bearing", number, since)
    assert isinstance(left, Remaining)
    return left.p50


THREEFOLD = failing(TWO, [3 * SHORT if n % 2 else SHORT for n in range(8)])


@pytest.fixture(scope="module")
def threefold() -> Ages:
    return ages(TWO, THREEFOLD)


def test_two_models_whose_lives_differ_threefold_are_told_apart(threefold: Ages) -> None:
    short, long = new(threefold, 0), new(threefold, 1)
    assert short == pytest.approx(SHORT, rel=0.25)
    assert long == pytest.approx(3 * SHORT, rel=0.25)
    said = threefold.basis("bearing")
    assert said.startswith("age since it was last renewed and model; 29 of 36 lives ended in fail")
    assert said.endswith("Weibull regression")


def test_what_is_told_by_its_model_is_surer_than_by_age_alone(threefold: Ages) -> None:
    alone = ages(TWO, THREEFOLD, AGE_ALONE)
    widths = []
    for known in (threefold, alone):
        left = known.left("bearing", 0, (known.since("bearing", 0) or 0) + HOUR)
        assert isinstance(left, Remaining)
        widths.append(left.p95 - left.p05)
    assert widths[0] < 0.6 * widths[1]


def test_without_by_attributes_change_nothing() -> None:
    bare = tuple(replace(one, attributes={}) for one in TWO)
    alone, before = ages(TWO, THREEFOLD, AGE_ALONE), Ages(bare, ("bearing",), {}, NO_WEAR)
    before.record(THREEFOLD)
    at = max(one.at for one in THREEFOLD)
    for number in range(8):
        told = [known.left("bearing", number, at) for known in (alone, before)]
        assert told[0] == told[1]
        assert isinstance(told[0], Remaining)
    assert alone.basis("bearing") == before.basis("bearing")
    assert alone.basis("bearing").startswith("age since it was last renewed; 29 of 36 lives")


def test_the_order_in_which_work_came_changes_nothing(threefold: Ages) -> None:
    other = ages(TWO, [THREEFOLD[k] for k in np.random.default_rng(1).permutation(len(THREEFOLD))])
    at = max(one.at for one in THREEFOLD)
    for number in range(8):
        assert other.left("bearing", number, at) == threefold.left("bearing", number, at)


def test_with_too_few_failures_it_goes_by_age_alone_and_says_so() -> None:
    works = failing(TWO, [SHORT] * 8, until=SHORT)
    by, alone = ages(TWO, works), ages(TWO, works, AGE_ALONE)
    assert by.basis("bearing") == (
        f"{alone.basis('bearing')}; too few failures to tell lives apart by model"
    )
    assert by.left("bearing", 0, works[0].at) == alone.left("bearing", 0, works[0].at)


def test_what_stands_first_is_used_first_where_failures_suffice_for_one() -> None:
    loads = machines([{"model": "NK" if n % 2 else "KSB", "load": n / 7} for n in range(7)])
    works = failing(loads, [SHORT] * 7, until=2.5 * SHORT)
    both = AgeSettings(by=("load", "model"), repairs=True)
    said = ages(loads, works, both).basis("bearing")
    assert said.startswith("age since it was last renewed and load; 14 of ")
    assert said.endswith("too few failures to tell lives apart by model")


def test_a_kind_with_few_failures_is_none_of_its_own() -> None:
    kinds = models(*["A"] * 6, *["B"] * 6, "C", "D")
    lasts = [SHORT] * 6 + [3 * SHORT] * 6 + [2 * SHORT] * 2
    known = ages(kinds, failing(kinds, lasts))
    assert new(known, 12) == new(known, 13)
    assert new(known, 0) < 0.6 * new(known, 12)


def test_what_all_have_alike_tells_nothing() -> None:
    known = ages(models(*["NK"] * 8), THREEFOLD, AgeSettings(by=("model", "load")))
    assert known.basis("bearing") == ages(TWO, THREEFOLD, AGE_ALONE).basis("bearing")


def test_by_a_number_the_one_with_more_load_lasts_less_long() -> None:
    loads = machines([{"load": n / 7} for n in range(8)])
    works = failing(loads, [SHORT * 3 ** (-n / 7) for n in range(8)])
    known = ages(loads, works, AgeSettings(by=("load",)))
    middles = [new(known, number) for number in range(8)]
    assert middles == sorted(middles, reverse=True)
    assert middles[0] > 1.8 * middles[-1]


def repaired(number: int, twice: bool = False) -> list[WorkEvent]:
    """A part that lasts 1000 hours when new, and 400 after a repair; then a new one comes."""
    at, done = 0, []
    for turn, (hours, work) in enumerate(
        [(1000, Work.REPAIRED), (400, Work.REPLACED), (1000, Work.REPAIRED)]
    ):
        at += round((hours + 13 * number) * HOUR)
        one = WorkEvent(TWO[number].id, at, work, "B", "", "bearing", id=f"{number} {turn}")
        done += [one, replace(one, at=at + 3 * HOUR, id=f"{one.id} more")] if twice else [one]
    return done


@pytest.mark.parametrize("twice", [False, True])
def test_repairs_before_count_until_a_new_part_comes(twice: bool) -> None:
    works = [one for number in range(8) for one in repaired(number, twice)]
    one = repaired(0, twice)[-1]
    works.append(replace(one, at=one.at + 500 * HOUR, work=Work.REPLACED, id="last"))
    known = ages(TWO, works, AgeSettings(repairs=True))
    assert known.basis("bearing").startswith("age since it was last renewed and repairs before; 25")
    assert new(known, 0) > 1.6 * new(known, 1)


def test_a_part_far_older_than_all_is_declined(threefold: Ages) -> None:
    left = threefold.left("bearing", 0, THREEFOLD[-1].at + 100_000 * HOUR)
    assert isinstance(left, CannotSay)
    assert left.reason == "new_regime"


def test_what_some_machine_lacks_is_left_out_and_named() -> None:
    lacking = (*TWO[:-1], replace(TWO[-1], attributes={"load": 0.5}))
    by, alone = ages(lacking, THREEFOLD), ages(lacking, THREEFOLD, AGE_ALONE)
    said = f"{alone.basis('bearing')}; not every machine says its model"
    assert by.basis("bearing") == said
    at = THREEFOLD[-1].at
    assert by.left("bearing", 0, at) == alone.left("bearing", 0, at)


@pytest.mark.parametrize(("load", "said"), [(7.9, True), (8.1, False), (4.1, True), (3.9, False)])
def test_of_a_machine_far_from_all_that_was_learned_from_nothing_is_said(
    load: float, said: bool
) -> None:
    """It was new a little before the last work, so that its own life is on record, but tells none.

    The others' loads are 5 to 7.
    """
    loads = machines([{"load": 5 + n * 2 / 7} for n in range(8)] + [{"load": load}])
    works = failing(loads[:-1], [SHORT * 3 ** (-n / 7) for n in range(8)])
    new = max(one.at for one in works) - 10 * HOUR
    known = ages((*loads[:-1], replace(loads[-1], installed=new)), works, AgeSettings(by=("load",)))
    left = known.left("bearing", 8, new + 20 * HOUR)
    assert isinstance(left, Remaining) == said
    assert said or (isinstance(left, CannotSay) and left.reason == "new_regime")
