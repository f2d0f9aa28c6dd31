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
    """Find a channel over one by which nothing is judged, or in another unit; or not judged."""
    place = ("channels", channel, "over")
    name = document.get(*place)
    if not isinstance(name, str) or name not in document.block("channels"):
        return
    if _part(document, channel) != "use":
        yield document.fault(place, f"{channel} is not judged, so it is over nothing")
        return
    if _part(document, name) != "context":
        said = "must have role: operating, and no other grade, to be what others are over"
        yield document.fault(place, f"{name} {said}")
        return
    ours, theirs = (document.get("channels", one, "unit") or "" for one in (channel, name))
    if ours != theirs:
        said = f"{channel} is in {ours or 'no unit'} and {name} in {theirs or 'no unit'}"
        yield document.fault(place, f"{said}; both must be in the same unit")


def _part(document: Document, channel: str) -> str:
    """Tell what detectors do with a channel, in the words of `grade`."""
    by_role = {"operating": "context", "counter": "leave_out"}
    role, grade = (document.get("channels", channel, key) for key in ("role", "grade"))
    return grade if isinstance(grade, str) else by_role.get(str(role), "use")
