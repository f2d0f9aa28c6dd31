"""`alerts`: list, show, acknowledge and follow cases, straight from the files of this machine."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer

from cli.options import SHIPPED, AsJson, ConfigFolder, print_rows
from core.errors import Refused

app = typer.Typer(no_args_is_help=True, help="List, show, acknowledge and follow alerts.")


@app.command("list")
def list_alerts(
    config: ConfigFolder = SHIPPED,
    everything: Annotated[bool, typer.Option("--all", help="Past cases too.")] = False,
    asset: Annotated[str | None, typer.Option(help="Only this asset, site/area/name.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    as_json: AsJson = False,
) -> None:
    """List cases, unacknowledged and most urgent first.

    Example: millwright alerts list --asset lahore/east/pump-01
    """
    from cli.adapters import open_casefile
    from cli.configuration import load
    from core.alert import AlertQuery, AlertState

    states = frozenset(AlertState) if everything else frozenset(s for s in AlertState if s.is_open)
    casefile = open_casefile(load(config))
    try:
        page = casefile.alerts(AlertQuery(states=states, asset=asset, limit=limit))
    finally:
        casefile.close()
    rows = [_row(alert) for alert in page.alerts]
    print_rows(rows, ("id", "severity", "state", "asset", "since", "title"), as_json=as_json)


def _row(alert: Any) -> dict[str, Any]:
    from core.clock import iso

    return {
        "id": alert.id,
        "severity": str(alert.severity),
        "state": str(alert.state),
        "asset": alert.asset,
        "group": alert.group,
        "since": iso(alert.opened_at),
        "title": alert.title,
        "summary": alert.summary,
        "version": alert.version,
    }


@app.command()
def show(alert_id: str, config: ConfigFolder = SHIPPED, as_json: AsJson = False) -> None:
    """Show one case in plain words, with its history."""
    from dataclasses import asdict

    from cli.adapters import open_casefile
    from cli.configuration import load
    from cli.wording import history_lines, words_of

    loaded = load(config)
    casefile = open_casefile(loaded)
    try:
        alert = casefile.alert(alert_id)
        transitions = casefile.transitions(alert_id)
    finally:
        casefile.close()
    if alert is None:
        msg = f"no alert {alert_id!r}; millwright alerts list --all shows the known ones"
        raise Refused(msg)
    if as_json:
        body = asdict(alert) | {"history": [asdict(step) for step in transitions]}
        print_rows([body], (), as_json=True)
        return
    print("\n".join([*words_of(alert, loaded.plant), "", *history_lines(transitions)]))


@app.command()
def ack(
    alert_id: str,
    by: Annotated[str, typer.Option(help="Who acknowledges.", envvar="USER")],
    note: Annotated[str, typer.Option(help="What you saw or will do.")] = "",
    config: ConfigFolder = SHIPPED,
) -> None:
    """Acknowledge a case: you have seen it and take it on."""
    from cli.command import send

    print(send(config, "acknowledge", alert_id, by, note))


@app.command()
def end(
    alert_id: str,
    by: Annotated[str, typer.Option(help="Who ends it.", envvar="USER")],
    note: Annotated[str, typer.Option(help="Why it is over.")] = "",
    config: ConfigFolder = SHIPPED,
) -> None:
    """End a case whose condition has returned; refused while the condition still holds."""
    from cli.command import send

    print(send(config, "end", alert_id, by, note))


@app.command()
def tail(
    config: ConfigFolder = SHIPPED,
    after: Annotated[int, typer.Option(help="Begin after this event; -1 means now.")] = -1,
    as_json: AsJson = False,
) -> None:
    """Follow alerts as they come, until interrupted."""
    from cli.adapters import open_casefile
    from cli.configuration import load
    from cli.wording import event_row

    casefile = open_casefile(load(config))
    try:
        seen = casefile.last_event() if after < 0 else after
        while True:
            for step, alert in casefile.events(seen):
                print_rows([event_row(step, alert)], (), as_json=True) if as_json else print(
                    event_row(step, alert)["line"], flush=True
                )
                seen = step.id
            time.sleep(0.2)
    finally:
        casefile.close()
