"""What the host does about edge nodes, rule by rule, with a scripted edge at a real broker."""

from __future__ import annotations

import pytest

from core.clock import SECOND, system_clock
from core.journal import DeviceChanged
from ingest.sparkplug.settings import SparkplugSettings
from simulators.broker import PrivateMosquitto
from tests.edge import speed
from tests.integration.sparkplug.stand import LiveEdge, Stand, Watcher
from tests.waiting import until

pytestmark = pytest.mark.mosquitto
P1 = "karachi/hall/p1"
ALLOWED = {"allowed": True}


def born(stand: Stand, **given: object) -> LiveEdge:
    """Let a node and its pump be born, the node's own metrics being an asset's too."""
    mapping = [{"group": "karachi", "node": "hall", "asset": "karachi/hall/p2"}]
    stand.connect(mapping=mapping, **given)
    edge = stand.edge()
    edge.send(edge.nbirth(speed(1.0)), edge.dbirth(speed(7.0)))
    until(lambda: stand.changes() == [("karachi/hall", True), (P1, True)])
    return edge


def went(stand: Stand, device: str) -> DeviceChanged:
    """Wait until a device is said to be gone."""

    def found() -> list[DeviceChanged]:
        changes = [each for each in stand.bodies() if isinstance(each, DeviceChanged)]
        return [each for each in changes if each.device == device and not each.online]

    until(found)
    return found()[0]


def killed(stand: Stand) -> tuple[DeviceChanged, int]:
    """Let a node die; returns what is said of it, and when it died at the earliest."""
    edge = born(stand)
    edge.now -= 3600 * SECOND  # its own clock must not count
    before = system_clock()
    edge.send(edge.ndeath())
    return went(stand, "karachi/hall"), before


def test_tck_id_operational_behavior_edge_node_termination_host_action_ndeath_node_offline(
    stand: Stand,
) -> None:
    change, before = killed(stand)
    assert before <= change.at <= system_clock()


def test_tck_id_operational_behavior_edge_node_termination_host_action_ndeath_node_tags_stale(
    stand: Stand,
) -> None:
    change, before = killed(stand)
    assert "karachi/hall/p2" in change.assets and change.at >= before


def test_tck_id_operational_behavior_edge_node_termination_host_action_ndeath_devices_offline(
    stand: Stand,
) -> None:
    change, before = killed(stand)
    assert P1 in change.assets and change.at >= before
    assert stand.pipeline is not None and stand.pipeline._sparkplug is not None
    (node,) = stand.pipeline._sparkplug._host._nodes.values()
    assert not node.online


def test_tck_id_operational_behavior_edge_node_termination_host_action_ndeath_devices_tags_stale(
    stand: Stand,
) -> None:
    """What its assets last said is stale from the entry on, by the meaning of `DeviceChanged`."""
    change, before = killed(stand)
    assert set(change.assets) == {"karachi/hall/p2", P1} and change.at >= before


def test_tck_id_operational_behavior_edge_node_termination_host_action_ddeath_devices_offline(
    stand: Stand,
) -> None:
    edge = born(stand)
    at = system_clock() // SECOND * SECOND - 5 * SECOND
    edge.send(edge.ddeath(at=at))
    change = went(stand, P1)
    assert change.at == at


def test_tck_id_operational_behavior_edge_node_termination_host_action_ddeath_devices_tags_stale(
    stand: Stand,
) -> None:
    edge = born(stand)
    at = system_clock() // SECOND * SECOND - 5 * SECOND
    edge.send(edge.ddeath(at=at))
    change = went(stand, P1)
    assert change.assets == (P1,) and change.at == at
    assert ("karachi/hall", False) not in stand.changes()


def test_tck_id_operational_behavior_host_reordering_param() -> None:
    given = SparkplugSettings.model_validate_json('{"reorder_timeout": "5s"}')
    assert given.reorder_timeout == 5 * SECOND
    assert SparkplugSettings().reorder_timeout == 2 * SECOND


def test_tck_id_operational_behavior_host_reordering_start(stand: Stand) -> None:
    edge = born(stand, reorder_timeout="1min")
    _missing, late = edge.ddata(speed(8.0)), edge.ddata(speed(9.0))
    edge.send(late)
    assert stand.pipeline is not None and stand.pipeline._sparkplug is not None
    host = stand.pipeline._sparkplug._host
    until(lambda: any(node.deadline is not None for node in host._nodes.values()))
    assert 9.0 not in stand.speeds()


def test_tck_id_operational_behavior_host_reordering_rebirth(
    stand: Stand, watcher: Watcher
) -> None:
    edge = born(stand, reorder_timeout="200ms", rebirth=ALLOWED)
    edge.seq += 1
    edge.send(edge.ddata(speed(9.0)))
    until(watcher.commands)
    ((topic, command),) = watcher.commands()
    assert topic == "spBv1.0/karachi/NCMD/hall"
    assert [(each.name, each.raw) for each in command.metrics] == [("Node Control/Rebirth", True)]
    assert stand.speeds()[-1] == 9.0


def test_tck_id_operational_behavior_host_reordering_success(
    stand: Stand, watcher: Watcher
) -> None:
    edge = born(stand, reorder_timeout="5s", rebirth=ALLOWED)
    missing, late = edge.ddata(speed(8.0)), edge.ddata(speed(9.0))
    edge.send(late, missing, edge.ddata(speed(10.0)))
    until(lambda: stand.speeds()[-3:] == [8.0, 9.0, 10.0])
    assert stand.pipeline is not None and stand.pipeline._sparkplug is not None
    host = stand.pipeline._sparkplug._host
    assert all(node.deadline is None for node in host._nodes.values())
    assert watcher.commands() == []


def test_a_connection_that_is_lost_makes_every_metric_stale(
    stand: Stand, mosquitto: PrivateMosquitto
) -> None:
    """The rule that the specification itself marks as not testable."""
    born(stand)
    before = system_clock()
    mosquitto.kill()
    change = went(stand, "karachi/hall")
    assert set(change.assets) == {"karachi/hall/p2", P1} and change.at >= before


def test_a_will_of_the_connection_before_is_contradicted_at_once(
    stand: Stand, watcher: Watcher
) -> None:
    stand.connect()
    until(lambda: [each["online"] for each in watcher.states()] == [True])
    said = watcher.states()[0]
    watcher.publish("spBv1.0/STATE/millwright", b'{"online": false, "timestamp": 1}', qos=1)
    until(lambda: [each["online"] for each in watcher.states()] == [True, False, True])
    assert watcher.states()[-1] == said
    stand.stop()
    until(lambda: watcher.states()[-1]["online"] is False)
