"""The demo says that nothing came of its history only once all of it was scored."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from cli.following import _History
from cli.progress import Progress


def test_history_is_over_once_its_last_entry_was_scored_and_the_cases_were_read() -> None:
    status = SimpleNamespace(acknowledged=9)
    scoring = SimpleNamespace(position=3)
    runtime: Any = SimpleNamespace(
        pipeline=SimpleNamespace(status=lambda: status),
        scoring=scoring,
        journal=SimpleNamespace(last_id=lambda: 7),
    )
    history, progress = _History(runtime, 10), Progress("readings", 10)
    assert not history.look(progress)
    status.acknowledged = 10
    assert history.look(progress) and not history.look(progress)
    assert not history.over and not history.over  # scoring lags behind, for as long as it likes
    scoring.position = 8
    assert not history.over  # what it raised was not read yet
    assert history.over
