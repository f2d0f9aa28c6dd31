"""Cases and statuses of a site: as they were written, or refused; nothing between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.alert import AlertState, Change
from core.life import CannotSay, LifeEstimate, Record, Remaining
from service import site_bodies
from service.page_view import case as shown
from service.page_view import machines
from storage import casefile_body
from tests.forwarding import NOW, centre_plant
from tests.site_cases import P1, case, moved, opened, status

ESTIMATE = LifeEstimate(P1, NOW, "bearing", 0.8, Remaining(10.0, 20.0, 30.0), "trend")
LIVES = [
    None,
    CannotSay("no data", "nothing measured"),
    ESTIMATE,
    replace(ESTIMATE, remaining=CannotSay("few", "two failures seen")),
    replace(ESTIMATE, record=Record(6, 2.5, (0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 5.5, 6.0), 1.4)),
    replace(ESTIMATE, remaining=Remaining(1.0, 5.0, 9.0, 5.5, (0.5, 1, 2, 3, 5, 7, 8, 9, 10))),
]


@pytest.mark.parametrize("life", LIVES)
def test_what_a_site_wrote_is_read_as_it_was(life: Any) -> None:
    one = case()
    one = replace(one, evidence=replace(one.evidence, life=life))
    step, after = moved(one, AlertState.ACKNOWLEDGED, Change.ACKNOWLEDGED)
    assert site_bodies.alert(casefile_body.encode(after)) == after
    assert site_bodies.transition(casefile_body.encode(step)) == step
    known = replace(status(), life=life if isinstance(life, LifeEstimate) else None)
    assert site_bodies.status(casefile_body.encode(known)) == known


def test_a_site_of_an_earlier_form_is_understood() -> None:
    fields = msgspec.msgpack.decode(casefile_body.encode(case()))
    del fields["origin"]
    assert site_bodies.alert(msgspec.msgpack.encode(fields)) == case()


def put(*place: Any, to: object) -> Callable[[Any], object]:
    def change(fields: Any) -> None:
        for step in place[:-1]:
            fields = fields[step]
        fields[place[-1]] = to

    return change


@pytest.mark.parametrize(
    "change",
    [
        put("opened_at", to="yesterday"),
        put("opened_at", to=2**63),
        put("version", to=-(2**62)),
        put("severity", to="dire"),
        put("state", to=5),
        put("rules", to=[5]),
        put("id", to="a/b"),
        put("id", to=""),
        put("evidence", to=None),
        put("evidence", "at", to=None),
        put("evidence", "channels", to=[{"channel": "x"}]),
        put("evidence", "life", to=5),
        put("evidence", "life", to={"remaining": None}),
        put("evidence", "life", to={"reason": 5, "words": "x"}),
        put("title", to="x" * 65_000),
    ],
)
def test_a_case_with_a_field_of_another_kind_is_refused(change: Callable[[Any], object]) -> None:
    fields = msgspec.msgpack.decode(casefile_body.encode(case()))
    change(fields)
    with pytest.raises(ValueError, match=r"."):
        site_bodies.alert(msgspec.msgpack.encode(fields))


@pytest.mark.parametrize(
    "change",
    [
        put("at", to="now"),
        put("counts", to={"late": "many"}),
        put("health", to="good"),
        put("mode", to=None),
        put("life", to={**msgspec.to_builtins(ESTIMATE), "remaining": {"p50": "soon"}}),
        put("life", to={**msgspec.to_builtins(ESTIMATE), "at": "soon"}),
    ],
)
def test_a_status_with_a_field_of_another_kind_is_refused(
    change: Callable[[Any], object],
) -> None:
    fields = msgspec.msgpack.decode(casefile_body.encode(status()))
    change(fields)
    with pytest.raises(ValueError, match=r"."):
        site_bodies.status(msgspec.msgpack.encode(fields))


@pytest.mark.parametrize("body", [b"", b"\x05", b"\x90", b"\xc1", b"\x91" * 60_000 + b"\x05"])
def test_what_is_no_record_at_all_is_refused(body: bytes) -> None:
    for read in (site_bodies.alert, site_bodies.transition, site_bodies.status):
        with pytest.raises(ValueError, match=r"."):
            read(body)


_ANY = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(),
    st.text(max_size=12),
    st.lists(st.integers(0, 3), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(0, 3), max_size=2),
)


@settings(max_examples=200)
@given(st.data())
def test_whatever_is_taken_can_be_shown(data: st.DataObject) -> None:
    kept: dict[str, Any] = {}
    for name, good in (("alert", case()), ("status", status()), ("step", opened(case()))):
        fields = msgspec.msgpack.decode(casefile_body.encode(good))
        place = fields
        if name == "alert" and data.draw(st.booleans()):
            place = fields["evidence"]
        place[data.draw(st.sampled_from(sorted(place)))] = data.draw(_ANY)
        kept[name] = msgspec.msgpack.encode(fields)
    try:
        alert = site_bodies.alert(kept["alert"])
        known = site_bodies.status(kept["status"])
        site_bodies.transition(kept["step"])
    except ValueError:
        return
    line = shown(alert, centre_plant(), NOW)
    machines(centre_plant(), [known], [line], NOW)
