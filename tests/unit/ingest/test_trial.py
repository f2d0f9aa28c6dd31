"""A message tried: the steps say what the inspector does with it, and nothing escapes."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from benchmarks.rig.corpus import EXAMPLES, HOSTILE
from core.clock import SECOND
from core.rejection import Reason
from ingest.settings import IngestSettings
from ingest.trial import Trial, trial
from tests.messages import NOW, body, plant

GATEWAY = {
    "name": "gateway",
    "topic": "gw/{site}/{area}",
    "decoder": {"kind": "mapping", "objects": [{"path": "list", "asset_key": "id"}]},
    "assets": {"P1": "p1"},
    "channels": {"v": "vibration"},
    "units": {"v": "in/s"},
    "time": "arrival",
}
WILL = {
    "name": "will",
    "topic": "lwt/{asset}",
    "site": "karachi",
    "area": "hall",
    "decoder": {"kind": "state"},
}
BROKER = {"name": "broker", "topic": "$SYS/broker/#", "decoder": {"kind": "broker"}}
SETTINGS = IngestSettings.model_validate({"sources": [GATEWAY, WILL, BROKER]})


def tried(topic: str, payload: bytes, **given: Any) -> Trial:
    return trial(plant(), SETTINGS, topic.encode(), payload, NOW + SECOND, **given)


def says(found: Trial, about: str) -> list[str]:
    return [step.says for step in found.steps if step.about == about]


def test_each_step_of_a_gateways_message_is_told() -> None:
    found = tried("gw/karachi/hall", b'{"list": [{"id": "P1", "v": 0.1, "x": 5}]}')
    assert says(found, "topic") == ["source gateway: gw/{site}/{area}"]
    assert says(found, "levels") == ['site "karachi", area "hall"']
    assert says(found, "decoder") == ["mapping: 1 sample"]
    assert says(found, "sample") == ["1: at no time of its own"]
    assert says(found, "asset") == ['called "P1": karachi/hall/p1, of class pump']
    assert says(found, "value") == [
        "v is 0.1 in/s → vibration in mm/s, possible 0 to 100",
        "x is 5 → no channel, refused",
    ]
    (reading,) = found.verdict.readings
    assert abs(reading.values["vibration"] - 2.54) < 1e-9
    assert found.verdict.rejection is not None
    assert found.verdict.rejection.reason is Reason.UNKNOWN_CHANNEL


def test_a_message_of_the_default_form_is_told_too() -> None:
    found = tried("plant/karachi/hall/p1/telemetry", body())
    assert says(found, "asset") == ["karachi/hall/p1, of class pump"]
    assert says(found, "value") == ["vibration is the number 2.5"]
    assert len(found.verdict.readings) == 1
    assert found.verdict.rejection is None


def test_a_retained_message_is_of_the_past() -> None:
    found = tried("plant/karachi/hall/p1/telemetry", body(), retained=True)
    assert not found.verdict.readings
    assert len(found.verdict.past) == 1


def test_states_of_devices_and_of_the_broker_are_told() -> None:
    assert says(tried("lwt/p1", b"Offline"), "device") == ["it is gone"]
    assert says(tried("$SYS/broker/clients/connected", b"7"), "broker") == [
        "clients/connected is 7"
    ]


def test_a_topic_of_no_source_lists_those_that_there_are() -> None:
    found = tried("gw/karachi", b"{}")
    assert len(says(found, "known")) == 4
    assert found.verdict.rejection is not None
    assert found.verdict.rejection.reason is Reason.BAD_TOPIC


@given(
    st.sampled_from(
        ["gw/karachi/hall", "gw/x/y", "lwt/p1", "plant/karachi/hall/p1/telemetry", "$"]
    ),
    st.sampled_from([*(each.payload for each in EXAMPLES), *HOSTILE]) | st.binary(max_size=50),
)
def test_whatever_is_tried_is_told_and_never_raises(topic: str, payload: bytes) -> None:
    found = tried(topic, payload)
    assert found.steps
    assert all(len(step.says) < 5_000 for step in found.steps)
