"""Devices: which of those that speak for assets are there, and the case of one that is gone."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from core.clock import Instant, Span
from core.journal import DeviceChanged
from core.plant import SERVICE_ASSET, Asset, Plant
from core.readings import Instants
from service.finding import DATA, DEVICE, Finding
from service.presence import Presence
from service.words import local_time, timezone_of

OFFLINE = "offline: "
"""What the rule of a device that is gone is called, with its name behind it."""

NAMED = 5
"""So many machines of a device are named in its case, and how many more there are."""

STEADY = 3
"""After so many ticks with a link, what the broker kept for us meanwhile has come."""

_LONGEST_DETAIL = 200


class _Device(msgspec.Struct):
    """What is known of one. `case` is the asset and group under which it was told to be gone."""

    assets: tuple[str, ...]
    online: bool = True
    since: Instant = 0
    gone_for: Span = 0
    detail: str = ""
    case: tuple[str, str] | None = None


class _Memory(msgspec.Struct):
    """What lasts over a restart. `on_change` holds what births said of each asset's channels."""

    devices: dict[str, _Device] = {}
    on_change: dict[str, tuple[str, ...]] = {}
    last_tick: Instant | None = None
    linked_for: Span = 0


_decoder = msgspec.json.Decoder(_Memory)


class Devices:
    """Follows births and deaths. A device that speaks for no known asset is nothing to us.

    One that is back within the plant's `gone_after` was never gone for anybody but what it held.
    """

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self._memory = _Memory()
        self._speaks: dict[str, set[str]] = {}

    def changed(self, at: Instant, change: DeviceChanged) -> tuple[list[str], list[Finding]]:
        """Note what a device said; returns the assets that it speaks for and what that ends."""
        known = self._memory.devices.get(change.device)
        named = change.assets or (() if known is None else known.assets)
        assets = tuple(asset for asset in dict.fromkeys(named) if self._ours(asset))
        before = () if known is None else known.assets
        if not assets:
            return [], []
        device = known or _Device(assets)
        self._memory.devices[change.device] = device
        went = not change.online and (device.online or known is None)
        device.assets, device.online = assets, change.online
        device.detail = change.detail[:_LONGEST_DETAIL]
        if went:
            device.since, device.gone_for = at, 0
        self._mark(assets, change.on_change)
        self._index(change.device, before, assets)
        ended = []
        if change.online and device.case is not None:
            why = f"{change.device} is there again"
            ended.append(Finding(*device.case, OFFLINE + change.device, False, at, why=why))
            device.case = None
        return list(dict.fromkeys((*before, *assets))), ended

    def _ours(self, asset: str) -> bool:
        return asset in self._plant.assets and self._plant.judges(asset)

    def tick(self, at: Instant, span: Span, *, connected: bool) -> tuple[list[str], list[Finding]]:
        """Let time pass; returns the assets of devices that are gone for good, and says so."""
        assets: list[str] = []
        findings: list[Finding] = []
        self._count(at, span, connected=connected)
        if not connected:
            return assets, findings
        for name, device in self._memory.devices.items():
            if device.online or device.case is not None:
                continue
            device.gone_for += min(span, max(at - device.since, 0))
            if device.gone_for >= self._plant.gone_after:
                findings.append(self._gone(name, device, at))
                assets += device.assets
        return assets, findings

    @property
    def calm(self) -> bool:
        """Whether no device is known, so that ticks change nothing but the age of the link."""
        return not self._memory.devices

    def pass_by(self, ticks: Instants, spans: Instants) -> None:
        """Let connected ticks pass while no device is known; the last few tell how it ends."""
        last = slice(-STEADY - 2, None)
        for at, span in zip(ticks[last].tolist(), spans[last].tolist(), strict=True):
            self._count(at, span, connected=True)

    def _count(self, at: Instant, span: Span, *, connected: bool) -> None:
        """Add up for how long the link has stood, without a gap between ticks."""
        last, longest = self._memory.last_tick, STEADY * self._plant.tick_every
        whole = connected and last is not None and 0 <= at - last <= longest
        self._memory.linked_for = min(self._memory.linked_for + span, longest) if whole else 0
        self._memory.last_tick = at

    @property
    def steady(self) -> bool:
        """Whether the link has stood long enough that quiet means that nothing has changed."""
        return self._memory.linked_for >= STEADY * self._plant.tick_every

    def presence(self, asset: str) -> Presence:
        """Tell whether what speaks for an asset is there; one that is gone is enough."""
        devices = [self._memory.devices[name] for name in self._speaks.get(asset, ())]
        if not devices:
            return Presence.UNKNOWN
        if all(device.online for device in devices):
            return Presence.HERE
        told = any(device.case is not None for device in devices if not device.online)
        return Presence.OFFLINE if told else Presence.GONE

    def on_change(self, asset: str) -> tuple[str, ...]:
        """List the channels of an asset that births said are reported only when they change."""
        return self._memory.on_change.get(asset, ())

    def standing(self) -> set[tuple[str, str, str]]:
        """List the devices told to be gone, as asset, group and rule."""
        told = [(name, device.case) for name, device in self._memory.devices.items()]
        return {(*case, OFFLINE + name) for name, case in told if case is not None}

    def known(self) -> list[str]:
        """List the assets of which any device ever said something."""
        return sorted({*self._speaks, *self._memory.on_change})

    def save(self) -> bytes:
        """Return what a restart needs."""
        return msgspec.json.encode(self._memory)

    def restore(self, body: bytes) -> None:
        """Take over what `save` gave, but for assets that are no longer there."""
        self._memory = _decoder.decode(body)
        self._speaks = {}
        plant = {asset for asset in self._plant.assets if self._ours(asset)}
        for name, device in list(self._memory.devices.items()):
            device.assets = tuple(asset for asset in device.assets if asset in plant)
            if device.assets:
                self._index(name, (), device.assets)
            else:
                del self._memory.devices[name]
            if device.case is not None and device.case[0] not in {*plant, SERVICE_ASSET}:
                device.case = None
        marks = self._memory.on_change
        self._memory.on_change = {asset: names for asset, names in marks.items() if asset in plant}

    def _mark(self, assets: Iterable[str], channels: tuple[str, ...]) -> None:
        for asset in assets if channels else ():
            merged = dict.fromkeys((*self.on_change(asset), *channels))
            known = self._plant.class_of(asset).channel_names
            self._memory.on_change[asset] = tuple(name for name in merged if name in known)

    def _index(self, device: str, before: Iterable[str], after: Iterable[str]) -> None:
        for asset in before:
            self._speaks.get(asset, set()).discard(device)
        for asset in after:
            self._speaks.setdefault(asset, set()).add(device)

    def _gone(self, name: str, device: _Device, at: Instant) -> Finding:
        """Say it once: of a single machine in the case of its data, of several in one of their own.

        Its machines are not told one by one to be silent: their silence is explained.
        """
        assets = [self._plant.assets[asset] for asset in device.assets]
        first = assets[0]
        since = local_time(device.since, timezone_of(first.id, self._plant))
        detail = f" {device.detail}" if device.detail else ""
        alone = len(assets) == 1
        device.case = (first.id, DATA) if alone else (SERVICE_ASSET, DEVICE + name)
        if alone:
            title = f"{first.label}: cannot judge, its device is offline since {since}"
            summary = f"The device {name} is offline.{detail}"
        else:
            title = f"Device {name} is offline since {since}: {len(assets)} machines not judged"
            summary = f"It speaks for {_named(assets)}.{detail}"
        words = f"{summary} What it last said no longer counts."
        return Finding(*device.case, OFFLINE + name, True, at, title=title, summary=words)


def _named(assets: list[Asset]) -> str:
    labels = [asset.label for asset in assets[:NAMED]]
    if len(assets) > NAMED:
        return f"{', '.join(labels)} and {len(assets) - NAMED} more"
    return f"{', '.join(labels[:-1])} and {labels[-1]}"
