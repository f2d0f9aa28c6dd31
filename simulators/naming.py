"""From a file's column titles to channel names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from core.errors import Refused
from core.plant import AssetClass
from simulators.layout import Layout

_UNIT = re.compile(r"[(\[{].*?[)\]}]")


def named(
    titles: Sequence[str], layout: Layout, known: AssetClass | None, notes: list[str]
) -> list[str]:
    """Give each column its channel; an empty name leaves it out."""
    renamed = {}
    for old, new in layout.rename:
        column = loosely(old, titles)
        if column is None:
            msg = f"--map {old}={new}: no column {old!r}; columns: {', '.join(titles)}"
            raise Refused(msg)
        renamed[column] = new
    if known is None:
        return _unique([channel_name(renamed.get(title, title)) for title in titles])
    for new in renamed.values():
        _check_channel(new, known)
    names = [renamed.get(t) or loosely(t, known.channel_names) or "" for t in titles]
    if not any(names):
        msg = (
            f"no column is a channel of {known.name}; columns: {', '.join(titles)};"
            f" channels: {', '.join(known.channel_names)}. Map them with --map COLUMN=CHANNEL,"
            " or take the file as it is with --class auto"
        )
        raise Refused(msg)
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        msg = f"two columns for one channel: {', '.join(twice)}; leave one out with --drop"
        raise Refused(msg)
    unknown = [title for title, name in zip(titles, names, strict=True) if not name]
    if unknown:
        notes.append(f"left out, not a channel of {known.name}: {', '.join(unknown)}")
    return names


def _check_channel(name: str, known: AssetClass) -> None:
    if name in known.channel_names:
        return
    close = get_close_matches(name, known.channel_names, 1)
    hint = f" did you mean {close[0]}?" if close else ""
    msg = f"{known.name} has no channel {name!r};{hint} known: {', '.join(known.channel_names)}"
    raise Refused(msg)


def loosely(name: str, known: Iterable[str]) -> str | None:
    """Find a name without regard to case, blanks, punctuation and a unit in brackets."""
    known = list(known)
    if name in known:
        return name
    by_core = {_core(other): other for other in known}
    return by_core.get(_core(name))


def _core(name: str) -> str:
    bare = "".join(sign for sign in _UNIT.sub("", name).casefold() if sign.isalnum())
    return bare or name.casefold()


def channel_name(title: str) -> str:
    """Make a channel name of a column's title: letters, digits and `_.:-`, at most 64."""
    return re.sub(r"[^A-Za-z0-9_.:-]+", "_", title).strip("_")[:64]


def _unique(names: Sequence[str]) -> list[str]:
    taken: list[str] = []
    for number, name in enumerate(names, 1):
        base = name or f"column_{number}"
        fresh, again = base, 2
        while fresh in taken:
            fresh, again = f"{base[:60]}_{again}", again + 1
        taken.append(fresh)
    return taken


def asset_name(value: object) -> str:
    """Make an asset's name of a cell of the asset column."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return channel_name(str(value)).replace(":", "_") or "asset"
