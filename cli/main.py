"""The `millwright` command: every subcommand in one list, and how errors end it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

import typer

from cli.teaching import EXIT_CODES, Teaching
from core.errors import ConfigError, MillwrightError, Refused, Unavailable

app = typer.Typer(
    name="millwright",
    help="Predictive maintenance for plants: telemetry in over MQTT, explained alerts out.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _register() -> None:
    from cli import (
        alerts,
        backtest,
        check,
        demo,
        doctor,
        drill,
        forward,
        life,
        messages,
        models,
        replay,
        run,
        score,
        simulate,
        storage,
        work,
    )

    commands: tuple[tuple[str, Callable[..., Any]], ...] = (
        ("demo", demo.demo),
        ("run", run.run),
        ("ingest", run.ingest),
        ("serve", run.serve),
        ("forward", forward.forward),
        ("check", check.check),
        ("doctor", doctor.doctor),
        ("simulate", simulate.simulate),
        ("replay", replay.replay),
        ("backtest", backtest.backtest),
        ("drill", drill.drill),
        ("score", score.score),
    )
    for name, command in commands:
        app.command(name, cls=Teaching)(command)
    app.add_typer(alerts.app, name="alerts")
    app.add_typer(life.app, name="life")
    app.add_typer(messages.app, name="messages")
    app.add_typer(models.app, name="models")
    app.add_typer(storage.app, name="storage")
    app.add_typer(work.app, name="work")


_register()


def main() -> None:
    """Run the command line and turn typed errors into exit codes."""
    from cli.signals import leave_on_signal

    leave_on_signal()
    try:
        app()
    except ConfigError as error:
        _end(str(error), 2)
    except Refused as error:
        _end(f"millwright: {error}", 3)
    except Unavailable as error:
        _end(f"millwright: {error}", 4)
    except MillwrightError as error:
        _end(f"millwright: {error}", 1)
    except BrokenPipeError:
        # Who read our output has gone, as `| head` does; nothing more can be said there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        _end(f"millwright: {place}{error.strerror or error}", 4)
    except KeyboardInterrupt:
        _end("millwright: interrupted", 130)


def _end(words: str, code: int) -> None:
    print(words, file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
