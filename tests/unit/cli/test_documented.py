"""The commands that the documentation shows are understood as they stand there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from cli.main import app

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```\n(.*?)^```", re.MULTILINE | re.DOTALL)
PROGRAM = re.compile(r"^(\.venv/bin/)?millwright (?=[a-z])")


def shown() -> list[tuple[str, str]]:
    """List every command of every page."""
    found = []
    for page in PAGES:
        for block in BLOCK.findall(page.read_text(encoding="utf-8")):
            lines = block.replace("\\\n", " ").splitlines()
            name = str(page.relative_to(ROOT))
            found += [(name, PROGRAM.sub("", line)) for line in lines if PROGRAM.match(line)]
    return found


EVERY = shown()
ROOT_COMMAND: Any = typer.main.get_command(app)


@pytest.mark.parametrize(("page", "line"), EVERY, ids=[f"{page}: {line}" for page, line in EVERY])
def test_a_shown_command_is_understood(
    page: str, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USER", "Ayesha")
    words = shlex.split(line, comments=True)
    command = ROOT_COMMAND
    while hasattr(command, "commands"):
        assert words[0] in command.commands, f"{page} shows an unknown command"
        command = command.commands[words.pop(0)]
    try:
        command.make_context(line, words)
    except Exception as error:
        # a file that the page speaks of need not be here; every other complaint is the page's fault
        if not str(getattr(error, "message", "")).endswith("does not exist."):
            raise


def walk(command: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Give every command by its last word."""
    for word, inner in getattr(command, "commands", {}).items():
        yield from walk(inner, word)
    if not hasattr(command, "commands"):
        yield name, command


@pytest.mark.parametrize("name", sorted({name for name, _ in walk(ROOT_COMMAND)}))
def test_every_command_is_in_the_reference_with_its_options(name: str) -> None:
    page = (ROOT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")
    assert re.search(rf"`{name}[` ]", page)
    for command in [command for known, command in walk(ROOT_COMMAND) if known == name]:
        for option in command.params:
            if getattr(option, "hidden", False) or option.param_type_name == "argument":
                continue
            names = [one for one in (*option.opts, *option.secondary_opts) if len(one) > 2]
            assert any(one in page for one in names) or "--config" in names
