"""`alerts`: list, show, acknowledge and follow cases, straight from the files of this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.options import SHIPPED, AsJson, ConfigFolder, plain, print_rows
from cli.rank import rank
from cli.tail import tail
from cli.teaching import Teaching
from core.errors import Refused

By = Annotated[str, typer.Option(help="Who says so.", envvar=["USER", "LOGNAME"])]
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
    print_rows(
        map(alert_row, page.alerts),
        ("id", "severity", "state", "asset", "since", "title"),
        as_json=as_json,
    )


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


app.command(cls=Teaching)(rank)
app.command(cls=Teaching)(tail)
