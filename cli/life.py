"""`life`: remaining life from recorded runs to failure, and how good what was said live was."""

from __future__ import annotations

import typer

from cli.life_fit import fit
from cli.life_predict import predict
from cli.life_scorecard import scorecard
from cli.teaching import Teaching

app = typer.Typer(no_args_is_help=True, help="Remaining life from recorded runs to failure.")
app.command(cls=Teaching)(fit)
app.command(cls=Teaching)(predict)
app.command(cls=Teaching)(scorecard)
