"""Whether the plant and its classes fit together: names in one that refer to the other.

They look at the plain data, so that one fault doesn't hide the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from core.document import Document, Place
from core.errors import Fault
from core.suggestion import unknown


def check_plant(plant: Document, classes: Mapping[str, Document | None]) -> Iterator[Fault]:
    """Find classes, costs and attributes that are named and not there."""
    costs = plant.block("costs")
    for place in _assets(plant):
        yield from _told_apart(plant, place, classes)
        yield from _known(plant, (*place, "class"), "class", classes)
        yield from _known(plant, (*place, "costs"), "costs", costs)
    for document in classes.values():
        if document is not None:
            yield from _known(document, ("costs",), "costs", costs)


def _assets(plant: Document) -> Iterator[Place]:
    for site in plant.block("sites"):
        for area in plant.block("sites", site, "areas"):
            for asset in plant.block("sites", site, "areas", area, "assets"):
                yield ("sites", site, "areas", area, "assets", asset)


def _known(document: Document, place: Place, what: str, names: Iterable[str]) -> Iterator[Fault]:
    name = document.get(*place)
    if isinstance(name, str) and name not in names and (name or what == "class"):
        yield document.fault(place, unknown(what, name, names))


def _told_apart(
    plant: Document, place: Place, classes: Mapping[str, Document | None]
) -> Iterator[Fault]:
    """Find attributes that an asset lacks though lives of its class are told apart by them."""
    name = plant.get(*place, "class")
    document = classes.get(name) if isinstance(name, str) else None
    asked = None if document is None else document.get("ages", "by")
    attributes = plant.block(*place, "attributes")
    for each in asked if isinstance(asked, list) else ():
        if isinstance(each, str) and each not in attributes:
            said = unknown("attribute", each, attributes)
            yield plant.fault(place, f"{said}; lives of its class differ by it (ages.by)")
