"""What a site last told its centre of its own ledger, and when."""

from __future__ import annotations

import sys
from pathlib import Path

from cli.ledger import show


def site_ledger(config: Path, site: str, *, as_json: bool) -> None:
    """Print a site's ledger as the centre has it; ends with 1 where a message is missing there."""
    from cli.adapters import existing, open_casefile
    from cli.configuration import load
    from core.clock import iso
    from core.errors import Refused
    from core.suggestion import unknown
    from service.sites import report_of

    loaded = existing(load(config))
    senders = loaded.service.ingest.senders
    if site not in senders:
        raise Refused(unknown("site", site, senders) if senders else "no site forwards to us")
    casefile = open_casefile(loaded)
    try:
        report = report_of(casefile.load().checkpoint, site)
    finally:
        casefile.close()
    if report is None:
        msg = f"site {site} has not told its ledger yet"
        raise Refused(msg)
    said = f"as site {site} said at {iso(report.at)} by its own clock, heard {iso(report.heard)}"
    waits = f"{report.waiting} of its journal entries waited for the link"
    print(f"{said}; {waits}", file=sys.stderr)
    show(report.lines, as_json=as_json)
