"""`score`: a recording in, scores out, with no broker and no database."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cli import score_options as option
from cli.score_settings import misused, plan_of, settings_of, training

if TYPE_CHECKING:
    from cli.progress import Progress
    from service.recorded import Outcome, Plan
    from service.recorded_curves import Curves
    from storage.table import Table

PLOTS = (".svg", ".html")


def score(
    data: option.Data,
    train: option.Train = None,
    train_rows: option.TrainRows = None,
    warmup: option.Warmup = None,
    time: option.TimeColumn = None,
    asset: option.AssetColumn = None,
    ignore: option.Ignored = "",
    separator: option.Separator = None,
    settings: option.SettingsFile = None,
    out: option.Out = None,
    plot: option.Plot = None,
) -> None:
    """Judge a recording: learn from its start, score the rest.

    No broker, no database, no configuration. A score of 1 is the alarm line; rows are `ok`,
    `learning` or `cannot_judge`.

    Examples:
      millwright score pump.csv
      millwright score pump.csv --train-rows 400 --out scores.csv --plot pump.html
      millwright score fleet.parquet --asset machine --ignore operator,shift --out scores.parquet
      millwright score may.csv --train april.csv --settings detector.yaml

    """
    from storage.table import Asked, Table

    if plot is not None and plot.suffix.lower() not in PLOTS:
        said = f"{plot.name} has no known form; allowed: {', '.join(PLOTS)}"
        raise misused(said, "--plot")
    for name, path in (("--out", out), ("--plot", plot)):
        if path is not None and not path.absolute().parent.is_dir():
            said = f"{path}: there is no folder {path.absolute().parent}"
            raise misused(said, name)
    chosen = None if settings is None else settings_of(settings)
    asked = Asked(time, asset, tuple(n.strip() for n in ignore.split(",") if n.strip()), separator)
    plan = plan_of(None, train_rows, warmup, chosen, given=train)
    table = Table(data, asked)
    if train is not None:
        plan = plan_of(training(train, asked, table.channels), train_rows, warmup, chosen)
    _run(table, plan, out, plot)


def _run(table: Table, plan: Plan, out: Path | None, plot: Path | None) -> None:
    from time import perf_counter

    from cli.progress import Progress
    from cli.score_compile import compile_apart, patience
    from models.recording import SettingsMisfit
    from service.recorded import Recorded
    from service.recorded_curves import Curves
    from storage.score_file import CsvScores, NoScores, ScoreFile

    compile_apart(file.path for file in table.files)
    began = perf_counter()
    curves = None if plot is None else Curves(table.channels)
    screen = out is not None and str(out) == "-"
    if screen:
        sink: CsvScores | NoScores | ScoreFile = CsvScores(sys.stdout)
    else:
        sink = NoScores() if out is None else ScoreFile(out)
    try:
        with patience(), Progress("rows") as progress:
            told = _told(progress)
            outcome = Recorded(table, plan, sink, curves, told).run()
        sink.close()
    except BaseException as error:
        if isinstance(sink, ScoreFile):
            sink.drop()
        if isinstance(error, SettingsMisfit):
            raise misused(str(error), "--settings") from error
        raise
    lines = _lines(table, outcome, perf_counter() - began)
    for line in lines:
        print(line, file=sys.stderr if screen else sys.stdout)
    if plot is not None and curves is not None:
        _plot(table, curves, plot, lines)
    for what, path in (("scores", None if screen else out), ("plot", plot)):
        if path is not None:
            print(f"{what} written to {path}", file=sys.stderr)


def _told(progress: Progress) -> Callable[[int, int], None]:
    return lambda done, every: progress.tell(done, f"of {every:,}")


def _lines(table: Table, outcome: Outcome, seconds: float) -> list[str]:
    from cli.options import plain
    from service import recorded_words as words

    grades = {name: one.grades for name, one in outcome.recordings.items()}
    cells = outcome.survey.count * len(table.channels)
    lines = [
        *(f"note: {note}" for note in words.notes(table, outcome)),
        *words.grading(grades),
        *words.learned(outcome),
        *words.budget(table, outcome),
        *words.episodes(
            outcome.episodes, outcome.episode_count, several=len(outcome.recordings) > 1
        ),
        *words.unjudged(outcome),
        words.counts(outcome),
        f"{cells:,} readings in {seconds:.1f} s: {cells / max(seconds, 1e-9):,.0f} a second",
    ]
    return [plain(line) for line in lines]


def _plot(table: Table, curves: Curves, path: Path, lines: list[str]) -> None:
    from service.recorded_plot import draw, page, worst_first

    counts = table.time.counts
    if path.suffix.lower() == ".html":
        path.write_text(page(curves, table.path.name, lines, counts=counts), encoding="utf-8")
    else:
        path.write_bytes(draw(curves, worst_first(curves)[0], counts=counts))
