"""`models learn | list | show | promote | rollback` over a history, with scoring beside them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from cli.adapters import open_casefile, open_history, open_journal
from cli.configuration import Configuration, load
from cli.main import app
from cli.model_change import Desk, open_models
from cli.model_course import Course
from cli.relearn import LEAST, start
from core.alert import AlertQuery
from core.casefile import Advance
from core.clock import DAY, MINUTE, system_clock
from core.errors import Refused, Unavailable
from core.journal import Revision, draft
from core.ledger import ASIDE
from core.model_version import Cause
from core.readings import Readings
from service.casework import Casework
from service.relearning import look
from service.scoring import Scoring
from tests import folders
from tests.waiting import until

P1, P2 = "site/hall/p1", "site/hall/p2"
LEARNS = "  pattern: {kind: mewma, learn: {rows: 120, min_rows: 60, span: 30d}}\n"


def fill(config: Configuration, asset: str, days: float, seed: int) -> None:
    """Write a healthy pump's last days into the history."""
    rng, stop = np.random.default_rng(seed), system_clock() // MINUTE * MINUTE
    at = np.arange(stop - round(days * DAY), stop, 5 * MINUTE, dtype=np.int64)
    values = np.column_stack([rng.normal(m, s, len(at)) for m, s in ((1500, 5), (2, 0.1), (50, 1))])
    channels = config.plant.classes["pump"].channel_names
    rows = Readings("pump", (asset,), channels, np.zeros(len(at), np.int32), at, values, stop)
    history = open_history(config)
    history.write([rows], ASIDE)
    history.close()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    if "scoring" not in request.fixturenames:
        monkeypatch.setattr("cli.model_change.PATIENCE", 0.1)
    folder = folders.write(tmp_path / "plant")
    pump = folder / "classes" / "pump.yaml"
    rules = "rules:\n  odd: {detector: pattern, on_delay: 20min}\n"
    pump.write_text(pump.read_text().replace("rules:\n", f"{LEARNS}{rules}"))
    fill(load(folder), P1, 3, seed=1)
    return folder


@pytest.fixture
def scoring(folder: Path) -> Iterator[Scoring]:
    config = load(folder)
    journal, casefile = open_journal(config), open_casefile(config)
    made, stop = Scoring(config.plant, journal, casefile), threading.Event()
    thread = threading.Thread(target=made.run, args=(stop,))
    thread.start()
    yield made
    stop.set()
    thread.join()
    casefile.close()
    journal.close()


def models(*words: str | Path) -> Result:
    return CliRunner(env={"USER": "Ayesha"}).invoke(app, ["models", *[str(one) for one in words]])


def listed(folder: Path) -> list[dict[str, object]]:
    lines = models("list", "--json", "-c", folder).stdout.splitlines()
    return [json.loads(line) for line in lines]


def in_service(folder: Path) -> list[object]:
    return [row["version"] for row in listed(folder) if row["in_service"]]


def test_history_teaches_on_day_one_and_what_is_fit_goes_into_service(
    folder: Path, scoring: Scoring
) -> None:
    done = models("learn", "--since", "30d", "-c", folder)
    assert done.exception is None
    assert f"version 1 of {P1} is in service" in done.stdout
    assert in_service(folder) == [1]
    said = models("show", P1, "-c", folder).stdout
    assert "learned from 120 of 5" in said
    assert "enough was learned before" in said
    assert "0 false alerts" in said
    assert "0001.npz" in said


def test_a_version_can_be_promoted_by_hand_and_gone_back_from(
    folder: Path, scoring: Scoring
) -> None:
    models("learn", "-c", folder)
    models("learn", "--no-promote", "-c", folder)
    assert in_service(folder) == [1]
    candidate = listed(folder)[-1]["version"]
    assert models("promote", P1, str(candidate), "-c", folder).exception is None
    assert in_service(folder) == [candidate]
    assert models("rollback", P1, "-c", folder).exception is None
    (back,) = in_service(folder)
    assert (back != candidate, listed(folder)[int(str(back)) - 1]["cause"]) == (True, "served")
    again = models("rollback", P1, "-c", folder).exception
    assert isinstance(again, Refused)
    assert "no version" in str(again)


def test_a_damaged_file_is_refused_and_a_case_in_the_feed_names_it(
    folder: Path, scoring: Scoring
) -> None:
    models("learn", "--no-promote", "-c", folder)
    (file,) = (folder / "data" / "models").rglob("0001.npz")
    file.write_bytes(file.read_bytes()[:-1])
    refused = models("promote", P1, "1", "-c", folder).exception
    assert isinstance(refused, Refused)
    assert "0001.npz: damaged" in str(refused)
    seen = [one for one in _cases(folder, scoring) if one[0] == P1]
    assert seen == [(P1, "Version 1 of the model does not load", True)]


def _cases(folder: Path, scoring: Scoring) -> list[tuple[str, str, bool]]:
    casefile, deadline = open_casefile(load(folder)), threading.Event()
    try:
        for _ in range(200):
            found = casefile.alerts(AlertQuery()).alerts
            if found:
                return [(one.asset, one.title, str(file_of(one.summary)) != "") for one in found]
            deadline.wait(0.05)
    finally:
        casefile.close()
    return []


def file_of(summary: str) -> str:
    """The file that a case names."""
    return next((word for word in summary.split() if ".npz" in word), "")


def test_without_a_service_the_change_waits_in_the_journal(
    folder: Path,
) -> None:
    done = models("learn", "-c", folder)
    assert "written down" in done.stdout
    late = models("promote", P1, "1", "-c", folder).exception
    assert isinstance(late, Unavailable)
    config = load(folder)
    journal, casefile = open_journal(config), open_casefile(config)
    score(Scoring(config.plant, journal, casefile))
    casefile.close()
    journal.close()
    assert in_service(folder) == [1]


def test_on_schedule_a_process_of_low_priority_learns_and_scoring_takes_it_up(
    folder: Path, scoring: Scoring
) -> None:
    service = folder / "service.yaml"
    service.write_text(service.read_text() + "models: {relearn: 30d, since: 2d}\n")
    process = start(load(folder))
    assert os.getpriority(os.PRIO_PROCESS, process.pid) == LEAST
    with contextlib.suppress(PermissionError):  # tests beside it would leave it next to nothing
        os.setpriority(os.PRIO_PROCESS, process.pid, 0)
    assert process.wait(120) == 0
    (row,) = listed(folder)
    assert (row["cause"], bool(row["in_service"])) == ("schedule", True)
    again = models("learn", "--due", "-c", folder)
    assert (again.exception, again.stdout) == (None, "")


def test_what_was_lost_comes_back_as_it_was_in_service_or_is_learned_again(
    folder: Path,
) -> None:
    models("learn", "-c", folder)
    config = load(folder)
    journal, casefile = open_journal(config), open_casefile(config)
    score(Scoring(config.plant, journal, casefile))
    name = "pump/detector.pattern/centre"
    casefile.commit(Advance(casefile.load().position, checkpoint={name: b"torn"}))
    torn = Scoring(config.plant, journal, casefile)
    journal.append([draft(system_clock(), Revision("configuration", ""))])
    score(torn)
    assert torn._casework.models.book.lost == {"pump": [P1, P2]}
    models("learn", "--due", "-c", folder)
    score(torn)
    assert in_service(folder) == [1]
    assert torn._casework.fleets["pump"].detectors["pattern"].readiness()[0] == 1
    pump = folder / "classes" / "pump.yaml"
    pump.write_text(pump.read_text().replace("kind: mewma,", "kind: mewma, smoothing: 0.4,"))
    config = load(folder)
    changed = Scoring(config.plant, journal, casefile)
    journal.append([draft(system_clock(), Revision("configuration", ""))])
    score(changed)
    models("learn", "--due", "-c", folder)
    score(changed)
    assert [row["cause"] for row in listed(folder)] == ["asked", "lost"]
    assert in_service(folder) == [2]
    casefile.close()
    journal.close()


def test_killed_between_keeping_a_version_and_promoting_it_nothing_is_half_done(
    folder: Path,
) -> None:
    config = load(folder)
    command = [sys.executable, "-m", "cli.main", "models", "learn", "-c", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    record = config.data / "models" / P1 / "0001.json"
    until(record.exists, 120, "a version")
    process.send_signal(signal.SIGKILL)
    process.wait()
    (row,) = listed(folder)
    assert (row["version"], row["fit"], row["in_service"]) == (1, "yes", "")
    journal, casefile = open_journal(config), open_casefile(config)
    scoring = Scoring(config.plant, journal, casefile)
    score(scoring)
    models("promote", P1, "1", "-c", folder)
    score(scoring)
    assert in_service(folder) == [1]
    casefile.close()
    journal.close()


def score(scoring: Scoring) -> None:
    """Score all there is."""
    while scoring.step():
        pass


def test_a_folder_of_csv_teaches_too(folder: Path, tmp_path: Path) -> None:
    rng, recordings = np.random.default_rng(3), tmp_path / "recordings"
    recordings.mkdir()
    lines = ["time,asset,speed,vibration,temperature"]
    for number in range(400):
        moment = 1_767_225_600 + 300 * number
        values = [rng.normal(m, s) for m, s in ((1500, 5), (2, 0.1), (50, 1))]
        lines.append(f"{moment},{P2}," + ",".join(f"{value:.4f}" for value in values))
    (recordings / "pumps.csv").write_text("\n".join(lines) + "\n")
    given = ("--data", recordings, "--asset-column", "asset", "--no-promote", "-c", folder)
    assert models("learn", *given).exception is None
    (row,) = listed(folder)
    assert (row["asset"], row["rows"]) == (P2, 120)


def test_what_ails_one_asset_keeps_no_other_from_its_turn(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(load(folder), P2, 3, seed=2)
    teach = Course.take

    def take(course: Course, at: Desk, asset: str, now: Casework, cause: Cause) -> bool:
        if asset == P1:
            msg = "0001.npz: damaged"
            raise Refused(msg)
        return teach(course, at, asset, now, cause)

    monkeypatch.setattr(Course, "take", take)
    done = models("learn", "--no-promote", "-c", folder)
    assert f"{P1}: 0001.npz: damaged" in done.stdout
    assert str(done.exception).startswith(f"1 asset: {P1} could not be taught")
    assert [row["asset"] for row in listed(folder)] == [P2]


def test_an_asset_without_history_is_named_and_tried_no_more_than_daily(folder: Path) -> None:
    assert f"no history of 1 asset: {P2}\n" in models("learn", "-c", folder).stderr
    service = folder / "service.yaml"
    service.write_text(service.read_text() + "models: {relearn: 30d}\n")
    assert models("learn", "--due", "-c", folder).stdout == ""
    config = load(folder)
    assert set(open_models(config).noted()) == {P2}
    casefile = open_casefile(config)
    found = look(config.plant, casefile, open_models(config), 30 * DAY, system_clock())
    casefile.close()
    assert found == {}


@pytest.mark.parametrize("command", ["promote", "show"])
def test_there_is_no_version_0(folder: Path, command: str) -> None:
    models("learn", "--no-promote", "-c", folder)
    refused = models(command, P1, "0", "-c", folder)
    assert refused.exit_code == 2
    assert in_service(folder) == []


def test_a_version_that_was_found_worse_cannot_be_promoted(folder: Path) -> None:
    fill(load(folder), P2, 0.2, seed=2)
    models("learn", "--asset", P2, "-c", folder)
    refused = models("promote", P2, "1", "-c", folder).exception
    assert isinstance(refused, Refused)
    assert "may not go into service: it has learned only" in str(refused)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("promote", P1, "7"), "no version 7 of site/hall/p1 is kept; known: 1"),
        (("show", "site/hall/p9"), "unknown asset"),
        (("learn", "--since", "soon"), "--since"),
        (("learn", "--asset", "site/hall/p9"), "unknown asset"),
        (("rollback", P1), "no version of site/hall/p1 before"),
    ],
)
def test_what_is_not_there_is_named(folder: Path, words: tuple[str, ...], said: str) -> None:
    models("learn", "--asset", P1, "--no-promote", "-c", folder)
    refused = models(*words, "-c", folder).exception
    assert isinstance(refused, Refused)
    assert said in str(refused)
