"""The page of Sparkplug's rules and the tests that are named by them are one list."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "reference" / "sparkplug.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `([a-zA-Z0-9-]+)` \| .+ \| `(\w+\.py)` \|$", re.MULTILINE)
PLACES = (
    ROOT / "tests" / "integration" / "sparkplug",
    ROOT / "tests" / "unit" / "ingest" / "sparkplug",
)


def functions() -> dict[str, set[str]]:
    """List the names of all tests, by file."""
    return {
        path.name: {
            node.name
            for node in ast.parse(path.read_text(encoding="utf-8")).body
            if isinstance(node, ast.FunctionDef)
        }
        for place in PLACES
        for path in place.glob("test_*.py")
    }


def test_each_rule_is_a_test_named_by_it_and_each_such_test_a_rule() -> None:
    listed = {
        (file, "test_tck_id_" + rule.lower().replace("-", "_")) for rule, file in ROW.findall(TEXT)
    }
    there = {
        (file, name)
        for file, names in functions().items()
        for name in names
        if name.startswith("test_tck_id_")
    }
    assert listed == there and len(listed) > 80


def test_every_other_test_that_the_page_names_is_there() -> None:
    named = set(re.findall(r"`(test_\w+)`", TEXT))
    there = set().union(*functions().values())
    assert {name for name in named if name != "test_tck_id_"} <= there and len(named) > 3
