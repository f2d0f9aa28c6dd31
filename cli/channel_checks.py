"""Whether the channels of an asset class are sound: their units, and what they are judged over."""

from __future__ import annotations

from collections.abc import Iterator

from core.document import Document
from core.errors import Fault
from core.units import scale


def check_channels(document: Document) -> Iterator[Fault]:
    """Find units that cannot be, and channels over one that tells nothing of the conditions."""
    yield from _units(document)
    for channel in document.block("channels"):
        yield from _beneath(document, channel)


def _units(document: Document) -> Iterator[Fault]:
    for name in document.block("channels"):
        channel = document.block("channels", name)
        unit, sent = channel.get("unit"), channel.get("payload_unit")
        faulty = False
        for key, text in (("unit", unit), ("payload_unit", sent)):
            try:
                scale(text) if isinstance(text, str) else None
            except ValueError as error:
                faulty = True
                yield document.fault(("channels", name, key), str(error))
        if faulty or not isinstance(unit, str) or not isinstance(sent, str):
            continue
        try:
            scale(unit, sent)
        except ValueError as error:
            yield document.fault(("channels", name, "payload_unit"), str(error))


def _beneath(document: Document, channel: str) -> Iterator[Fault]:
    """Find a channel over one that does not tell how the machine is used, or in another unit."""
    place = ("channels", channel, "over")
    name = document.get(*place)
    if not isinstance(name, str) or name not in document.block("channels"):
        return
    if document.get("channels", name, "role") != "operating":
        yield document.fault(place, f"{name} must have role: operating to be what others are over")
        return
    ours, theirs = (document.get("channels", one, "unit") for one in (channel, name))
    if ours != theirs:
        said = f"{channel} is in {ours or 'no unit'} and {name} in {theirs or 'no unit'}"
        yield document.fault(place, f"{said}; both must be in the same unit")
