"""`forward`: a site's journal to a centre, over a thin link."""

from __future__ import annotations

import sys

from cli.options import SHIPPED, ConfigFolder


def forward(config: ConfigFolder = SHIPPED) -> None:
    """Forward this site's readings, cases and ledger to a centre.

    Where to, says `forward` in service.yaml. It goes on where it left off, also after days without
    a link, and nothing counts twice. `millwright run` does this too; use this beside
    `millwright ingest` and `serve`. Needs a data folder that they work on.

    Examples:
      millwright forward -c /etc/millwright

    """
    from cli.adapters import existing, open_casefile, open_history, open_journal
    from cli.configuration import load
    from cli.forwarding import make_forwarder
    from cli.logs import configure
    from cli.parts import Parts
    from cli.signals import until_signal
    from core.clock import system_clock
    from storage.lockfile import LockFile

    configure()
    loaded = existing(load(config))
    parts = Parts()
    journal, casefile = open_journal(loaded), open_casefile(loaded)
    history = open_history(loaded)
    try:
        with LockFile(loaded.data / "forward.lock"), until_signal(parts.stop):
            made = make_forwarder(loaded, journal, casefile, history, system_clock)
            thread = parts.start("forward", lambda: made.run(parts.stop))
            settings = loaded.service.forward
            print(f"centre: {settings.url if settings else ''}", file=sys.stderr, flush=True)
            parts.wait()
            thread.join(30)
    finally:
        history.close()
        casefile.close()
        journal.close()
