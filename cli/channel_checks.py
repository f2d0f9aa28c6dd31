"""Whether the channels of an asset class are sound: their units, and what they are judged over."""

from __future__ import annotations

from collections.abc import Iterator

from core.document import Document
from core.errors import Fault
from core.plant import AssetClass, Treatment
from core.units import scale
from models.parts import treatment


def check_units(document: Document) -> Iterator[Fault]:
    """Find units that cannot be."""
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


def over_nothing(made: AssetClass, document: Document) -> Iterator[Fault]:
    """Find channels over one by which nothing is judged, or in another unit; or not judged."""
    for channel in made.channels:
        if channel.over is None:
            continue
        place, beneath = ("channels", channel.name, "over"), made.channel(channel.over)
        if treatment(channel) is not Treatment.USE:
            yield document.fault(place, f"{channel.name} is not judged, so it is over nothing")
        elif treatment(beneath) is not Treatment.CONTEXT:
            said = "must have role: operating, and no other grade, to be what others are over"
            yield document.fault(place, f"{beneath.name} {said}")
        elif channel.unit != beneath.unit:
            units = f"{channel.name} is in {channel.unit or 'no unit'} and {beneath.name} in"
            said = f"{units} {beneath.unit or 'no unit'}; both must be in the same unit"
            yield document.fault(place, said)
