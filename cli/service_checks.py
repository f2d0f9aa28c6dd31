"""Whether the settings in `service.yaml` fit together as the service will want them."""

from __future__ import annotations

from core.document import Document
from core.errors import Fault, Refused
from service.settings import FeedSettings, check_binding


def check_feed(document: Document, feed: FeedSettings) -> list[Fault]:
    """Find a feed that would stand open to other machines, or whose token is too short.

    A token that cannot be read here is no fault of the file: who runs the service may read it.
    """
    try:
        if feed.token is not None:
            feed.token.reveal()
    except ValueError:
        return []
    try:
        check_binding(feed)
    except Refused as error:
        place = ("feed", "host" if feed.token is None else "token")
        return [Fault(document.name, document.line(place), str(error))]
    return []
