"""Whether the settings in `service.yaml` fit together as the service will want them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from core.document import Document
from core.errors import Fault, Refused
from core.plant import AssetClass
from core.suggestion import unknown
from ingest.sparkplug.settings import SparkplugSettings
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


def check_sparkplug(
    document: Document,
    given: SparkplugSettings | None,
    assets: Iterable[str],
    classes: Mapping[str, AssetClass],
) -> Iterator[Fault]:
    """Find assets that are not in the plant, and channels that no class has."""
    if given is None:
        return
    ids = list(assets)
    channels = {name for each in classes.values() for name in each.channel_names}
    named: list[tuple[tuple[str | int, ...], dict[str, str]]] = [(("channels",), given.channels)]
    for k, one in enumerate(given.mapping):
        named.append((("mapping", k, "channels"), one.channels))
        if one.asset not in ids:
            line = document.line(("ingest", "sparkplug", "mapping", k, "asset"))
            yield Fault(document.name, line, unknown("asset", one.asset, ids))
    for place, names in named:
        for metric, channel in names.items():
            if channel not in channels:
                line = document.line(("ingest", "sparkplug", *place, metric))
                yield Fault(document.name, line, unknown("channel", channel, sorted(channels)))
