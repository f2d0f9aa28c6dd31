"""A site and its centre over a real broker: confirmed, resumed, encrypted, and commands back."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core import site
from core.clock import SECOND, ManualClock
from core.errors import Unavailable
from core.journal import Command, Draft, Kind, decode, draft
from core.ledger import Fate
from core.readings import Readings
from core.site import Topic
from core.tls import TlsFiles
from ingest.settings import BrokerSettings, SitesSettings
from ingest.site_receiver import SiteReceiver
from service.forwarder import CommandDesk, Forwarder
from service.mqtt_link import LinkTarget, MqttLink
from service.positions import PositionFile
from service.settings import ForwardSettings
from simulators.broker import PrivateMosquitto, free_port
from storage.casefile_memory import MemoryCaseFile
from storage.journal_memory import MemoryJournal
from tests.certificates import Authority, tls_listener
from tests.forwarding import NOW, block, centre_plant
from tests.stubborn import StubbornJournal
from tests.waiting import until

pytestmark = pytest.mark.mosquitto
COMMANDS = site.topic("millwright", "lahore", Topic.COMMANDS)
COMMAND = Command("id-1", "acknowledge", "c1", "amina")
Links = Callable[..., MqttLink]


@pytest.fixture
def links() -> Iterator[Links]:
    """Make links, and close them all at the end."""
    made: list[MqttLink] = []

    def make(
        url: str | int,
        client_id: str = "lahore",
        hear: Callable[[bytes], None] | None = None,
        *,
        within: int = 5,
        files: TlsFiles | None = None,
    ) -> MqttLink:
        address = f"mqtt://127.0.0.1:{url}" if isinstance(url, int) else url
        target = LinkTarget(
            address, client_id, confirm_within=within * SECOND, files=files or TlsFiles()
        )
        made.append(MqttLink(target, COMMANDS if hear else "", hear))
        return made[-1]

    yield make
    for link in made:
        link.close()


class Ears:
    """Hears commands; fails as often as it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.heard: list[Command] = []
        self.tries = 0

    def take(self, body: bytes) -> None:
        self.tries += 1
        if self.tries <= self.failures:
            msg = "disk full"
            raise Unavailable(msg)
        self.heard.append(site.unpack(body, Command))


def looks(link: MqttLink) -> bool:
    """Keep a link up as a forwarder does; tells whether it stood."""
    try:
        link.look()
    except Unavailable:
        return False
    return True


def test_a_command_that_could_not_be_kept_comes_again(
    mosquitto: PrivateMosquitto, links: Links
) -> None:
    ears = Ears(failures=2)
    listening, centre = links(mosquitto.port, hear=ears.take), links(mosquitto.port, "centre")
    listening.look()
    centre.publish(COMMANDS, site.pack(COMMAND))
    until(lambda: looks(listening) and ears.heard)
    assert (ears.heard, ears.tries) == ([COMMAND], 3)
    listening.close()
    listening.look()
    centre.publish(COMMANDS, site.pack(Command("id-2", "note", "c1", "amina")))
    until(lambda: len(ears.heard) == 2)
    assert ears.tries == 4  # what was kept is not sent again


def test_a_command_waits_for_a_site_that_is_away(mosquitto: PrivateMosquitto, links: Links) -> None:
    ears = Ears()
    listening, centre = links(mosquitto.port, hear=ears.take), links(mosquitto.port, "centre")
    listening.look()
    listening.close()
    centre.publish(COMMANDS, site.pack(COMMAND))
    assert ears.heard == []
    listening.look()
    until(lambda: ears.heard == [COMMAND])


def test_a_broker_that_goes_away_is_unavailable_and_then_there_again(
    mosquitto: PrivateMosquitto, links: Links
) -> None:
    link = links(mosquitto.port)
    link.publish("a", b"1")
    mosquitto.stop()
    until(lambda: not looks(link))
    with pytest.raises(Unavailable, match=f"broker mqtt://127.0.0.1:{mosquitto.port}: "):
        link.publish("a", b"2")
    mosquitto.start()
    link.publish("a", b"3")
    with pytest.raises(Unavailable):
        link.publish("no/+/wildcard", b"")


def test_nobody_there_and_a_broker_that_does_not_answer_are_told_apart(links: Links) -> None:
    with pytest.raises(Unavailable, match="refused"):
        links(free_port()).look()
    with (
        socket.create_server(("127.0.0.1", 0)) as deaf,
        pytest.raises(Unavailable, match="does not answer"),
    ):
        links(deaf.getsockname()[1], within=1).look()


def test_over_tls_the_broker_is_verified(tmp_path: Path, links: Links) -> None:
    authority = Authority(tmp_path / "ca")
    port = free_port()
    listener = tls_listener(port, authority, authority.sign("broker"))
    with PrivateMosquitto(tmp_path / "broker", extra=listener):
        url = f"mqtts://127.0.0.1:{port}"
        links(url, files=TlsFiles.model_validate(authority.settings)).publish("a", b"1")
        stranger = Authority(tmp_path / "other", "another authority")
        with pytest.raises(Unavailable):
            links(url, files=TlsFiles.model_validate(stranger.settings), within=2).look()


def forwarder(folder: Path, journal: MemoryJournal, link: MqttLink) -> Forwarder:
    given = {"site": "lahore", "url": "mqtt://127.0.0.1", "every": "100ms", "heartbeat": "1s"}
    settings, positions = ForwardSettings.model_validate(given), PositionFile(folder / "f.json")
    return Forwarder(settings, journal, MemoryCaseFile(), positions, link, ManualClock(NOW))


def test_a_site_reaches_its_centre_over_a_broker_that_is_killed_between(
    tmp_path: Path, mosquitto: PrivateMosquitto, links: Links
) -> None:
    at_site, at_centre = StubbornJournal(), MemoryJournal()
    desk = CommandDesk(at_site, ManualClock(NOW))
    broker = BrokerSettings(url=f"mqtt://127.0.0.1:{mosquitto.port}", reconnect_max=SECOND)
    accepted = SitesSettings(accept=("lahore",))
    receiver = SiteReceiver(broker, accepted, centre_plant(), at_centre, ManualClock(NOW))
    stop = threading.Event()
    made = forwarder(tmp_path, at_site, links(mosquitto.port, hear=desk.take))
    threads = [
        threading.Thread(target=receiver.run, args=(stop, lambda: None), daemon=True),
        threading.Thread(target=made.run, args=(stop,), daemon=True),
    ]
    for thread in threads:
        thread.start()
    until(lambda: receiver.connected)
    for number in range(1, 61):
        at_site.append([draft_of(number)])
        if number in {20, 40}:
            mosquitto.stop()
            mosquitto.start()
    until(lambda: len(arrived(at_centre)) >= 60, 40)
    links(mosquitto.port, "centre").publish(COMMANDS, site.pack(COMMAND))
    until(lambda: any(entry.kind is Kind.COMMAND for entry in at_site.read(0, 1000)))
    stop.set()
    for thread in threads:
        thread.join(20)
    assert arrived(at_centre) == list(range(1, 61))
    counts = at_centre.booked(0).counts
    assert counts["site lahore", Fate.RECEIVED, ""] >= 60
    assert ("site lahore", Fate.LOST, "") not in counts


def draft_of(number: int) -> Draft:
    said = block("p1", at=NOW - 100 * SECOND + number * SECOND, vibration=float(number))
    return draft(NOW, said)


def arrived(journal: MemoryJournal) -> list[int]:
    bodies = [decode(entry) for entry in journal.read(0, 10_000)]
    blocks = [body for body in bodies if isinstance(body, Readings)]
    return [int(each.values["vibration"]) for part in blocks for each in part]
