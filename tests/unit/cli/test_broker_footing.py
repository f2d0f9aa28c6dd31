"""What is said of a broker, by what was measured and seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli import broker_footing as footing
from ingest.probe import Kept
from ingest.settings import BrokerSettings

HERE = BrokerSettings()
AWAY = BrokerSettings(url="mqtt://10.0.0.5")


def test_a_queue_that_loses_or_cannot_be_measured_is_told_apart() -> None:
    assert footing.queue(Kept(1200, 1200, 20), 4).verdict == "ok"
    some, none = footing.queue(Kept(1200, 1000, 20), 4), footing.queue(Kept(1200, 0, 0), 4)
    assert some.verdict == none.verdict == "warning"
    assert "250 for each asset" in some.found
    assert "not kept, or not allowed" in none.found and "topic readwrite" in none.mend


@pytest.mark.parametrize(
    ("count", "verdict", "words"),
    [(20, "warning", "drains slowly"), (200, "ok", "200 messages"), (1200, "ok", "at least 1,200")],
)
def test_few_messages_at_once_are_slow(count: int, verdict: str, words: str) -> None:
    found = footing.in_flight(Kept(1200, 1200, count))
    assert found.verdict == verdict and words in found.found


def configured(folder: Path, main: str, more: str = "") -> Path:
    (folder / "conf.d").mkdir()
    (folder / "mosquitto.conf").write_text(main)
    (folder / "conf.d" / "millwright.conf").write_text(more)
    return folder


@pytest.mark.parametrize(
    ("main", "more", "verdict"),
    [
        ("persistence true\npersistence_location /var/lib/mosquitto/", "", "ok"),
        ("persistence false", "persistence true", "ok"),
        ("persistence true", "persistence false", "warning"),
        ("# persistence true", "", "warning"),
    ],
)
def test_a_broker_of_this_machine_is_asked_by_its_configuration(
    tmp_path: Path, main: str, more: str, verdict: str
) -> None:
    assert footing.persistence(HERE, configured(tmp_path, main, more)).verdict == verdict


def test_what_cannot_be_seen_is_said_to_be_unknown(tmp_path: Path) -> None:
    folder = configured(tmp_path, "persistence true")
    assert footing.persistence(AWAY, folder).verdict == "unknown"
    assert footing.persistence(HERE, tmp_path / "nowhere").verdict == "unknown"
    (folder / "mosquitto.conf").unlink()
    assert footing.persistence(HERE, folder).verdict == "unknown"
