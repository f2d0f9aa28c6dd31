"""`life`: remaining life from recorded runs to failure, with no broker and no database."""

from __future__ import annotations

import typer

from cli.life_fit import fit
from cli.life_predict import predict
from cli.teaching import Teaching

app = typer.Typer(no_args_is_help=True, help="Remaining life from recorded runs to failure.")
app.command(cls=Teaching)(fit)
app.command(cls=Teaching)(predict)
