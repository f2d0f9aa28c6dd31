"""TLS with a real broker: as fast and as safe as without, and every fault named as what it is."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from benchmarks.rig.load import queue
from core.clock import SECOND, iso, system_clock
from core.errors import Unavailable
from core.journal import Kind, Link, LinkChanged, decode
from core.readings import Readings
from core.tls import TlsFiles
from ingest import connection
from ingest.pipeline import IngestPipeline
from ingest.probe import kept_while_away, reach
from ingest.settings import BrokerSettings, IngestSettings
from service.notify_mqtt import MqttNotifier, MqttTarget
from simulators.broker import PrivateMosquitto, free_port
from simulators.message import Message
from simulators.publisher import Publisher
from storage.history_memory import MemoryHistory
from tests.certificates import Authority, Identity, self_signed, tls_listener
from tests.messages import plant
from tests.plants import plant as service_plant
from tests.stubborn import StubbornJournal
from tests.waiting import until
from tests.websocket_gateway import WebsocketGateway

pytestmark = pytest.mark.mosquitto
TOPIC = "plant/karachi/hall/p1/telemetry"
BEGIN = system_clock() // SECOND * SECOND - 36_000 * SECOND


def message(number: int) -> tuple[str, bytes]:
    text = {"ts": iso(BEGIN + number * SECOND), "values": {"speed": number}}
    return TOPIC, json.dumps(text).encode()


@dataclass
class Secured:
    """A broker that listens with TLS and, for those who make load, without."""

    broker: PrivateMosquitto
    port: int
    authority: Authority

    @property
    def url(self) -> str:
        return f"mqtts://127.0.0.1:{self.port}"

    def settings(self, **changes: Any) -> BrokerSettings:
        given = {"url": self.url, "reconnect_max": "100ms", **self.authority.settings, **changes}
        return BrokerSettings.model_validate(given)


class Receiving:
    """An ingest that receives from a broker until it is stopped."""

    def __init__(self, settings: BrokerSettings) -> None:
        self.journal = StubbornJournal()
        ticking = plant(tick_every=SECOND // 5)
        self.pipeline = IngestPipeline(
            ticking, settings, IngestSettings(), self.journal, MemoryHistory(), system_clock
        )
        self.pipeline.start()

    @property
    def connected(self) -> bool:
        return self.pipeline.status().connected

    def heard(self) -> list[int]:
        entries = self.journal.read(0, 999_999)
        found = [decode(entry) for entry in entries if entry.kind is Kind.READINGS]
        blocks = [each for each in found if isinstance(each, Readings)]
        return [int(reading.values["speed"]) for block in blocks for reading in block]

    def links(self) -> list[Link]:
        found = [decode(entry) for entry in self.journal.read(0, 999_999)]
        return [each.link for each in found if isinstance(each, LinkChanged)]

    def __enter__(self) -> Receiving:
        return self

    def __exit__(self, *_: object) -> None:
        self.pipeline.stop()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def identity(authority: Authority) -> Identity:
    return authority.sign("broker")


@pytest.fixture
def secured(tmp_path: Path, authority: Authority, identity: Identity) -> Iterator[Secured]:
    port = free_port()
    lines = tls_listener(port, authority, identity)
    with PrivateMosquitto(tmp_path / "mosquitto", extra=lines) as broker:
        yield Secured(broker, port, authority)


@pytest.mark.parametrize("protocol", ["auto", "3.1.1"])
@pytest.mark.parametrize("fast", [True, False], ids=["tap", "without the seam"])
def test_a_backlog_over_tls_comes_whole_and_in_order(
    secured: Secured, protocol: str, fast: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not fast:
        monkeypatch.delattr(connection._TappedClient, "_create_socket")
        monkeypatch.setattr(connection, "SEAM", "_no_longer_there")
    settings = secured.settings(protocol=protocol)
    with Receiving(settings) as first:
        until(lambda: first.connected)
    queue(secured.broker.port, (message(number) for number in range(5_000)))
    with Receiving(settings) as second:
        until(lambda: second.pipeline.status().acknowledged == 5_000)
        assert second.heard() == list(range(5_000))


def test_messages_larger_than_a_record_come_whole_and_longer_ones_are_refused(
    secured: Secured,
) -> None:
    topic, payload = message(7)
    with Receiving(secured.settings()) as site:
        until(lambda: site.connected)
        padded = payload + b" " * 200_000
        queue(secured.broker.port, [(topic, padded), (topic, b" " * 900_000), message(8)])
        until(lambda: site.pipeline.status().acknowledged == 3)
        assert site.heard() == [7, 8]
        assert site.pipeline.status().rejected == {"oversized": 1}


def test_a_broker_that_restarts_is_found_again_and_its_queue_drained(secured: Secured) -> None:
    with Receiving(secured.settings()) as site:
        until(lambda: site.connected)
        queue(secured.broker.port, [message(1)])
        until(lambda: site.heard() == [1])
        secured.broker.stop()
        until(lambda: not site.connected)
        secured.broker.start()
        until(lambda: site.connected)
        queue(secured.broker.port, [message(2)])
        until(lambda: site.heard() == [1, 2])
        assert Link.SESSION_LOST not in site.links()


def test_what_was_not_committed_comes_again_with_the_next_connection(secured: Secured) -> None:
    with Receiving(secured.settings()) as site:
        until(lambda: site.connected and site.links())
        site.journal.trouble = Unavailable("the disk is full", retry_after=0.01)
        queue(secured.broker.port, [message(number) for number in range(300)])
        until(lambda: site.pipeline.status().received > 0)
    with Receiving(secured.settings()) as again:
        until(lambda: again.pipeline.status().acknowledged == 300)
        assert again.heard() == list(range(300))


def test_who_we_are_is_shown_by_a_certificate(
    tmp_path: Path, authority: Authority, identity: Identity
) -> None:
    port = free_port()
    lines = tls_listener(port, authority, identity, clients=True)
    me = authority.sign("ingest")
    with PrivateMosquitto(tmp_path / "strict", extra=lines) as broker:
        settings = Secured(broker, port, authority).settings(**me.settings)
        with Receiving(settings) as site:
            until(lambda: site.connected)
            queue(broker.port, [message(1)])
            until(lambda: site.heard() == [1])
        reach(settings)
        assert kept_while_away(settings, probes=50).received == 50


YESTERDAY = datetime.now(UTC) - timedelta(days=1)
FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "expired": (
        {"since": timedelta(days=-9), "until": timedelta(days=-1)},
        f"the broker's certificate expired on {YESTERDAY:%Y-%m-%d}",
    ),
    "not yet valid": (
        {"since": timedelta(days=3), "until": timedelta(days=9)},
        "the broker's certificate is valid only from",
    ),
    "another host's": (
        {"hosts": ("DNS:broker.plant.lan",)},
        "the broker's certificate is not for 127.0.0.1; it is for broker.plant.lan",
    ),
    "of an unknown authority": ({}, "the broker's certificate is of an authority not known here"),
    "signed by itself": ({}, "the broker's certificate is signed by itself only"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_certificate_at_fault_is_named_by_everyone_who_connects(
    tmp_path: Path, authority: Authority, fault: str
) -> None:
    how, words = FAULTS[fault]
    signer = Authority(tmp_path / "other", "other") if "unknown" in fault else authority
    mine = self_signed(tmp_path) if "itself" in fault else signer.sign(fault[:6].strip(), **how)
    port = free_port()
    lines = tls_listener(port, authority, mine)
    with PrivateMosquitto(tmp_path / "mosquitto", extra=lines) as broker:
        told = everyone_says(Secured(broker, port, authority).settings(), authority)
    assert [words in each for each in told] == [True] * 4, told


def everyone_says(settings: BrokerSettings, authority: Authority) -> list[str]:
    """Connect as ingest, doctor, a notifier and a simulator; gives what each says of it."""
    with Receiving(settings) as site:
        until(lambda: site.pipeline.status().trouble)
        told = [site.pipeline.status().trouble[0]]
    with pytest.raises(Unavailable) as probe:
        reach(settings)
    files = TlsFiles(ca=settings.ca, certificate=settings.certificate, key=settings.key)
    target = MqttTarget("mqtt", settings.url, "a", None, None, "millwright", 5 * SECOND, files)
    notifier = MqttNotifier(target, service_plant(1))
    with pytest.raises(Unavailable) as notify:
        notifier.send(())
    with pytest.raises(Unavailable) as publish:
        Publisher.to(settings.url, authority.certificate).connect(timeout=1)
    return [*told, str(probe.value), str(notify.value), str(publish.value)]


CLIENTS = {
    "nobody": "the broker wants a certificate from us; set certificate and key",
    "stranger": "the broker refused our certificate: no authority that the broker knows",
    "expired": "the broker refused our certificate: it has expired",
}


@pytest.mark.parametrize("who", CLIENTS)
def test_a_certificate_of_ours_that_is_refused_is_named(
    tmp_path: Path, authority: Authority, identity: Identity, who: str
) -> None:
    past = {"since": timedelta(days=-9), "until": timedelta(days=-1)}
    shown = {
        "nobody": dict[str, str],
        "stranger": lambda: Authority(tmp_path / "other", "other").sign(who).settings,
        "expired": lambda: authority.sign(who, **past).settings,
    }[who]()
    port = free_port()
    lines = tls_listener(port, authority, identity, clients=True)
    with PrivateMosquitto(tmp_path / "strict", extra=lines) as broker:
        settings = Secured(broker, port, authority).settings(**shown)
        told = everyone_says(settings, authority)[:3]
    assert [CLIENTS[who] in each for each in told] == [True] * 3, told


def test_a_port_without_tls_is_named_as_that(mosquitto: PrivateMosquitto, tmp_path: Path) -> None:
    authority = Authority(tmp_path / "authority")
    settings = Secured(mosquitto, mosquitto.port, authority).settings()
    told = everyone_says(settings, authority)
    assert all("write mqtt:// for a port without TLS" in each for each in told), told


def test_a_port_with_tls_is_named_to_those_who_come_without(secured: Secured) -> None:
    settings = BrokerSettings(url=f"mqtt://127.0.0.1:{secured.port}")
    with Receiving(settings) as site:
        until(lambda: site.pipeline.status().trouble)
        assert "a port for TLS wants mqtts://" in site.pipeline.status().trouble[0]
    with pytest.raises(Unavailable, match="its port is for TLS; write mqtts://"):
        reach(settings)


def test_a_file_that_is_missing_is_named_and_taken_up_when_it_comes(
    secured: Secured, tmp_path: Path
) -> None:
    late = tmp_path / "late.crt"
    with Receiving(secured.settings(ca=f"file:{late}")) as site:
        until(lambda: site.pipeline.status().trouble)
        assert f"ca file {late}: No such file" in site.pipeline.status().trouble[0]
        late.write_bytes(secured.authority.certificate.read_bytes())
        until(lambda: site.connected)


def test_simulators_and_notifiers_speak_tls(secured: Secured) -> None:
    with (
        Receiving(secured.settings()) as site,
        Publisher.to(secured.url, secured.authority.certificate) as publisher,
    ):
        until(lambda: site.connected)
        topic, payload = message(5)
        assert publisher.publish([Message("p1", BEGIN, topic, payload)]).acked == 1
        until(lambda: site.heard() == [5])
    files = TlsFiles.model_validate(secured.authority.settings)
    target = MqttTarget("mqtt", secured.url, "a", None, None, "millwright", 5 * SECOND, files)
    notifier = MqttNotifier(target, service_plant(1))
    notifier.send(())
    notifier.close()


@pytest.mark.parametrize("sealed", [False, True], ids=["ws", "wss"])
@pytest.mark.parametrize("protocol", ["auto", "3.1.1"])
def test_websocket_is_received_too_with_the_same_promises(
    secured: Secured, identity: Identity, sealed: bool, protocol: str
) -> None:
    context = None
    if sealed:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(identity.certificate, identity.key)
    with WebsocketGateway(secured.broker.port, context) as gateway:
        scheme, ca = ("wss", secured.authority.settings["ca"]) if sealed else ("ws", None)
        url = f"{scheme}://127.0.0.1:{gateway.port}/bus"
        settings = secured.settings(url=url, ca=ca, protocol=protocol)
        with Receiving(settings) as site:
            until(lambda: site.connected)
            queue(secured.broker.port, [message(number) for number in range(500)])
            until(lambda: site.pipeline.status().acknowledged == 500)
            assert site.heard() == list(range(500))
        with Receiving(settings) as again:
            until(lambda: again.connected)
            queue(secured.broker.port, [message(500)])
            until(lambda: again.heard() == [500])  # so the others were acknowledged too
            assert Link.SESSION_LOST not in again.links()
    assert set(gateway.paths) == {"/bus"}
