"""Whether history is kept for as long as the models look back."""

from __future__ import annotations

from pathlib import Path

from cli.configuration import load
from cli.retention_footing import looked_back, retention
from core.clock import DAY
from tests.configurations import PUMP, but, folder


def test_history_that_is_kept_longer_than_the_models_look_back_is_well(tmp_path: Path) -> None:
    config = load(folder(tmp_path / "plant"))
    found = retention(config)
    assert found.verdict == "ok"
    assert "the longest look back is 30d, pump: health.window" in found.found
    (pump,) = config.plant.classes.values()
    assert sorted(span for span, _ in looked_back(pump)) == [2 * DAY, 30 * DAY]


def test_history_that_goes_too_soon_is_found_with_the_key_that_wants_more(tmp_path: Path) -> None:
    pump = but(PUMP, "{kind: mewma}", "{kind: mewma, learn: {span: 60d}}")
    found = retention(load(folder(tmp_path / "plant", pump=pump, service="history: {keep: 40d}")))
    assert found.verdict == "warning"
    assert "60d, pump: detectors.pattern.learn.span" in found.found
    assert "at least 60d" in found.mend
