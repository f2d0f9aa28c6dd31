"""What is wrong with a Sparkplug block is said with its place and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.configuration import load
from tests.configurations import faults, folder

GOOD = """\
ingest:
  sparkplug:
    asset: "lahore/water/{device}"
    channels: {"DATA/temp": temp}
    mapping:
      - {group: G, node: N, device: D, asset: lahore/water/p1, channels: {v: vibration}}
"""


def test_a_sound_block_turns_the_host_on(tmp_path: Path) -> None:
    found = load(folder(tmp_path / "plant", service=GOOD)).service.ingest.sparkplug
    assert found is not None and not found.rebirth.allowed
    assert load(folder(tmp_path / "other", service="")).service.ingest.sparkplug is None


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("water/p1", "water/p2", 6, 'unknown asset "lahore/water/p2"; did you mean "lahore/w'),
        ("v: vibration", "v: vibratoin", 6, 'unknown channel "vibratoin"; did you mean "vibra'),
        ('DATA/temp": temp', 'DATA/temp": tmp', 4, 'unknown channel "tmp"; did you mean "temp"'),
        ("{device}", "{dev}", 3, "must be SITE/AREA/ASSET, of fixed text and {group}, {node}, {de"),
        ("lahore/water/{device}", "{device}", 3, "must be SITE/AREA/ASSET"),
        ("group: G", "group: G/1", 6, '"G/1" is empty, or has one of + # / in it'),
        ("asset:", "reorder_timeout: 2h\n    asset:", 3, "out of bounds; allowed: 0s to 1min"),
        ("asset:", "rebirth: {per_node: 1ms}\n    asset:", 3, "allowed: at least 1s"),
        ("asset:", "host_id: a+b\n    asset:", 3, '"a+b" is empty, or has one of + # / in it'),
        ("asset:", "rebrith: {}\n    asset:", 3, 'unknown key "rebrith"'),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, old: str, new: str, line: int, said: str) -> None:
    assert GOOD.count(old) >= 1
    text = GOOD.replace(old, new, 1)
    (fault,) = faults(folder(tmp_path / "plant", service=text))
    assert fault.startswith(f"service.yaml:{line}: ") and said in fault


def test_a_notifier_may_not_have_the_host_s_session(tmp_path: Path) -> None:
    text = GOOD + "notifiers: [{client_id: millwright-sparkplug}]\n"
    (fault,) = faults(folder(tmp_path / "plant", service=text))
    assert '"mqtt" and ingest.sparkplug are both "millwright-sparkplug"' in fault


def test_no_source_may_be_called_as_the_host_is(tmp_path: Path) -> None:
    source = '{name: sparkplug, topic: "a/{asset}", decoder: {kind: value}}'
    text = f"ingest: {{sources: [{source}]}}\n"
    (fault,) = faults(folder(tmp_path / "plant", service=text))
    assert "two are called" in fault
