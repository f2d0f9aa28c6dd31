"""The one command that the host sends, rule by rule; each test has the name of a `tck-id-…`."""

from __future__ import annotations

from ingest.sparkplug.payload import Message, read_payload
from tests.integration.sparkplug.wire import Session


def command(session: Session) -> Message:
    return read_payload(session.command.payload, longest=1000, most=5)


def test_tck_id_topics_ncmd_topic(session: Session) -> None:
    assert session.command.topic == "spBv1.0/karachi/NCMD/hall"


def test_tck_id_topics_ncmd_mqtt(session: Session) -> None:
    assert session.command.qos == 0 and not session.command.retain


def test_tck_id_topics_ncmd_timestamp(session: Session) -> None:
    at = (command(session).at or 0) // 1_000_000
    assert session.began <= at <= session.ended


def test_tck_id_topics_ncmd_payload(session: Session) -> None:
    assert [metric.name for metric in command(session).metrics] == ["Node Control/Rebirth"]


def test_tck_id_operational_behavior_data_commands_ncmd_rebirth_verb(session: Session) -> None:
    assert "/NCMD/" in session.command.topic


def test_tck_id_operational_behavior_data_commands_ncmd_rebirth_name(session: Session) -> None:
    assert command(session).metrics[0].name == "Node Control/Rebirth"


def test_tck_id_operational_behavior_data_commands_ncmd_rebirth_value(session: Session) -> None:
    assert command(session).metrics[0].raw is True


def test_tck_id_operational_behavior_data_commands_ncmd_verb(session: Session) -> None:
    assert {each.topic.split("/")[2] for each in session.published("CMD")} == {"NCMD"}


def test_tck_id_operational_behavior_data_commands_ncmd_metric_name(session: Session) -> None:
    """Every NBIRTH must have this metric, and without an alias."""
    metric = command(session).metrics[0]
    assert metric.name == "Node Control/Rebirth" and metric.alias is None


def test_tck_id_operational_behavior_data_commands_ncmd_metric_value(session: Session) -> None:
    metric = command(session).metrics[0]
    assert metric.field == "boolean_value" and metric.datatype == 11


def test_tck_id_payloads_timestamp_in_utc(session: Session) -> None:
    at = (command(session).at or 0) // 1_000_000
    assert session.began <= at <= session.ended


def test_tck_id_payloads_name_cmd_requirement(session: Session) -> None:
    assert command(session).metrics[0].at is not None


def test_tck_id_payloads_ncmd_timestamp(session: Session) -> None:
    assert command(session).at is not None


def test_tck_id_payloads_ncmd_seq(session: Session) -> None:
    assert command(session).seq is None


def test_tck_id_payloads_ncmd_qos(session: Session) -> None:
    assert session.command.qos == 0


def test_tck_id_payloads_ncmd_retain(session: Session) -> None:
    assert not session.command.retain


def test_no_device_command_is_ever_sent(session: Session) -> None:
    assert session.published("DCMD") == []
