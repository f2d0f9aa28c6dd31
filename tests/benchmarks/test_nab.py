"""NAB's way of scoring, held by figures that are known, and the benchmark on series made here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.nab import gaussian
from benchmarks.rig.series import series
from benchmarks.rig.windows import PROFILES, Profile, at, best, pooled, probation, worth

ROOT = Path(__file__).parents[2]
WINDOWS = ((300, 399), (700, 749))
ROWS = 1000


def plain(scores: np.ndarray, profile: Profile, threshold: float) -> float:
    """Score one series as the paper says it, row by row."""
    total, found = 0.0, dict.fromkeys(WINDOWS, -profile.missed)
    previous = None
    for i in range(ROWS):
        inside = next((w for w in WINDOWS if w[0] <= i <= w[1]), None)
        previous = next((w for w in reversed(WINDOWS) if w[1] < i), None)
        if i < probation(ROWS) or scores[i] < threshold:
            continue
        if inside:
            first, last = inside
            place = -(last - i + 1) / (last - first + 1)
            gain = sigmoid(place) / sigmoid(-1.0)
            found[inside] = max(found[inside], gain)
        elif previous is None:
            total -= profile.false_alarm
        else:
            first, last = previous
            total += profile.false_alarm * sigmoid((i - last) / (last - first))
    raw = total + sum(found.values())
    least = -profile.missed * len(WINDOWS)
    return 100 * (raw - least) / (len(WINDOWS) - least)


def sigmoid(place: float) -> float:
    return -1.0 if place >= 3 else 2 / (1 + np.exp(5 * place)) - 1


def rows(scores: np.ndarray):  # type: ignore[no-untyped-def]
    return pooled([scores], [WINDOWS])


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_to_tell_nothing_is_nought_and_to_tell_each_window_at_its_first_row_a_hundred(
    profile: Profile,
) -> None:
    assert best(rows(np.zeros(ROWS)), profile).figure == 0
    scores = np.zeros(ROWS)
    scores[[300, 700]] = 1
    assert best(rows(scores), profile).figure == pytest.approx(100)


def test_a_place_in_a_window_is_worth_what_the_paper_says() -> None:
    value, inside = worth(ROWS, WINDOWS)
    assert value[300] == 1
    assert value[350] == pytest.approx(0.84828 / 0.98661, abs=1e-5)
    assert value[399 + 99] == pytest.approx(-0.98661, abs=1e-5)
    assert value[10] == value[699] == -1
    assert inside[299:301].tolist() == [-1, 0]


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.sampled_from(PROFILES))
def test_it_scores_as_a_plain_twin_does(seed: int, profile: Profile) -> None:
    scores = np.random.default_rng(seed).integers(0, 200, ROWS) / 200
    scores[scores < 0.9] = 0.0
    top = best(rows(scores), profile)
    thresholds = np.append(np.unique(scores), np.inf)
    figures = [plain(scores, profile, threshold) for threshold in thresholds]
    assert top.figure == pytest.approx(max(figures))
    assert at(rows(scores), profile, 0.95).figure == pytest.approx(plain(scores, profile, 0.95))


def test_only_the_first_rows_are_not_scored() -> None:
    assert [probation(count) for count in (1000, 5000, 20_000)] == [150, 750, 750]
    early = np.zeros(ROWS)
    early[:150] = 1
    assert at(rows(early), PROFILES[0], 1.0).false_rows == 0
    early[150] = 1
    assert at(rows(early), PROFILES[0], 1.0).false_rows == 1


def test_the_windowed_gaussian_looks_at_what_came_before() -> None:
    values = np.array([0.0, 2.0, 0.0, 2.0, 5.0])
    assert gaussian(values)[-1] == pytest.approx(4.0)


def write(folder: Path) -> None:
    """Write seven folders of one series each, with an outlier in a window."""
    labels = {}
    start = np.datetime64("2026-01-01T00:00:00")
    names = ("artificialNoAnomaly", "realAWSCloudwatch", "realTraffic", "realTweets")
    for number, name in enumerate(names):
        rng = np.random.default_rng(number)
        values = rng.normal(10, 1, 1500)
        values[1100] = 40
        at_ = [str(start + np.timedelta64(5 * i, "m")).replace("T", " ") for i in range(1500)]
        path = folder / "nab" / name / "one.csv"
        path.parent.mkdir(parents=True)
        lines = [f"{when},{value:.4f}" for when, value in zip(at_, values, strict=True)]
        path.write_text("timestamp,value\n" + "\n".join(lines) + "\n")
        window = [f"{at_[1090]}.000000", f"{at_[1180]}.000000"]
        labels[f"{name}/one.csv"] = [] if name == "artificialNoAnomaly" else [window]
    (folder / "nab" / "labels").mkdir()
    (folder / "nab" / "labels" / "combined_windows.json").write_text(json.dumps(labels))


def test_series_are_read_with_their_windows(tmp_path: Path) -> None:
    write(tmp_path)
    known = list(series(tmp_path / "nab"))
    assert [each.folder for each in known][-1] == "realTweets"
    assert known[0].windows == ()
    assert known[1].windows == ((1090, 1180),)
    assert known[1].values[1100] == 40


def run(data: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks.nab", "--data", str(data), *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_it_reports_ours_beside_what_was_published(tmp_path: Path) -> None:
    write(tmp_path)
    result = tmp_path / "result.json"
    ran = run(tmp_path, "--json", str(result))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "Numenta HTM" in ran.stdout
    figures = {f["name"]: f["value"] for f in json.loads(result.read_text())["figures"]}
    assert figures["ours, standard"] > 90
    assert figures["nothing told, standard"] == 0
    assert figures["each window at its first row, low FN"] == pytest.approx(100)


def test_data_that_are_not_there_are_named(tmp_path: Path) -> None:
    ran = run(tmp_path)
    assert ran.returncode == 2
    assert "combined_windows.json is missing" in ran.stderr
