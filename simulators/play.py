"""Plays a recording to a broker as telemetry."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from core.errors import Refused
from core.plant import Asset
from simulators.message import TOPIC
from simulators.pace import Pace
from simulators.publisher import Progress, Published, Publisher
from simulators.recording import Recording


def replay(
    recording: Recording,
    assets: Sequence[Asset],
    publisher: Publisher,
    *,
    topic: str = TOPIC,
    pace: Pace | None = None,
    progress: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
) -> Published:
    """Publish a recording, its tracks as `assets` in turn.

    Move it with `recording.ending(now)` first where it should end now. The publisher must be
    connected. `recording.count` is the whole, for the progress.
    """
    if len(assets) != len(recording.tracks):
        msg = f"the recording has {len(recording.tracks)} assets, but {len(assets)} are named"
        raise Refused(msg)
    return publisher.publish(recording.messages(assets, topic), pace, progress, stop)
