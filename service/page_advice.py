"""What the page shows of waiting and acting: the options of a case, and cases ranked by cost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.alert import Alert
from core.clock import Instant
from core.cost import amount
from core.life import CannotSay
from core.plant import Plant
from service.advice import (
    NO_COSTS,
    NO_STOP,
    Advised,
    Option,
    advised,
    in_words,
    named,
    ranking,
    to_weigh,
)
from service.page_words import heading
from service.words import local_time


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a case: when, what is known of that stop, the chance and the cost."""

    when: str
    hint: str
    fails: str
    cost: str
    best: bool


@dataclass(frozen=True, slots=True)
class Options:
    """The options of one case and what they rest on; `why` where there are none."""

    choices: tuple[Choice, ...]
    rests_on: str
    why: str


@dataclass(frozen=True, slots=True)
class Rank:
    """One case in the ranking; `why` where it cannot be weighed."""

    id: str
    label: str
    heading: str
    words: str
    best: str = ""
    saved: str = ""
    now: str = ""
    wait: str = ""
    fails: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Ranking:
    """The cases of machines, ranked; none where none can be weighed, `why` if that can be mended.

    `place` tells for each that is weighed which it is.
    """

    ranks: tuple[Rank, ...]
    why: str
    place: dict[str, int]

    def of(self, case: str) -> Rank | None:
        """Find a case that is weighed, by its id."""
        return self.ranks[self.place[case]] if case in self.place else None


def options(alert: Alert, plant: Plant, now: Instant) -> Options | None:
    """Lay out the options of a case; None where it is over or not about a machine."""
    if not to_weigh(alert):
        return None
    found = advised(alert, plant, now)
    if isinstance(found, CannotSay):
        return Options((), "", found.words)
    choices = tuple(_choice(option, found) for option in found.options)
    return Options(choices, found.advice.rests_on, "")


def ranked(alerts: Iterable[Alert], plant: Plant, now: Instant) -> Ranking:
    """Rank the open cases of machines, those that cannot be weighed last."""
    found = ranking(filter(to_weigh, alerts), plant, now)
    weighed = [alert.id for alert, said in found if isinstance(said, Advised)]
    why = next((said.words for _, said in found if said in (NO_COSTS, NO_STOP)), "")
    if not weighed:
        return Ranking((), why, {})
    ranks = tuple(_rank(alert, said, plant) for alert, said in found)
    return Ranking(ranks, "", {case: place for place, case in enumerate(weighed)})


def _rank(alert: Alert, said: Advised | CannotSay, plant: Plant) -> Rank:
    asset = plant.assets.get(alert.asset)
    label = alert.asset if asset is None else asset.label
    given = alert.id, label, heading(alert, label), in_words(said)
    if isinstance(said, CannotSay):
        return Rank(*given, why=said.words)
    waiting = said.advice.waiting
    return Rank(
        *given,
        best=named(said.best, said.at),
        saved=f"saves {amount(-waiting)}" if waiting < 0 else f"costs {amount(waiting)} more",
        now=amount(said.options[0].cost),
        wait=amount(said.first.cost),
        fails="" if said.first.stop is None else said.first.stop.words,
    )


def _choice(option: Option, found: Advised) -> Choice:
    stop, best = option.stop, option == found.best
    if stop is None:
        return Choice("Now", "outside of a planned stop", "", amount(option.cost), best)
    begins = f"{stop.stop.name}, {local_time(stop.at, stop.stop.timezone)}"
    when = named(option, found.at)
    return Choice(f"{when[:1].upper()}{when[1:]}", begins, stop.words, amount(option.cost), best)
