"""A stand at a broker of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.broker import PrivateMosquitto
from tests.integration.sparkplug.stand import STATE, Stand, Watcher


@pytest.fixture
def stand(mosquitto: PrivateMosquitto, tmp_path: Path) -> Iterator[Stand]:
    found = Stand(mosquitto.port, tmp_path)
    yield found
    found.close()


@pytest.fixture
def watcher(mosquitto: PrivateMosquitto) -> Iterator[Watcher]:
    found = Watcher(mosquitto.port, STATE, "spBv1.0/+/NCMD/#", "spBv1.0/+/DCMD/#")
    yield found
    found.close()
