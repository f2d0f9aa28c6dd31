"""`alerts`: list, show, acknowledge and follow cases, straight from the files of this machine."""

from __future__ import annotations

import threading
from typing import Annotated

import typer

from cli.options import SHIPPED, AsJson, ConfigFolder, json_line, plain, print_rows
from cli.teaching import Teaching
from core.errors import Refused

By = Annotated[str, typer.Option(help="Who says so.", envvar="USER")]
Note = Annotated[str, typer.Option(help="What you saw, did or will do.")]

app = typer.Typer(no_args_is_help=True, help="List, show, acknowledge and follow alerts.")


@app.command("list", cls=Teaching)
def list_alerts(
    config: ConfigFolder = SHIPPED,
    everything: Annotated[bool, typer.Option("--all", help="Past cases too.")] = False,
    asset: Annotated[str | None, typer.Option(help="Only this asset, site/area/name.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    as_json: AsJson = False,
) -> None:
    """List cases, unacknowledged and most urgent first.

    Examples:
      millwright alerts list
      millwright alerts list --all --asset lahore/water/pump-01 --json

    """
    from cli.adapters import existing, open_casefile
    from cli.configuration import load
    from cli.wording import alert_row
    from core.alert import AlertQuery, AlertState

    states = frozenset(AlertState) if everything else frozenset(s for s in AlertState if s.is_open)
    casefile = open_casefile(existing(load(config)))
    try:
        page = casefile.alerts(AlertQuery(states=states, asset=asset, limit=limit))
    finally:
        casefile.close()
    rows = [alert_row(alert) for alert in page.alerts]
    print_rows(rows, ("id", "severity", "state", "asset", "since", "title"), as_json=as_json)


@app.command(cls=Teaching)
def show(alert_id: str, config: ConfigFolder = SHIPPED, as_json: AsJson = False) -> None:
    """Show one case in plain words, with its history.

    Examples:
      millwright alerts show eb0919d7a576e2f2

    """
    from dataclasses import asdict

    from cli.adapters import existing, open_casefile
    from cli.command import no_alert
    from cli.configuration import load
    from cli.wording import history_lines, words_of

    loaded = existing(load(config))
    casefile = open_casefile(loaded)
    try:
        alert = casefile.alert(alert_id)
        transitions = casefile.transitions(alert_id)
    finally:
        casefile.close()
    if alert is None:
        raise Refused(no_alert(alert_id))
    if as_json:
        body = asdict(alert) | {"history": [asdict(step) for step in transitions]}
        print_rows([body], (), as_json=True)
        return
    for line in [*words_of(alert, loaded.plant), "", *history_lines(transitions)]:
        print(plain(line))


@app.command(cls=Teaching)
def ack(
    alert_id: str,
    by: By,
    note: Note = "",
    config: ConfigFolder = SHIPPED,
) -> None:
    """Acknowledge a case: you have seen it and take it on.

    It waits for the running service to decide, ten seconds at most.

    Examples:
      millwright alerts ack eb0919d7a576e2f2 --by Ayesha --note "noisy bearing, new one ordered"

    """
    from cli.command import send

    print(send(config, "acknowledge", alert_id, by, note))


@app.command(cls=Teaching)
def end(
    alert_id: str,
    by: By,
    note: Note = "",
    config: ConfigFolder = SHIPPED,
) -> None:
    """End a case whose condition has returned.

    Refused while the condition still holds.

    Examples:
      millwright alerts end eb0919d7a576e2f2 --by Ayesha --note "greased"

    """
    from cli.command import send

    print(send(config, "end", alert_id, by, note))


@app.command(cls=Teaching)
def tail(
    config: ConfigFolder = SHIPPED,
    after: Annotated[int, typer.Option(help="Begin after this event; -1 means now.")] = -1,
    as_json: AsJson = False,
) -> None:
    """Follow alerts as they come, until interrupted.

    Examples:
      millwright alerts tail
      millwright alerts tail --after 0 --json

    """
    from cli.adapters import existing, open_casefile
    from cli.configuration import load
    from cli.signals import until_signal
    from cli.wording import event_row

    casefile, stop = open_casefile(existing(load(config))), threading.Event()
    try:
        seen = casefile.last_event() if after < 0 else after
        with until_signal(stop):
            while not stop.wait(0.2):
                for step, alert in casefile.events(seen):
                    row = event_row(step, alert)
                    print(json_line(row) if as_json else plain(row["line"]), flush=True)
                    seen = step.id
    finally:
        casefile.close()
