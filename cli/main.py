"""The `millwright` command: every subcommand in one list, and the exit codes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import typer

from core.errors import ConfigError, MillwrightError, Refused, Unavailable

EXIT_CODES = """
Exit codes: 0 done; 1 a check did not hold; 2 the configuration or the command line is wrong;
3 refused, and trying again will not help; 4 something needed is not there now; 130 interrupted.
"""

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
    from cli import alerts, check, demo, doctor, messages, replay, run, simulate, work

    commands: tuple[tuple[str, Callable[..., Any]], ...] = (
        ("demo", demo.demo),
        ("run", run.run),
        ("ingest", run.ingest),
        ("serve", run.serve),
        ("check", check.check),
        ("doctor", doctor.doctor),
        ("simulate", simulate.simulate),
        ("replay", replay.replay),
    )
    for name, command in commands:
        app.command(name, epilog=EXIT_CODES)(command)
    app.add_typer(alerts.app, name="alerts")
    app.add_typer(messages.app, name="messages")
    app.add_typer(work.app, name="work")


def main() -> None:
    """Run the command line and turn typed errors into exit codes."""
    _register()
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
    except KeyboardInterrupt:
        _end("millwright: interrupted", 130)


def _end(words: str, code: int) -> None:
    print(words, file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
