"""What runs beside scoring in `serve`: the watch over ingest, notices, learning, drills."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from cli.adapters import open_conditions

if TYPE_CHECKING:
    from cli.configuration import Configuration
    from core.casefile import CaseFile
    from core.clock import Clock
    from core.journal import Journal
    from service.notify import Notifier

Run: TypeAlias = Callable[[threading.Event], None]


def beside_scoring(
    config: Configuration,
    journal: Journal,
    casefile: CaseFile,
    notifiers: tuple[Notifier, ...],
    clock: Clock,
) -> dict[str, Run]:
    """Build them; each is run in a thread of its name until the event is set."""
    from cli.drills import make_drilling
    from cli.forwarding import make_site_commands
    from cli.relearn import make_relearning
    from service.notify import Outbox
    from service.watch import IngestWatch

    runs: dict[str, Run] = {
        "watch": IngestWatch(journal, config.plant.tick_every, clock).run,
        "outbox": Outbox(casefile, notifiers).run,
    }
    if (commands := make_site_commands(config, journal, casefile)) is not None:
        runs["commands"] = commands.run
    if (relearning := make_relearning(config, casefile, clock)) is not None:
        runs["relearning"] = relearning.run
    if (drilling := make_drilling(config, casefile, clock)) is not None:
        runs["drilling"] = drilling.run
    if (conditions := open_conditions(config, casefile)) is not None:
        runs["conditions"] = conditions.run
    return runs
