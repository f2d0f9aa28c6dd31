"""Whatever bytes come on the topics of a site, they come to a verdict, and the next is taken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from core import site
from core.compression import compress, decompress
from core.journal import draft
from core.ledger import look
from core.site import Cases, State, Topic
from ingest.settings import SitesSettings
from ingest.site_parcels import SiteDesk
from storage.history_memory import MemoryHistory
from storage.journal_memory import MemoryJournal
from tests.forwarding import NOW, block, centre_plant, packed, packet

_NUMBERS = st.one_of(st.integers(-(2**63), 2**64 - 1), st.floats(), st.none(), st.booleans())
_ANY = st.recursive(
    st.one_of(_NUMBERS, st.text(max_size=9), st.binary(max_size=9)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=5), st.dictionaries(st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=12,
)
_GOOD = {
    Topic.READINGS: packed(1, 9, block("p1", "p2"), block("p9")),
    Topic.CASES: site.pack(Cases("j", 1, 2, ((b"a", b"b"),))),
    Topic.STATE: site.pack(State(NOW, 3, (b"a",), ({"source": "x"},))),
}


def _places(inside: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """List every place within a body."""
    found = [here] if here else []
    pairs = inside.items() if isinstance(inside, dict) else enumerate(inside)
    if isinstance(inside, (dict, list)):
        for key, value in pairs:
            found += (
                _places(value, (*here, key)) if isinstance(value, (dict, list)) else [(*here, key)]
            )
    return found


@st.composite
def bodies(draw: Callable[..., Any]) -> tuple[Topic, bytes]:
    """Draw bytes: any at all, any that are well formed, and good ones with something changed."""
    what = draw(st.sampled_from(list(_GOOD)))
    kind = draw(st.sampled_from(["any", "formed", "changed", "changed", "flipped"]))
    if kind == "any":
        return what, draw(st.binary(max_size=60))
    if kind == "formed":
        return what, compress(msgspec.msgpack.encode(draw(_ANY)))
    text = decompress(_GOOD[what])
    if kind == "flipped":
        inside = bytearray(text)
        inside[draw(st.integers(0, len(inside) - 1))] ^= draw(st.integers(1, 255))
        return what, compress(bytes(inside))
    wire = msgspec.msgpack.decode(text)
    *way, last = draw(st.sampled_from(_places(wire)))
    place = wire
    for step in way:
        place = place[step]
    place[last] = draw(_ANY)
    return what, compress(msgspec.msgpack.encode(wire))


@settings(max_examples=400)
@given(st.lists(bodies(), max_size=4))
def test_any_bytes_come_to_a_verdict_that_a_journal_takes(said: list[tuple[Topic, bytes]]) -> None:
    journal, history = MemoryJournal(), MemoryHistory()
    journal.pair(history.account())
    desk = SiteDesk(centre_plant(), SitesSettings(accept=("lahore",)), journal.reached)
    last = packet(Topic.READINGS, packed(1, 2, block("p1"), journal="the next one"))
    found = desk.take([*(packet(what, body) for what, body in said), last], NOW)
    drafts = [draft(NOW, each) for each in found.readings]
    drafts += [draft(NOW, each) for each in found.said]
    journal.append(drafts, found.rejections, found.account, found.reached)
    assert found.reached["lahore the next one"] == 2
    assert all(0 <= number < 2**63 for number in found.reached.values())
    assert all(0 <= number < 2**63 for number in found.account.values())
    assert not any(line.missing for line in look(history, journal))
    known = set(centre_plant().assets)
    assert all(set(each.assets) <= known for each in found.readings)
