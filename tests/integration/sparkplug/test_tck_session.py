"""The host's own session, rule by rule: CONNECT, STATE, subscriptions, commands, the end.

Each test has the name of a rule of the specification, `tck-id-…`. Both protocols are read off the
wire, so that what a broker would see is what is judged.
"""

from __future__ import annotations

import pytest

from core.clock import SECOND
from ingest.sparkplug.state import HostState
from tests.integration.sparkplug.wire import OFFLINE, STATE, Sent, Session, certificate, record
from tests.messages import NOW
from tests.scripted_broker import Caller

# -- chapters 1 to 3


def test_tck_id_intro_sparkplug_host_state(session: Session) -> None:
    certificate(session.birth.payload, online=True)
    certificate(session.death.payload, online=False)


def test_tck_id_components_ph_state(session: Session) -> None:
    certificate(session.birth.payload, online=True)
    certificate(session.connect.will_payload, online=False)


def test_tck_id_principles_birth_certificates_order(session: Session) -> None:
    published = [each for each in session.packets if each.kind == "PUBLISH"]
    assert published[0] == session.birth


def test_tck_id_conformance_primary_host(session: Session) -> None:
    assert {each.topic for each in session.states} == {STATE}
    certificate(session.birth.payload, online=True)
    certificate(session.death.payload, online=False)


# -- chapter 4: topics


def test_tck_id_topic_structure(session: Session) -> None:
    assert session.command.topic.split("/") == ["spBv1.0", "karachi", "NCMD", "hall"]


def test_tck_id_topic_structure_namespace_a(session: Session) -> None:
    topics = [each.topic for each in session.packets if each.kind == "PUBLISH"]
    filters = [topic for each in session.packets for topic in each.filters]
    assert {topic.split("/")[0] for topic in (*topics, *filters)} == {"spBv1.0"}


def test_tck_id_host_topic_phid_birth_message(session: Session) -> None:
    assert next(each for each in session.packets if each.kind == "PUBLISH") == session.birth


def test_tck_id_host_topic_phid_birth_qos(session: Session) -> None:
    assert session.birth.qos == 1


def test_tck_id_host_topic_phid_birth_retain(session: Session) -> None:
    assert session.birth.retain


def test_tck_id_host_topic_phid_birth_topic(session: Session) -> None:
    assert session.birth.topic == "spBv1.0/STATE/millwright"


def test_tck_id_host_topic_phid_birth_sub_required(session: Session) -> None:
    assert session.packets[0].kind == "SUBSCRIBE"
    assert STATE in session.packets[0].filters
    verbs = {topic.split("/")[2] for topic in session.packets[0].filters[1:]}
    assert verbs == {"NBIRTH", "NDEATH", "NDATA", "DBIRTH", "DDEATH", "DDATA"}


def test_tck_id_host_topic_phid_birth_required(session: Session) -> None:
    assert [each.kind for each in session.packets[:2]] == ["SUBSCRIBE", "PUBLISH"]
    assert session.packets[1].topic == STATE


def test_tck_id_host_topic_phid_birth_payload(session: Session) -> None:
    assert session.began <= certificate(session.birth.payload, online=True) <= session.ended


def test_tck_id_host_topic_phid_birth_payload_timestamp(session: Session) -> None:
    will = certificate(session.connect.will_payload, online=False)
    assert certificate(session.birth.payload, online=True) == will


def test_tck_id_host_topic_phid_death_qos(session: Session) -> None:
    assert session.connect.will_qos == 1 and session.death.qos == 1


def test_tck_id_host_topic_phid_death_retain(session: Session) -> None:
    assert session.connect.will_retain and session.death.retain


def test_tck_id_host_topic_phid_death_topic(session: Session) -> None:
    assert session.connect.will_topic == session.death.topic == "spBv1.0/STATE/millwright"


def test_tck_id_host_topic_phid_death_required(session: Session) -> None:
    assert session.connect.has_will


def test_tck_id_host_topic_phid_death_payload(session: Session) -> None:
    certificate(session.connect.will_payload, online=False)
    certificate(session.death.payload, online=False)


def test_tck_id_host_topic_phid_death_payload_timestamp_connect(session: Session) -> None:
    will = certificate(session.connect.will_payload, online=False)
    assert session.began <= will <= session.ending


def test_tck_id_host_topic_phid_death_payload_timestamp_disconnect_clean(
    session: Session,
) -> None:
    assert [each.kind for each in session.packets[-2:]] == ["PUBLISH", "DISCONNECT"]
    death = certificate(session.death.payload, online=False)
    assert session.ending <= death <= session.ended


def test_tck_id_host_topic_phid_death_payload_timestamp_disconnect_with_no_disconnect_packet(
    session: Session,
) -> None:
    """The death is published before the end whether or not DISCONNECT still gets through."""
    kinds = [each.kind for each in session.packets]
    assert kinds.index("DISCONNECT") == len(kinds) - 1 and session.packets[-2] == session.death
    assert session.ending <= certificate(session.death.payload, online=False) <= session.ended


# -- chapter 5: sessions


def test_tck_id_message_flow_phid_sparkplug_clean_session_311(session: Session) -> None:
    if session.connect.version == 4:
        assert session.connect.clean


def test_tck_id_message_flow_phid_sparkplug_clean_session_50(session: Session) -> None:
    if session.connect.version == 5:
        assert session.connect.clean
        assert b"\x11\x00\x00\x00\x00" in session.connect.properties


def test_tck_id_message_flow_phid_sparkplug_subscription(session: Session) -> None:
    assert [each.kind for each in session.packets[:2]] == ["SUBSCRIBE", "PUBLISH"]
    assert session.packets[0].filters[0] == STATE and len(session.packets[0].filters) == 7


def test_tck_id_message_flow_phid_sparkplug_state_publish(session: Session) -> None:
    assert session.packets[1] == session.birth


def test_tck_id_message_flow_phid_sparkplug_state_publish_payload(session: Session) -> None:
    certificate(session.birth.payload, online=True)


def test_tck_id_message_flow_phid_sparkplug_state_publish_payload_timestamp(
    session: Session,
) -> None:
    will = certificate(session.connect.will_payload, online=False)
    assert certificate(session.birth.payload, online=True) == will


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_tck_id_message_flow_hid_sparkplug_state_message_delivered(protocol: str) -> None:
    def disturb(caller: Caller) -> None:
        caller.publish(STATE.encode(), OFFLINE, mid=9, head=0x32)

    session = record(protocol, disturb)
    first, second = session.states[:2]
    assert second == first
    certificate(second.payload, online=True)


def test_tck_id_operational_behavior_host_application_host_id() -> None:
    """Two names are two hosts; that a name is used twice is told, see test_receiver.py."""
    one, other = HostState("millwright"), HostState("scada")
    assert one.topic != other.topic


def test_tck_id_operational_behavior_host_application_connect_will(session: Session) -> None:
    assert session.connect.has_will


def test_tck_id_operational_behavior_host_application_connect_will_topic(
    session: Session,
) -> None:
    assert session.connect.will_topic == "spBv1.0/STATE/millwright"


def test_tck_id_operational_behavior_host_application_connect_will_payload(
    session: Session,
) -> None:
    certificate(session.connect.will_payload, online=False)


def test_tck_id_operational_behavior_host_application_connect_will_qos(session: Session) -> None:
    assert session.connect.will_qos == 1


def test_tck_id_operational_behavior_host_application_connect_will_retained(
    session: Session,
) -> None:
    assert session.connect.will_retain


def test_tck_id_operational_behavior_host_application_connect_birth(session: Session) -> None:
    assert session.packets[1] == session.birth


def test_tck_id_operational_behavior_host_application_connect_birth_topic(
    session: Session,
) -> None:
    assert session.birth.topic == "spBv1.0/STATE/millwright"


def test_tck_id_operational_behavior_host_application_connect_birth_payload(
    session: Session,
) -> None:
    certificate(session.birth.payload, online=True)


def test_tck_id_operational_behavior_host_application_connect_birth_qos(session: Session) -> None:
    assert session.birth.qos == 1


def test_tck_id_operational_behavior_host_application_connect_birth_retained(
    session: Session,
) -> None:
    assert session.birth.retain


def test_tck_id_operational_behavior_host_application_multi_server_timestamp() -> None:
    one, other = HostState("millwright"), HostState("millwright")
    one.will(NOW)
    other.will(NOW + 5 * SECOND)
    one.will(NOW + 9 * SECOND)
    times = [certificate(each.birth().payload, online=True) for each in (one, other)]
    assert times == [(NOW + 9 * SECOND) // 1_000_000, (NOW + 5 * SECOND) // 1_000_000]


def test_tck_id_operational_behavior_host_application_termination(session: Session) -> None:
    assert session.packets[-2] == session.death


def test_tck_id_operational_behavior_host_application_death_topic(session: Session) -> None:
    assert session.death.topic == "spBv1.0/STATE/millwright"


def test_tck_id_operational_behavior_host_application_death_payload(session: Session) -> None:
    certificate(session.death.payload, online=False)


def test_tck_id_operational_behavior_host_application_death_qos(session: Session) -> None:
    assert session.death.qos == 1


def test_tck_id_operational_behavior_host_application_death_retained(session: Session) -> None:
    assert session.death.retain


def test_tck_id_operational_behavior_host_application_disconnect_intentional(
    session: Session,
) -> None:
    assert session.packets[-2:] == [session.death, Sent("DISCONNECT")]


def test_tck_id_operational_behavior_primary_application_state_with_multiple_servers_state(
    session: Session,
) -> None:
    assert next(each for each in session.packets if each.kind == "PUBLISH") == session.birth


def test_tck_id_operational_behavior_primary_application_state_with_multiple_servers_state_subs(
    session: Session,
) -> None:
    certificate(session.birth.payload, online=True)
    assert session.birth.retain


# -- chapter 6: STATE


def test_tck_id_payloads_state_will_message(session: Session) -> None:
    assert session.connect.will_topic == "spBv1.0/STATE/millwright"


def test_tck_id_payloads_state_will_message_qos(session: Session) -> None:
    assert session.connect.will_qos == 1


def test_tck_id_payloads_state_will_message_retain(session: Session) -> None:
    assert session.connect.will_retain


def test_tck_id_payloads_state_will_message_payload(session: Session) -> None:
    certificate(session.connect.will_payload, online=False)


def test_tck_id_payloads_state_subscribe(session: Session) -> None:
    assert session.packets[0].filters[0] == "spBv1.0/STATE/millwright"


def test_tck_id_payloads_state_birth(session: Session) -> None:
    state = Sent("PUBLISH", "spBv1.0/STATE/millwright", session.birth.payload, 1, True)
    assert session.packets[1] == state


def test_tck_id_payloads_state_birth_payload(session: Session) -> None:
    certificate(session.birth.payload, online=True)
