"""The form of `plant.yaml`: sites, areas and assets as engineers write them."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from typing import Annotated, TypeAlias
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from core.clock import DAY, HOUR, MINUTE, SECOND
from core.plant import ClockPolicy, Place
from core.quantity import Duration
from core.settings import Settings
from core.suggestion import closest, quoted
from core.validation import NAME_PATTERN

Name: TypeAlias = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
"""What topics and commands call a thing."""


@cache
def _zones() -> tuple[str, ...]:
    return tuple(sorted(available_timezones()))


def _check_timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        near = closest(name, _zones(), 3)
        meant = f"did you mean {' or '.join(map(quoted, near))}? " if near else ""
        msg = f'unknown time zone {quoted(name)}; {meant}known: IANA names such as "Asia/Karachi"'
        raise ValueError(msg) from None
    return name


class Text(Settings):
    """A block of a file; the sentence under each field is what editors show."""

    model_config = ConfigDict(use_attribute_docstrings=True)


def _check_start(text: str) -> str:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is not None or len(text) < len("2026-12-03T06:00"):
        msg = f"{quoted(text)} is not a wall time at the site; write it like 2026-12-03T06:00"
        raise ValueError(msg)
    return text


def _check_day(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError:
        msg = f"{quoted(text)} is not a day; write it like 2024-03-01"
        raise ValueError(msg) from None
    return text


class StopText(Text):
    """A planned stop, in which machines can be worked on."""

    name: Annotated[str, StringConstraints(pattern=r"\S", max_length=60)]
    """What people call it, in any language."""
    start: Annotated[str, AfterValidator(_check_start)]
    """When it begins, by the clock of the site: 2026-12-03T06:00."""
    every: Annotated[Duration, Field(ge=HOUR)] | None = None
    """After how long it comes again, at the same wall time where that is whole days; else once."""


class CostText(Text):
    """What work on a machine and its failure cost, in any one currency."""

    planned: float = Field(ge=0)
    """Work in a planned stop."""
    failure: float = Field(ge=0)
    """A failure: its repair and what it damages, beside the standstill."""
    per_day: float = Field(0.0, ge=0)
    """A day of standstill outside of a planned stop."""
    stand_now: Duration = Field(12 * HOUR, ge=0)
    """How long the machine stands for work that is done at once."""
    stand_failure: Duration = Field(2 * DAY, ge=0)
    """How long it stands after a failure."""
    lasts: Annotated[Duration, Field(ge=HOUR)] | None = None
    """How long such work usually lasts; without it, use until a later stop is worth nothing."""


class AssetText(Text):
    """One machine."""

    asset_class: str = Field(alias="class")
    """The kind of machine: the name of a file in classes/, without .yaml."""
    title: str = ""
    """The words people know it by, in any language."""
    clock: ClockPolicy = ClockPolicy.DEVICE
    """Whose clock stamps its readings: its own, ours on arrival, or its own put right by ours."""
    judged_at: Place = Place.SITE
    """Who judges it: the Millwright at its site, or the centre that this site forwards to."""
    costs: str = ""
    """What work on it costs: one of `costs`; that of its class where it is left out."""
    installed: Annotated[str, AfterValidator(_check_day)] | None = None
    """The day on which it was new, such as 2024-03-01: its parts have an age from then on."""
    attributes: dict[Name, float | str] = Field(default_factory=dict)
    """Whatever else is worth knowing of it, such as power_kw: 55."""


class AreaText(Text):
    """A part of a site."""

    assets: dict[Name, AssetText] = Field(default_factory=dict)
    """The machines that stand there, by the name they publish under."""


class SiteText(Text):
    """A place with one civil clock."""

    timezone: Annotated[str, AfterValidator(_check_timezone)]
    """Its IANA time zone, such as Asia/Karachi."""
    title: str = ""
    """The words people know it by, in any language."""
    areas: dict[Name, AreaText] = Field(default_factory=dict)
    """Its parts, by the name they have in topics."""
    stops: tuple[StopText, ...] = ()
    """When its machines stand still anyway; what fails before the next of them is told so."""


class PlantText(Text):
    """The whole of `plant.yaml`."""

    sites: dict[Name, SiteText] = Field(min_length=1)
    """The places of the plant, by the name they have in topics."""
    too_early: Duration = Field(5 * MINUTE, ge=0)
    """How far a reading's time may lie ahead of ours before it is refused."""
    tick_every: Duration = Field(10 * SECOND, ge=SECOND)
    """How often the journal notes that time has passed, so that silence is noticed."""
    gone_after: Duration = Field(MINUTE, ge=0)
    """How long a device may be gone before that is a case; a shorter absence is told to nobody."""
    stops: tuple[StopText, ...] = ()
    """Planned stops of all sites, each by its own clock, besides those of a site."""
    costs: dict[Name, CostText] = Field(default_factory=dict)
    """What work and failures cost, by names that classes and assets give; else `standard`."""
