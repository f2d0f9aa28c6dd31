"""The plots of a backtest: alerts and failures of all machines over time, and scores of some."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.clock import SECOND, Instant
from service.backtest import Told, course_of
from service.backtest_figures import Figures
from service.backtest_past import Past
from service.lengths import length
from service.picture import Panel, Picture, plain, thin
from service.plot import INK, MARK, STYLE, draw
from service.thinning import SCORE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH = 900
MOST_LINES = 60
"""So many machines have a line of their own; those with alerts or failures come first."""

MOST_COURSES = 12
_LINE, _FOOT = 22, 70
_NOTHING = {"Date": None, "Creator": None, "Format": None, "Type": None}
TRUE, FALSE, TIME = "#1f7a4d", "#c8501e", "#e9d9a6"


def lines(past: Past, found: Figures) -> str:
    """Draw a line per machine: bars for alerts, crosses for failures, their time behind."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    assets = ranked(past.assets, found)[:MOST_LINES]
    with mpl.rc_context(STYLE), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        height = len(assets) * _LINE + _FOOT
        figure = Figure(figsize=(WIDTH / 72, height / 72), dpi=72)
        FigureCanvasSVG(figure)
        axes = figure.subplots()
        for row, asset in enumerate(assets):
            _draw_line(axes, row, asset, past, found)
        axes.set_yticks(range(len(assets)), [plain(asset) for asset in assets])
        axes.set_ylim(len(assets) - 0.4, -0.6)
        axes.set_xlim(_days(past.start), _days(past.stop))
        _date_axis(axes)
        figure.tight_layout()
        written = io.BytesIO()
        figure.savefig(written, format="svg", metadata=_NOTHING)
    text = written.getvalue().decode()
    return text[text.index("<svg") :]


def ranked(assets: Sequence[str], found: Figures) -> list[str]:
    """Order machines: those with failures first, then those with the most alerts."""
    failed = {one.failure.asset for one in found.verdicts}
    count = {asset: sum(one.asset == asset for one in found.alerts) for asset in assets}
    return sorted(assets, key=lambda asset: (asset not in failed, -count[asset], asset))


def courses(past: Past, told: Told, found: Figures) -> list[tuple[str, str]]:
    """Draw the scores of the machines that have failures or alerts; gives asset and SVG."""
    drawn = []
    busy = {one.failure.asset for one in found.verdicts} | {one.asset for one in found.alerts}
    for asset in [one for one in ranked(past.assets, found) if one in busy][:MOST_COURSES]:
        panels = []
        for name in sorted(told.scores.get(asset, {})):
            if name.startswith(SCORE):
                at, values = course_of(told, asset, name)
                title = f"Score of {name.removeprefix(SCORE)}, worst of {length(told.step)}"
                panels.append(Panel(plain(title), *thin(at, values), line=1.0))
        if panels:
            picture = Picture(
                WIDTH, "UTC", past.start / SECOND, past.stop / SECOND, panels, _marks(asset, found)
            )
            drawn.append((asset, draw(picture).decode()))
    return drawn


def _draw_line(axes: Axes, row: int, asset: str, past: Past, found: Figures) -> None:
    wrong = {id(one) for one in found.false}
    for verdict in (one for one in found.verdicts if one.failure.asset == asset):
        known = verdict.failure
        begin, end = _days(max(known.begin, past.start)), _days(known.end)
        axes.barh(row, end - begin, left=begin, height=0.9, color=TIME, linewidth=0)
        axes.plot(
            _days(known.at), row, marker="x", color=INK if verdict.first else MARK, markersize=8
        )
    for one in (alert for alert in found.alerts if alert.asset == asset):
        begin, end = _days(one.began), _days(past.stop if one.ended is None else one.ended)
        color = FALSE if id(one) in wrong else TRUE
        axes.barh(row, max(end - begin, 1e-3), left=begin, height=0.4, color=color, linewidth=0)
        axes.plot(begin, row, marker="|", color=color, markersize=12, markeredgewidth=2)


def _marks(asset: str, found: Figures) -> list[tuple[float, str]]:
    alerts = [(one.began, "alert") for one in found.alerts if one.asset == asset]
    known = [one.failure for one in found.verdicts if one.failure.asset == asset]
    return [(at / SECOND, word) for at, word in [*alerts, *((one.at, one.what) for one in known)]]


def _date_axis(axes: Axes) -> None:
    from matplotlib import dates

    locator = dates.AutoDateLocator(minticks=3, maxticks=9)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(
        dates.ConciseDateFormatter(locator)  # type: ignore[no-untyped-call]
    )


def _days(at: Instant) -> float:
    return at / SECOND / 86_400
