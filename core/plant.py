"""What exists: plants, sites, assets, their classes and channels.

These are the resolved forms: units are canonical, spans are nanoseconds, defaults are filled in.
The text forms that engineers write, and their checking, stand in `cli/configuration.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from core.age_settings import AGE_ALONE, AgeSettings
from core.clock import DAY, HOUR, MINUTE, SECOND, Instant, Span
from core.cost import STANDARD, CostClass
from core.deviation import Kind, Movement
from core.run_settings import RunSettings
from core.settings import Settings
from core.stop import Stop, coming, next_stop

SERVICE_ASSET = "millwright"
"""The asset id under which cases about the service itself are kept."""


class Role(StrEnum):
    """What a channel is for: to be judged, to judge by, or to count."""

    CONDITION = "condition"
    OPERATING = "operating"
    COUNTER = "counter"


class Treatment(StrEnum):
    """What models do with a channel: judge it, judge others by it, or pass it over."""

    USE = "use"
    CONTEXT = "context"
    LEAVE_OUT = "leave_out"


class Mode(IntEnum):
    """What a machine is doing; the integer form is what columns carry.

    From `RUNNING` on it runs: in a regime that was learned, on the way from one to another, or as
    it never did while it was learned.
    """

    UNKNOWN = 0
    OFF = 1
    IDLE = 2
    STARTING = 3
    RUNNING = 4
    TRANSITION = 5
    NEW_REGIME = 6

    @property
    def words(self) -> str:
        """The words people know it by."""
        return self.name.lower().replace("_", " ")


class ClockPolicy(StrEnum):
    """Whose clock stamps an asset's readings."""

    DEVICE = "device"
    ARRIVAL = "arrival"
    CORRECTED = "corrected"


class Reporting(StrEnum):
    """When a channel is sent: again and again, or only when it changes."""

    PERIODIC = "periodic"
    ON_CHANGE = "on_change"


class Place(StrEnum):
    """Where a Millwright stands: by the machines, or where several sites come together."""

    SITE = "site"
    CENTRE = "centre"


class Severity(StrEnum):
    """How soon a person should look, mildest first."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Order severities: a larger number is more urgent."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True)
class Channel:
    """One measured quantity of an asset class, in its canonical unit.

    `low` and `high` bound what is physically possible. `max_rate` is the largest believable
    change in units per second. A payload's number becomes canonical by `factor` and `offset`.
    `states` maps what a device says in words, or as true and false, to numbers. A value of a
    channel that is reported `on_change` holds for at most `max_age` while its device is there.
    `grade` overrules the verdict of grading. It is judged by how far it is over the channel `over`.
    """

    name: str
    unit: str = ""
    low: float = float("-inf")
    high: float = float("inf")
    max_rate: float | None = None
    role: Role = Role.CONDITION
    title: str = ""
    factor: float = 1.0
    offset: float = 0.0
    reporting: Reporting = Reporting.PERIODIC
    max_age: Span = HOUR
    states: dict[str, float] = field(default_factory=dict)
    grade: Treatment | None = None
    over: str | None = None

    @property
    def label(self) -> str:
        """The words a person knows the channel by."""
        return self.title or self.name.replace("_", " ")


@dataclass(frozen=True, slots=True)
class ModeRule:
    """How an operating channel tells the mode.

    Below `off_below` the machine is off, below `running_above` idle, above it running, and
    `starting` for `starting_for` after it came up. Without a channel it always runs.
    """

    channel: str | None = None
    off_below: float = 0.0
    running_above: float = 0.0
    starting_for: Span = 0


@dataclass(frozen=True, slots=True)
class RegimeRule:
    """How running regimes are told apart.

    Without `channels`, by all operating ones that are no temperatures; empty, not at all. `settle`
    is how long the machine takes to settle after a change, learned where it is None. That a regime
    is new is said once it has lasted for `new_after`.
    """

    channels: tuple[str, ...] | None = None
    settle: Span | None = None
    new_after: Span = 30 * MINUTE


@dataclass(frozen=True, slots=True)
class RuleSpec:
    """When a score becomes a finding, and which case it belongs to.

    `detector` names one of the class's detectors. A rule turns on when the score has been at
    least `at_score` for `on_delay` of event time, and off when it has been below
    `at_score * (1 - deadband)` for `off_delay`; what a learned detector tells again and again
    stands on between.
    """

    name: str
    detector: str
    severity: Severity = Severity.WARNING
    group: str = "machine"
    at_score: float = 1.0
    on_delay: Span = 0
    off_delay: Span = 0
    deadband: float = 0.05
    title: str = ""
    action: str = ""


@dataclass(frozen=True, slots=True)
class Sign:
    """How one channel shows a failure mode: which way it goes, and in which of some kinds.

    Without kinds, in any.
    """

    channel: str
    movement: Movement = Movement.MOVES
    kinds: tuple[Kind, ...] = ()


@dataclass(frozen=True, slots=True)
class FailureMode:
    """One way in which a machine of a class fails, how it shows and what to do.

    `signs` say how each channel goes, strongest first, those that stay steady with them. Where
    there are none, it is only known that `channels` move.
    """

    name: str
    title: str
    channels: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    signs: tuple[Sign, ...] = ()
    source: str = ""

    @property
    def signature(self) -> tuple[Sign, ...]:
        """How it shows, channel by channel."""
        return self.signs or tuple(Sign(channel) for channel in self.channels)


@dataclass(frozen=True, slots=True)
class NamedDetector:
    """A detector as a class uses it: the name rules refer to, and its settings."""

    name: str
    settings: Settings


@dataclass(frozen=True, slots=True)
class AssetClass:
    """What all machines of one kind share."""

    name: str
    channels: tuple[Channel, ...]
    title: str = ""
    modes: ModeRule = ModeRule()
    regimes: RegimeRule = RegimeRule()
    detectors: tuple[NamedDetector, ...] = ()
    rules: tuple[RuleSpec, ...] = ()
    failure_modes: tuple[FailureMode, ...] = ()
    health: Settings | tuple[Settings, ...] | None = None
    silent_after: Span = 15 * MINUTE
    stuck_after: Span = 6 * HOUR
    catching_up_after: Span = 5 * MINUTE
    false_alerts: float = 0.1
    costs: str = ""
    runs: RunSettings | None = None
    ages: AgeSettings = AGE_ALONE

    @property
    def healths(self) -> tuple[Settings, ...]:
        """The settings of its degradation models, one for each failure mode that is followed."""
        if self.health is None:
            return ()
        return self.health if isinstance(self.health, tuple) else (self.health,)

    @property
    def channel_names(self) -> tuple[str, ...]:
        """Names of the channels in their column order."""
        return tuple(channel.name for channel in self.channels)

    def channel(self, name: str) -> Channel:
        """Find a channel by its name; KeyError where there is none."""
        for channel in self.channels:
            if channel.name == name:
                return channel
        raise KeyError(name)


@dataclass(frozen=True, slots=True)
class Asset:
    """One machine. `id` is `site/area/name` and unique in the plant.

    `installed` is when it was new, where that is known.
    """

    site: str
    area: str
    name: str
    asset_class: str
    title: str = ""
    clock: ClockPolicy = ClockPolicy.DEVICE
    attributes: dict[str, float | str] = field(default_factory=dict)
    judged_at: Place = Place.SITE
    costs: str = ""
    installed: Instant | None = None

    @property
    def id(self) -> str:
        """The asset's path in the plant."""
        return f"{self.site}/{self.area}/{self.name}"

    @property
    def label(self) -> str:
        """The words a person knows the asset by."""
        return self.title or self.name


@dataclass(frozen=True, slots=True)
class Site:
    """A place with one civil clock. `timezone` is an IANA name; `stops` are planned there."""

    name: str
    timezone: str
    title: str = ""
    stops: tuple[Stop, ...] = ()


@dataclass(frozen=True, slots=True)
class Plant:
    """Everything that exists, looked up by id. `place` is where this Millwright stands.

    `senders` are the sites that forward to it; one that says nothing for `silent_sites` is silent.
    """

    sites: dict[str, Site]
    assets: dict[str, Asset]
    classes: dict[str, AssetClass]
    revision: str = ""
    too_early: Span = 5 * MINUTE
    retention: Span = 400 * DAY
    tick_every: Span = 10 * SECOND
    gone_after: Span = MINUTE
    place: Place = Place.SITE
    senders: tuple[str, ...] = ()
    silent_sites: Span = 5 * MINUTE
    costs: dict[str, CostClass] = field(default_factory=dict)

    def class_of(self, asset_id: str) -> AssetClass:
        """Find the class of an asset; KeyError where the asset is unknown."""
        return self.classes[self.assets[asset_id].asset_class]

    def assets_of(self, class_name: str) -> tuple[Asset, ...]:
        """List the assets of a class in the order of their ids."""
        found = [asset for asset in self.assets.values() if asset.asset_class == class_name]
        return tuple(sorted(found, key=lambda asset: asset.id))

    def stop_of(self, asset_id: str, at: Instant) -> tuple[Stop, Instant] | None:
        """Find the next planned stop of an asset after a moment, and when it begins."""
        asset = self.assets.get(asset_id)
        site = None if asset is None else self.sites.get(asset.site)
        return None if site is None else next_stop(site.stops, at)

    def stops_of(
        self, asset_id: str, at: Instant, until: Instant, most: int
    ) -> tuple[tuple[Stop, Instant], ...]:
        """List the planned stops of an asset after a moment: the next, and those to `until`."""
        asset = self.assets.get(asset_id)
        site = None if asset is None else self.sites.get(asset.site)
        return () if site is None else coming(site.stops, at, until, most)

    def costs_of(self, asset_id: str) -> CostClass | None:
        """Find what work on an asset costs: its own class of costs, its class's, the standard."""
        asset = self.assets.get(asset_id)
        if asset is None:
            return None
        return self.costs.get(asset.costs or self.class_of(asset_id).costs or STANDARD)

    def judges(self, asset_id: str) -> bool:
        """Tell whether an asset is judged here: one that is judged elsewhere is only stored."""
        asset = self.assets.get(asset_id)
        return asset is None or asset.judged_at is self.place
