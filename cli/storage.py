"""`storage`: what must last, set up and filled."""

from __future__ import annotations

import typer

from cli.importing import import_past
from cli.storage_setup import setup
from cli.teaching import Teaching

app = typer.Typer(no_args_is_help=True, help="Set up InfluxDB; bring a past into the history.")
app.command("import", cls=Teaching)(import_past)
app.command(cls=Teaching)(setup)
