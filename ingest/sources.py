"""Where messages come from: a topic template, how such payloads are read, and whose they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Field, StringConstraints

from core.clock import Span
from core.ledger import DEFAULT_SOURCE
from core.plant import Asset, Channel
from core.readings import Floats
from core.rejection import Reason
from core.settings import Settings
from core.suggestion import quoted
from core.units import scale
from ingest.decoders.registry import DecoderSettings, build
from ingest.directory import Directory
from ingest.form import Form
from ingest.payload import Bad
from ingest.topics import TopicTemplate, check_template

PLAIN = DEFAULT_SOURCE
"""The name of the source that `ingest.topic` describes."""

_MOST_SHAPES = 1000
_MOST_HEFT, _HEFT = 4_000_000, 60
"""So many bytes the names of all kept shapes may have, each with what holds it."""

_MOST_TARGETS = 4096


class SourceSettings(Settings):
    """One kind of message besides the default one.

    What a payload or topic calls an asset is looked up in `assets`, and put into
    `{site}/{area}/{asset}` where it is no id by itself; `site` and `area` stand for levels that
    the topic does not name, and `asset` makes a name of several named levels. `channels` and
    `units` go by the payload's names. With `others: ignore` names that are no channel are passed
    over. With `time: arrival` a message without a time of its own is stamped when it comes.
    """

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
    topic: Annotated[str, AfterValidator(check_template)]
    decoder: DecoderSettings
    site: str | None = None
    area: str | None = None
    asset: str | None = None
    assets: dict[str, str] = Field(default_factory=dict)
    channels: dict[str, str] = Field(default_factory=dict)
    units: dict[str, str] = Field(default_factory=dict)
    others: Literal["refuse", "ignore"] = "refuse"
    time: Literal["payload", "arrival"] = "payload"


@dataclass(frozen=True, slots=True)
class Shape:
    """How the values of one set of names become channels of one class.

    `pick[k]` is the place of a value among the payload's, `columns[k]` its channel, and
    `factor[k]`, `offset[k]` make it canonical. Without `sound` there is something to be said
    about a name, so each message is to be looked at by itself.
    """

    pick: NDArray[np.intp]
    columns: NDArray[np.intp]
    factor: Floats
    offset: Floats
    width: int
    sound: bool


@dataclass(slots=True)
class Target:
    """An asset as columns know it."""

    form: Form
    row: int


@dataclass(slots=True)
class Route:
    """The way of one topic: its source and what its levels said.

    `targets` is a bounded cache of assets that are known.
    """

    source: Source
    captured: Mapping[str, str]
    targets: dict[str, Target] = field(default_factory=dict)

    def remember(self, said: str, target: Target) -> Target:
        """Keep where what a payload calls an asset leads to."""
        if len(self.targets) >= _MOST_TARGETS:
            self.targets.clear()
        self.targets[said] = target
        return target


class Source:
    """A source as ingest works with it."""

    def __init__(self, settings: SourceSettings, directory: Directory) -> None:
        self.settings = settings
        self.name = settings.name
        self.template = TopicTemplate(settings.topic)
        self.decoder = build(settings.decoder)
        self.join: Span = getattr(settings.decoder, "join", 0)
        self.numbered: bool = getattr(self.decoder, "numbered", False)
        self.stamps = settings.time == "arrival"
        self._directory = directory
        self._shapes: dict[tuple[str, object], Shape] = {}
        self._heft = 0

    def asset(self, captured: Mapping[str, str], said: str) -> Asset | Bad:
        """Find the asset that a payload or, where it names none, a topic speaks of."""
        found = self.asset_id(captured, said)
        return self._directory.find(found) if isinstance(found, str) else found

    def knows(self, asset_id: str) -> bool:
        """Tell whether an asset is in the plant."""
        return self._directory.knows(asset_id)

    def asset_id(self, captured: Mapping[str, str], said: str) -> str | Bad:
        """Read the id of the asset that a payload or a topic speaks of, known or not."""
        settings = self.settings
        known = {"site": settings.site, "area": settings.area, **captured}
        try:
            name = said or (settings.asset or "{asset}").format_map(known)
        except (KeyError, IndexError, ValueError):
            detail = f"neither topic nor payload names an asset; see source {settings.name}"
            return Bad(Reason.UNKNOWN_ASSET, detail)
        name = settings.assets.get(name, name)
        if "/" in name:
            return name
        for level in ("site", "area"):
            if known.get(level) is None:
                detail = f"nothing says the {level} of {quoted(name[:80])}; set {level} in source"
                return Bad(Reason.UNKNOWN_ASSET, f"{detail} {settings.name}")
        return f"{known['site']}/{known['area']}/{name}"

    def channel(self, form: Form, name: str) -> int | None:
        """Find the column of a payload's name; None where it is no channel."""
        return form.column.get(self.settings.channels.get(name, name))

    def scale(self, channel: Channel, name: str, unit: str | None) -> tuple[float, float]:
        """Tell how a value becomes canonical; `Bad` where its unit does not fit the channel."""
        unit = unit or self.settings.units.get(name)
        if unit is None:
            return channel.factor, channel.offset
        try:
            found = scale(channel.unit, unit)
        except ValueError as error:
            raise Bad(Reason.BAD_UNIT, f"{channel.name}: {error}") from None
        return found.factor, found.offset

    def shape(self, form: Form, names: tuple[str, ...], units: Mapping[str, str]) -> Shape:
        """Work out how a set of names becomes channels; what is known is kept, within bounds."""
        key = (form.name, (names, tuple(units.items())) if units else names)
        found = self._shapes.get(key)
        if found is None:
            found = self._shape(form, names, units)
            heft = sum(_HEFT + len(name) for name in names) * (1 + bool(units))
            if len(self._shapes) >= _MOST_SHAPES or self._heft + heft > _MOST_HEFT:
                self._shapes.clear()
                self._heft = 0
            if heft <= _MOST_HEFT:
                self._shapes[key] = found
                self._heft += heft
        return found

    def _shape(self, form: Form, names: tuple[str, ...], units: Mapping[str, str]) -> Shape:
        pick, columns, scales, sound = [], [], [], True
        for place, name in enumerate(names):
            column = self.channel(form, name)
            if column is None:
                sound = sound and self.settings.others == "ignore"
                continue
            try:
                scales.append(self.scale(form.channels[column], name, units.get(name)))
            except Bad:
                sound = False
                continue
            pick.append(place)
            columns.append(column)
        made = np.array(scales, np.float64).reshape(-1, 2)
        return Shape(
            np.array(pick, np.intp),
            np.array(columns, np.intp),
            made[:, 0],
            made[:, 1],
            len(names),
            sound and bool(pick) and len(set(columns)) == len(columns),
        )
