"""A new detector is one file and two lines (with their import), and the suite takes it up."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

FILE = '''
"""Sigma: how many deviations a channel is from where it was while learned."""

from __future__ import annotations

from typing import Literal

import numpy as np

from core.settings import Settings
from models.baseline import filled, location
from models.blame import share
from models.kernel import kernel
from models.learner import Learner
from models.mewma import LearnSettings
from models.parts import parts

FAR = 8.0


class SigmaSettings(Settings):
    kind: Literal["sigma"] = "sigma"
    learn: LearnSettings = LearnSettings()


class Sigma(Learner):
    def __init__(self, settings, asset_class, assets):
        super().__init__(settings.learn, parts(asset_class).judged, len(assets))

    def blank(self, assets):
        shape = (assets, len(self._candidates))
        return {
            "judged": np.zeros(shape, np.bool_),
            "centre": np.zeros(shape),
            "spread": np.ones(shape),
        }

    def fit(self, rows, at):
        centre, spread = location(filled(rows))
        moves = np.ptp(filled(rows), axis=0) > 0
        return {"judged": self._candidates & moves, "centre": centre, "spread": spread}

    def loop(self, rows, kept, moving, told):
        known = kept["learned"], kept["judged"], kept["centre"], kept["spread"], kept["line"]
        _judge(rows, known, told)


@kernel
def _judge(rows, known, told):
    learned, judged, centre, spread, line = known
    width = rows.values.shape[1]
    weight, usable = np.zeros(width), np.zeros(width, np.bool_)
    for i in range(len(rows.asset)):
        a, score = rows.asset[i], -1.0
        for k in range(width):
            usable[k] = judged[a, k] and np.isfinite(rows.values[i, k])
            if not (learned[a] and rows.live[i] and usable[k]):
                continue
            away = min(abs(rows.values[i, k] - centre[a, k]) / (FAR * line[a] * spread[a, k]), 1e6)
            score, weight[k] = max(score, away), away * away
            told.low[i, k] = centre[a, k] - FAR * line[a] * spread[a, k]
            told.high[i, k] = centre[a, k] + FAR * line[a] * spread[a, k]
        if score >= 0.0:
            told.value[i] = score
            share(weight, usable, told.blame[i])
'''

LINES = (
    ("    LimitsSettings\n", "    SigmaSettings\n    | LimitsSettings\n"),
    ("    LimitsSettings: Limits,\n", "    SigmaSettings: Sigma,\n    LimitsSettings: Limits,\n"),
    (
        "from models.single import",
        "from models.sigma import Sigma, SigmaSettings\nfrom models.single import",
    ),
)


def test_a_detector_of_one_file_and_two_lines_passes_the_suite(tmp_path: Path) -> None:
    (tmp_path / "core").symlink_to(ROOT / "core")
    shutil.copytree(ROOT / "models", tmp_path / "models", ignore=shutil.ignore_patterns("__py*"))
    suite = Path("tests/contract/test_detector_conformance.py")
    (tmp_path / suite).parent.mkdir(parents=True)
    for name in (suite, Path("tests/plants.py"), Path("tests/rounds.py")):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "models" / "sigma.py").write_text(FILE.lstrip(), encoding="utf-8")
    registry = tmp_path / "models" / "registry.py"
    text = registry.read_text(encoding="utf-8")
    for before, after in LINES:
        assert text.count(before) == 1
        text = text.replace(before, after)
    registry.write_text(text, encoding="utf-8")
    known = os.environ | {"PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly"]
    ran = subprocess.run(
        [*command, str(suite), "-k", "SigmaSettings"],
        cwd=tmp_path, env=known, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    taken_up = (ROOT / suite).read_text(encoding="utf-8").count("\ndef test_")
    assert int(ran.stdout.split(" passed")[0].split()[-1]) >= taken_up
