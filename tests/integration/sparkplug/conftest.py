"""A stand at a broker of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.broker import PrivateMosquitto
from tests.integration.sparkplug.stand import STATE, Stand, Watcher
from tests.integration.sparkplug.wire import Session, record


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


@pytest.fixture(scope="session", params=["5", "3.1.1"])
def session(request: pytest.FixtureRequest) -> Session:
    """Read one whole session of the host off the wire, for all that look at it."""
    return record(request.param)
