"""From what engineers write to what the service works with: units, spans and defaults resolved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from math import inf
from zoneinfo import ZoneInfo

from cli.channel_text import ChannelText
from cli.class_text import ClassText, ModesText, RuleText
from cli.failure_text import failure_mode
from cli.plant_text import PlantText, StopText
from core.clock import Instant, from_datetime
from core.document import Document
from core.errors import Fault
from core.plant import (
    Asset,
    AssetClass,
    Channel,
    ModeRule,
    NamedDetector,
    RegimeRule,
    RuleSpec,
    Site,
)
from core.stop import Stop
from core.suggestion import quoted
from core.units import scale
from models.registry import build, build_health


def sites_of(plant: PlantText) -> dict[str, Site]:
    """Make the sites, by name."""
    return {
        name: Site(name, site.timezone, site.title, _stops(plant.stops + site.stops, site.timezone))
        for name, site in plant.sites.items()
    }


def _stops(stops: Iterable[StopText], timezone: str) -> tuple[Stop, ...]:
    return tuple(
        Stop(stop.name, datetime.fromisoformat(stop.start), timezone, stop.every or 0)
        for stop in stops
    )


def assets_of(plant: PlantText) -> dict[str, Asset]:
    """Make the assets, by id."""
    made = [
        Asset(
            site_name,
            area_name,
            name,
            asset.asset_class,
            asset.title,
            asset.clock,
            dict(asset.attributes),
            asset.judged_at,
            asset.costs,
            _day(asset.installed, site.timezone),
        )
        for site_name, site in plant.sites.items()
        for area_name, area in site.areas.items()
        for name, asset in area.assets.items()
    ]
    return {asset.id: asset for asset in made}


def _day(text: str | None, timezone: str) -> Instant | None:
    """Tell when a day begins, by the clock of a site."""
    if text is None:
        return None
    return from_datetime(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(timezone)))


def asset_class_of(name: str, text: ClassText) -> AssetClass:
    """Make an asset class whose units are known to be sound."""
    return AssetClass(
        name=name,
        channels=tuple(_channel(each, channel) for each, channel in text.channels.items()),
        title=text.title,
        modes=_modes(text.modes),
        regimes=RegimeRule(**dict(text.regimes)),
        detectors=tuple(NamedDetector(each, found) for each, found in text.detectors.items()),
        rules=tuple(_rule(each, rule) for each, rule in text.rules.items()),
        failure_modes=tuple(failure_mode(each, mode) for each, mode in text.failure_modes.items()),
        health=text.health,
        silent_after=text.silent_after,
        stuck_after=text.stuck_after,
        catching_up_after=text.catching_up_after,
        false_alerts=text.false_alerts,
        costs=text.costs,
        runs=text.runs,
        ages=text.ages,
    )


def _channel(name: str, text: ChannelText) -> Channel:
    low, high = text.range
    resolved = scale(text.unit, text.payload_unit)
    return Channel(
        name,
        text.unit,
        -inf if low is None else low,
        inf if high is None else high,
        text.max_rate,
        text.role,
        text.title,
        resolved.factor,
        resolved.offset,
        text.reporting,
        text.max_age,
        dict(text.states),
        text.grade,
        text.over,
    )


def _modes(text: ModesText | None) -> ModeRule:
    if text is None:
        return ModeRule()
    running = text.off_below if text.running_above is None else text.running_above
    return ModeRule(text.channel, text.off_below, running, text.starting_for)


def _rule(name: str, text: RuleText) -> RuleSpec:
    return RuleSpec(name, **dict(text))


def unfit(made: AssetClass, document: Document) -> Iterator[Fault]:
    """Find what detectors and health models themselves have against their class."""
    for named in made.detectors:
        try:
            build(named, made, ())
        except ValueError as error:
            yield document.fault(("detectors", named.name), str(error))
    seen: set[str] = set()
    for number, settings in enumerate(made.healths):
        place = ("health", number) if isinstance(made.health, tuple) else ("health",)
        try:
            model = build_health(replace(made, health=settings), ())
        except ValueError as error:
            yield document.fault(place, str(error))
            continue
        mode = "" if model is None else model.failure_mode
        if mode in seen:
            yield document.fault(place, f"failure mode {quoted(mode)} is followed twice")
        seen.add(mode)
