"""From effects to journal entries: order, ranges, times, and every message in the account once."""

from __future__ import annotations

from typing import Any

from core.clock import HOUR
from core.journal import DeviceChanged, Entry, RejectionsSeen, decode
from core.ledger import Fate
from core.plant import Asset, AssetClass, Channel, ClockPolicy, Plant, Site
from core.readings import Quality, Readings
from core.rejection import Reason
from ingest.clocks import ClockOffsets
from ingest.sparkplug.harvest import Harvest, Harvester
from ingest.sparkplug.metric import DataType
from tests.edge import Edge, later, speed
from tests.messages import NOW, plant
from tests.sparkplug import Bench, born


def harvest(effects: Any, of: Plant | None = None, *, trusted: bool = True) -> Harvest:
    return Harvester(of or plant(), ClockOffsets()).gather(effects, NOW, trusted=trusted)


def bodies(found: Harvest) -> list[Any]:
    return [decode(Entry(1, each.at, each.kind, each.body)) for each in found.drafts]


def blocks(found: Harvest) -> list[Readings]:
    return [each for each in bodies(found) if isinstance(each, Readings)]


def sums(found: Harvest) -> dict[str, int]:
    """Add up the account; what was received must be stored, refused or told."""
    counts = {str(fate): n for (_, fate, _), n in found.account.items() if n}
    stored = sum(block.messages for block in blocks(found))
    refused = sum(each.messages for each in found.rejections)
    assert counts.get("received", 0) == stored + refused + counts.get("told", 0)
    return {**counts, "stored": stored, "rejected": refused}


def test_a_device_comes_before_its_first_values() -> None:
    bench, edge = born()
    bench.send(edge.ddata(speed(8.0)), edge.ddata(speed(9.0, is_historical=True, at=later(-60))))
    bench.send(edge.ndeath(), at=1)
    found = bodies(harvest(bench.effects))
    assert [type(each) for each in found] == [DeviceChanged, Readings, Readings, DeviceChanged]
    live, past = found[1], found[2]
    assert [reading.values for reading in live] == [{"speed": 7.0}, {"speed": 8.0}]
    assert past.retained and not live.retained
    assert live.source == "sparkplug" and live.messages == 2 and past.messages == 1


def test_every_message_is_in_the_account_once() -> None:
    bench, edge = born()
    bench.send(
        edge.ddata(speed(1.0)),
        edge.ddata(speed(1.0), {"alias": 9, "value": 1.0}),
        edge.ddata({"alias": 9, "value": 1.0}),
        edge.ddata(speed(99_999.0)),
        (b"spBv1.0", b""),
        edge.ndeath(77),
    )
    edge.seq += 3
    bench.send(edge.ddata(speed(2.0)))
    bench.tick(2)
    found = harvest(bench.effects)
    assert sums(found) == {
        "received": 9,
        "told": 2,
        "lost upstream": 3,
        "stored": 4,
        "rejected": 3,
    }
    seen = [each for each in bodies(found) if isinstance(each, tuple)]
    assert RejectionsSeen("karachi/hall/p1", Reason.OUT_OF_RANGE, 1) in seen[0]


def test_an_impossible_value_is_refused_and_the_others_kept() -> None:
    bench, edge = born()
    both = [speed(-5.0), speed(3.0, name="vibration")]
    found = harvest(bench.send(edge.ddata(*both)))
    (reading,) = blocks(found)[0]
    assert reading.values == {"vibration": 3.0}
    assert found.rejections[0].detail == "speed is -5; possible: 0 to 6000 1/min"
    assert found.rejections[0].messages == 0


def test_what_is_not_finite_is_refused() -> None:
    bench, edge = born()
    found = harvest(bench.send(edge.ddata(speed(float("nan")))))
    assert found.rejections[0].reason is Reason.NOT_FINITE and not blocks(found)


def test_null_is_a_mark_without_a_value() -> None:
    bench, edge = born()
    (reading,) = blocks(harvest(bench.send(edge.ddata(speed(is_null=True)))))[0]
    assert reading.values == {} and reading.quality == {"speed": Quality.BAD}


def test_a_time_ahead_is_refused_unless_our_own_clock_is_in_doubt() -> None:
    bench, edge = born()
    effects = bench.send(edge.ddata(speed(1.0, at=NOW + HOUR)))
    assert harvest(effects).rejections[0].reason is Reason.TOO_EARLY
    assert blocks(harvest(effects, trusted=False))


def test_a_source_without_a_clock_is_stamped_when_it_comes() -> None:
    known = plant(ClockPolicy.ARRIVAL)
    bench, edge = born()
    (reading,) = blocks(harvest(bench.send(edge.ddata(speed(1.0, at=5))), known))[0]
    assert reading.at == NOW
    past = harvest(bench.send(edge.ddata(speed(1.0, is_historical=True))), known)
    assert past.rejections[0].reason is Reason.BAD_TIME


def test_a_clock_that_is_off_is_corrected() -> None:
    known = plant(ClockPolicy.CORRECTED)
    bench, edge = born()
    edge.now = NOW - HOUR
    (reading,) = blocks(harvest(bench.send(edge.ddata(speed(1.0))), known))[0]
    assert reading.at == NOW


def test_the_values_of_a_birth_hold_as_of_the_birth() -> None:
    bench, edge = Bench(), Edge()
    old = speed(7.0, at=NOW - 5 * HOUR)
    bench.send(edge.nbirth(), edge.dbirth(old))
    (reading,) = blocks(harvest(bench.effects))[0]
    assert reading.at == NOW


def test_words_become_numbers_by_the_states_of_a_channel() -> None:
    fan = AssetClass("fan", (Channel("mode", states={"On": 1.0, "true": 1.0, "false": 0.0}),))
    asset = Asset("karachi", "hall", "p1", "fan")
    known = Plant({"karachi": Site("karachi", "UTC")}, {asset.id: asset}, {"fan": fan})
    bench, edge = Bench(of=known), Edge()
    word = {"name": "mode", "datatype": DataType.STRING}
    flag = {"name": "mode", "datatype": DataType.BOOLEAN, "value": False}
    bench.send(edge.nbirth(), edge.dbirth({**word, "value": "On"}), edge.ddata(flag))
    bench.send(edge.ddata({**word, "value": "Broken"}))
    found = harvest(bench.effects, known)
    assert [reading.values["mode"] for reading in blocks(found)[0]] == [1.0, 0.0]
    assert found.rejections[0].detail == 'mode is "Broken"; known states: On, true, false'


def test_a_node_that_speaks_for_nothing_of_the_plant_is_not_in_the_journal() -> None:
    bench, edge = Bench(), Edge(node="elsewhere")
    bench.send(edge.nbirth(), edge.dbirth(), edge.ndeath())
    found = harvest(bench.effects)
    assert not [each for each in bodies(found) if isinstance(each, DeviceChanged)]
    assert sums(found)["told"] == 2


def test_what_is_lost_and_found_again_is_nothing() -> None:
    bench, edge = born()
    missed = edge.ddata(speed(1.0))
    bench.send(edge.ddata(speed(2.0)))
    bench.tick(2)
    bench.send(missed)
    assert harvest(bench.effects).account["sparkplug", Fate.LOST, ""] == 0
