"""Every command teaches: what it is for, examples that parse, and what its exit codes mean."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from cli.main import app

ROOT: Any = typer.main.get_command(app)


def commands(group: Any = ROOT, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """List every command by its words."""
    for name, command in getattr(group, "commands", {}).items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name)


EVERY = tuple(commands())


def help_of(words: tuple[str, ...]) -> str:
    done = CliRunner().invoke(app, [*words, "--help"])
    assert done.exit_code == 0
    return done.stdout


def examples(words: tuple[str, ...]) -> list[str]:
    lines = (line.strip() for line in help_of(words).splitlines())
    return [line for line in lines if line.startswith("millwright ")]


@contextlib.contextmanager
def missing_files_are_forgiven() -> Iterator[None]:
    """Let an example name a file that is not here; every other complaint is the example's fault."""
    try:
        yield
    except Exception as error:
        if not str(getattr(error, "message", "")).endswith("does not exist."):
            raise


def test_all_commands_are_there() -> None:
    assert {" ".join(words) for words in EVERY} >= {
        *("demo", "run", "ingest", "serve", "check", "doctor", "simulate", "replay"),
        *("alerts list", "alerts show", "alerts ack", "alerts end", "alerts tail"),
        *("messages rejected", "messages retry", "work add", "work list"),
    }


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_help_has_an_example_and_the_exit_codes(words: tuple[str, ...]) -> None:
    assert examples(words)
    assert "130  interrupted" in help_of(words)


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_the_examples_are_commands_that_are_understood(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USER", "Ayesha")
    command = ROOT
    for word in words:
        command = command.commands[word]
    for example in examples(words):
        given = shlex.split(example)[1:]
        assert tuple(given[: len(words)]) == words
        with missing_files_are_forgiven():
            command.make_context(example, given[len(words) :])


@pytest.mark.parametrize("words", [(), ("alerts",), ("work",), ("messages",)], ids=" ".join)
def test_a_group_without_a_command_shows_its_help(words: tuple[str, ...]) -> None:
    done = CliRunner().invoke(app, list(words))
    assert "Commands:" in done.output


def test_every_command_is_summed_up_on_one_line() -> None:
    listed = CliRunner().invoke(app, ["--help"]).stdout
    assert "..." not in listed.partition("Commands:")[2]


@pytest.mark.parametrize(
    "words",
    [
        "alerts list",
        "alerts show",
        "alerts tail",
        "check",
        "doctor",
        "messages rejected",
        "replay",
        "work list",
    ],
)
def test_what_lists_can_list_as_json(words: str) -> None:
    assert "--json" in help_of(tuple(words.split()))
