"""What an engineer can set about Sparkplug: who we are, what belongs to which asset, rebirths."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from core.clock import MINUTE, SECOND
from core.quantity import Duration, Size, within
from core.settings import Settings

SOURCE = "sparkplug"
"""What journal and ledger call all that comes by Sparkplug."""

_FIELD = re.compile(r"\{([^{}]*)\}")


def _level(name: str) -> str:
    if not name or set(name) & set("+#/") or not name.isprintable():
        msg = f"{name!r} is empty, or has one of + # / in it"
        raise ValueError(msg)
    return name


def _template(*fields: str) -> AfterValidator:
    def check(template: str) -> str:
        parts = template.split("/")
        named = _FIELD.findall(template)
        plain = _FIELD.sub("", template)
        if len(parts) != 3 or not all(parts) or set(named) - set(fields) or set(plain) & set("{}"):
            allowed = ", ".join(f"{{{field}}}" for field in fields)
            msg = f"{template!r} must be SITE/AREA/ASSET, of fixed text and {allowed}"
            raise ValueError(msg)
        return template

    return AfterValidator(check)


Level = Annotated[str, AfterValidator(_level)]


class PlaceSettings(Settings):
    """One node or device that belongs to an asset of another name.

    Without `device` it is the node itself. `channels` names metrics that have other names.
    """

    group: Level
    node: Level
    device: Level | None = None
    asset: Annotated[str, _template()]
    channels: dict[str, str] = Field(default_factory=dict)


class RebirthSettings(Settings):
    """Whether a node may be asked to say all of itself again, and how often.

    A request is a command to equipment of the plant, so it is never sent unless it is allowed.
    """

    allowed: bool = False
    per_node: Annotated[Duration, within("1s")] = MINUTE
    per_minute: int = Field(default=60, ge=1, le=6000)


class SparkplugSettings(Settings):
    """A Sparkplug B host application beside the other sources; the block itself turns it on.

    `asset` says which asset a device belongs to, `node_asset` which one a node's own metrics do;
    without it they are not telemetry. `channels` names metrics that have other names everywhere.
    """

    host_id: Level = "millwright"
    groups: tuple[Level, ...] = ()
    asset: Annotated[str, _template("group", "node", "device")] = "{group}/{node}/{device}"
    node_asset: Annotated[str, _template("group", "node")] | None = None
    mapping: tuple[PlaceSettings, ...] = ()
    channels: dict[str, str] = Field(default_factory=dict)
    reporting: Literal["on_change", "periodic"] = "on_change"
    datasets: Literal["rows", "refuse"] = "rows"
    reorder_timeout: Annotated[Duration, within("0s", "1min")] = 2 * SECOND
    rebirth: RebirthSettings = Field(default_factory=lambda: RebirthSettings.model_validate({}))
    max_payload: Annotated[Size, within("1kB", "16MB")] = 1_000_000
    max_metrics: int = Field(default=5000, ge=1, le=100_000)
    max_nodes: int = Field(default=2000, ge=1, le=20_000)
