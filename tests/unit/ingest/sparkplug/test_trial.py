"""`messages try` of a Sparkplug message: each metric is told, and nothing escapes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.clock import SECOND
from core.rejection import Reason
from ingest.settings import IngestSettings
from ingest.trial import Trial, trial
from tests.edge import Edge, later, speed
from tests.messages import NOW, plant

SETTINGS = IngestSettings.model_validate({"sparkplug": {"channels": {"Vib": "vibration"}}})


def tried(topic: bytes, payload: bytes) -> Trial:
    return trial(plant(), SETTINGS, topic, payload, NOW + SECOND)


def says(found: Trial, about: str) -> list[str]:
    return [step.says for step in found.steps if step.about == about]


def test_each_metric_of_a_birth_is_told() -> None:
    edge = Edge()
    edge.seq = 1
    past = speed(3.0, is_historical=True, at=later(-60), alias=4)
    found = tried(
        *edge.dbirth(speed(7.0), past, speed(2.0, name="Vib", quality=0), speed(name="x"))
    )
    assert says(found, "topic") == ["source sparkplug: DBIRTH of karachi/hall/p1"]
    assert says(found, "asset") == ["karachi/hall/p1, of class pump"]
    assert says(found, "payload") == ["sent at 2026-11-23T08:00:00Z, seq 1, 4 metrics"]
    assert says(found, "metric") == [
        "speed is 7.0, double → speed",
        "speed is 3.0, double, historical → speed",
        "Vib is 2.0, double, bad → vibration",
        "x is null, double → no channel, passed over",
    ]
    (reading,) = found.verdict.readings
    assert reading.values == {"speed": 7.0, "vibration": 2.0}
    (old,) = found.verdict.past
    assert old.at == later(-60) and found.verdict.rejection is None


def test_data_without_its_births_says_what_cannot_be_known() -> None:
    edge = Edge()
    found = tried(*edge.ddata(speed(7.0), {"alias": 4, "value": 1.0}))
    assert says(found, "births")
    assert says(found, "metric")[1] == "alias 4 is 1.0, unknown → no channel, passed over"
    assert [reading.values for reading in found.verdict.readings] == [{"speed": 7.0}]
    assert found.verdict.rejection is not None
    assert found.verdict.rejection.reason is Reason.UNKNOWN_CHANNEL


def test_an_unknown_asset_and_a_node_without_telemetry_are_told() -> None:
    edge = Edge()
    assert says(tried(*edge.dbirth(device="p9")), "asset") == [
        'refused, unknown asset "karachi/hall/p9"'
    ]
    found = tried(*edge.nbirth())
    assert says(found, "asset")[0].startswith("none: a node's own metrics")
    assert says(found, "metric")[0] == "bdSeq is 0.0, int64 → the protocol's own"


def test_what_cannot_be_read_is_told() -> None:
    assert "MALFORMED" in says(tried(b"spBv1.0/karachi/NDATA/hall", b"\xff"), "payload")[0].upper()
    assert says(tried(b"spBv1.0/karachi", b""), "topic")[0].startswith("the topic does not look")


@given(
    st.binary(max_size=60), st.sampled_from(["NBIRTH/hall", "DDATA/hall/p1", "NDEATH/hall", "x"])
)
def test_nothing_escapes(payload: bytes, rest: str) -> None:
    tried(f"spBv1.0/karachi/{rest}".encode(), payload)
