"""The house stays small and straight: lengths of files and functions, and what may not be in it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("core", "storage", "models", "ingest", "service", "simulators", "cli", "benchmarks")
SOURCES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
LONGEST_FILE, LONGEST_FUNCTION, LONGEST_COMMAND = 400, 60, 150


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_no_file_is_too_long() -> None:
    assert [name(p) for p in [*SOURCES, *TESTS] if lines(p) > LONGEST_FILE] == []


def test_no_file_of_a_command_holds_more_than_its_command() -> None:
    assert [name(p) for p in SOURCES if p.parent.name == "cli" and lines(p) > LONGEST_COMMAND] == []


def test_no_function_is_too_long() -> None:
    found = [
        f"{name(path)}:{node.lineno} {node.name}"
        for path in [*SOURCES, *TESTS]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > LONGEST_FUNCTION
    ]
    assert found == []


@pytest.mark.parametrize("word", ["utils", "helpers", "common", "manager", "base"])
def test_every_file_is_named_by_a_noun_that_says_something(word: str) -> None:
    assert [name(path) for path in SOURCES if path.stem == word] == []


def test_the_tree_names_no_package_registry() -> None:
    address = re.compile(rb"https?://(files\.pythonhosted|pypi|registry\.npmjs|deb\.debian)\.")
    ours = [p for p in ROOT.iterdir() if not p.name.startswith(".") or p.name == ".ci"]
    files = [file for p in ours for file in ([p] if p.is_file() else sorted(p.rglob("*")))]
    found = [name(file) for file in files if file.is_file() and address.search(file.read_bytes())]
    assert found == []
