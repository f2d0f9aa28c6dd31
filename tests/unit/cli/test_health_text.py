from __future__ import annotations

from pathlib import Path

import pytest

from cli.configuration import load
from tests.configurations import PUMP, faults, folder


def several(pump: str, second: str) -> str:
    line = next(one for one in pump.splitlines() if one.startswith("health:"))
    first = line.removeprefix("health:").strip()
    return pump.replace(line, f"health:\n  - {first}\n  - {second}")


def test_a_class_may_follow_several_failure_modes(tmp_path: Path) -> None:
    second = "{kind: threshold, detector: zones, end: 3}"
    made = load(folder(tmp_path, pump=several(PUMP, second))).plant.classes["pump"]
    assert [getattr(one, "end", None) for one in made.healths][1] == 3
    assert len(made.healths) == 2


@pytest.mark.parametrize(
    ("second", "words"),
    [
        ("{kind: threshold, channel: vib, end: 3}", 'health.1.channel: unknown channel "vib"'),
        ("{kind: threshold, channel: vibration, end: low}", "health.1.end: "),
    ],
)
def test_what_is_wrong_with_one_of_them_is_named_with_its_place(
    tmp_path: Path, second: str, words: str
) -> None:
    assert any(words in one for one in faults(folder(tmp_path, pump=several(PUMP, second))))


@pytest.mark.parametrize(
    ("usage", "words"),
    [
        ("{unit: km, channel: odometer, window: 9}", 'usage.channel: unknown channel "odometer"'),
        ("{unit: km}", "'km' needs a channel"),
        ("{unit: starts}", "say how many starts"),
    ],
)
def test_use_that_cannot_be_counted_is_refused_in_words(
    tmp_path: Path, usage: str, words: str
) -> None:
    line = next(one for one in PUMP.splitlines() if one.startswith("health:"))
    pump = PUMP.replace(line, line.replace("}", f", usage: {usage}}}"))
    assert pump != PUMP
    assert any(words in one for one in faults(folder(tmp_path, pump=pump)))


@pytest.mark.parametrize("known", [True, False])
def test_hours_run_need_a_mode_that_tells_them(tmp_path: Path, known: bool) -> None:
    line = next(one for one in PUMP.splitlines() if one.startswith("health:"))
    pump = PUMP.replace(line, line.replace("}", ", usage: {}}"))
    if not known:
        pump = "\n".join(one for one in pump.splitlines() if not one.startswith("modes:"))
    said = any("so the class needs modes" in one for one in faults(folder(tmp_path, pump=pump)))
    assert said is not known
