"""Draws pictures as SVG, in a process of its own: `python -m service.plot` reads them from a pipe.

Matplotlib is large, so it lives only as long as plots are asked for.
"""

from __future__ import annotations

import io
import math
import select
import sys
import warnings
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, BinaryIO
from zoneinfo import ZoneInfo

from service.picture import Band, Panel, Picture, decode

if TYPE_CHECKING:
    from matplotlib.axes import Axes

IDLE = 15.0
"""Seconds without work after which the process ends."""

DRAWN, FAILED = b"\x00", b"\x01"
PANEL_HEIGHT = 118
FOOT_HEIGHT = 40
NOTE_HEIGHT = 12
INK, SOFT, CURVE, BAND, MARK = "#1d2430", "#5b6572", "#1f5fa8", "#bfe3c8", "#b3261e"
FITTING = "#3c6b4a"
_FEW_DAYS = 3.0

STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "millwright",
    "text.parse_math": False,
    "text.usetex": False,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 10,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "path.simplify_threshold": 0.3,
}
_NOTHING = {"Date": None, "Creator": None, "Format": None, "Type": None}


def draw(picture: Picture) -> bytes:
    """Draw a picture as SVG; text stays text, in the fonts of whoever looks at it."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # such as letters that the font used for measuring lacks
        count = len(picture.panels)
        foot_height = FOOT_HEIGHT + (NOTE_HEIGHT if picture.note else 0)
        height = count * PANEL_HEIGHT + foot_height
        figure = Figure(figsize=(picture.width / 72, height / 72), dpi=72)
        FigureCanvasSVG(figure)
        places = figure.subplots(count, 1, sharex=True, squeeze=False)[:, 0]
        for axes, panel in zip(places, picture.panels, strict=True):
            _draw_panel(axes, panel, picture)
        _date_axis(places[-1], picture)
        side, foot = 46 / picture.width, foot_height / height
        figure.subplots_adjust(side, foot, 1 - 14 / picture.width, 1 - 24 / height, hspace=0.42)
        said = f"{picture.note}\nTime in {picture.zone}".lstrip()
        figure.text(side, 4 / height, said, fontsize=8, color=SOFT, va="bottom")
        written = io.BytesIO()
        figure.savefig(written, format="svg", metadata=_NOTHING)
    text = written.getvalue()
    sizes = f'width="{picture.width}pt" height="{height}pt"'.encode()
    return text[text.index(b"<svg") :].replace(sizes, sizes.replace(b"pt", b""), 1)


def _draw_panel(axes: Axes, panel: Panel, picture: Picture) -> None:
    axes.set_title(panel.title, loc="left", fontsize=10, color=INK, pad=4)
    panel = _in_days(panel) if panel.dates else panel
    span = (_days(picture.start), _days(picture.stop))
    axes.set_xlim(*span)
    bottom, top = _limits(panel)
    axes.set_ylim(bottom, top)
    axes.locator_params(axis="y", nbins=4)
    axes.grid(axis="y", color="#e3e6ea", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(length=3)
    if panel.dates:
        _draw_now(axes, picture)
    _draw_expected(axes, panel, bottom, top)
    for at, name in panel.rulers:
        _draw_ruler(axes, at, name)
    if panel.line is not None:
        axes.axhline(panel.line, color=MARK, linewidth=1, linestyle=(0, (4, 3)), gid="line")
    days, values = [_days(at) for at in panel.at], _numbers(panel.values)
    if panel.band is not None:
        low, high = _numbers(panel.band.low), _numbers(panel.band.high)
        axes.fill_between(days, low, high, color=CURVE, alpha=0.25, linewidth=0, gid="band")
    few = sum(value is not None for value in panel.values) < 2
    axes.plot(
        days,
        values,
        color=CURVE,
        linewidth=1.3,
        marker="o" if few else None,
        gid="measured",
    )
    for number, (at, word) in enumerate(picture.marks):
        if picture.start <= at <= picture.stop:
            axes.axvline(_days(at), color=MARK, linewidth=1, gid=word)
            if panel is picture.panels[0]:
                _name_mark(axes, _days(at), word, picture, low=number > 0)


def _in_days(panel: Panel) -> Panel:
    """Count values that are dates in days."""
    curves = [panel.values, *((panel.band.low, panel.band.high) if panel.band else ())]
    values, *band = [[None if at is None else _days(at) for at in curve] for curve in curves]
    rulers = [(_days(at), name) for at, name in panel.rulers]
    return replace(panel, values=values, band=Band(*band) if band else None, rulers=rulers)


def _draw_now(axes: Axes, picture: Picture) -> None:
    """Write values as dates, and draw where each moment was now: what lies above is to come."""
    from matplotlib import dates

    zone, (bottom, top) = ZoneInfo(picture.zone), axes.get_ylim()
    span = [_days(picture.start), _days(picture.stop)]
    axes.plot(span, span, color=SOFT, linewidth=1, linestyle=(0, (1, 2)), gid="now", scaley=False)
    axes.set_ylim(bottom, top)
    axes.yaxis.set_major_locator(
        dates.AutoDateLocator(minticks=3, maxticks=5, tz=zone)  # type: ignore[no-untyped-call]
    )
    form = "%d %b" if top - bottom > _FEW_DAYS else "%d %Hh"
    axes.yaxis.set_major_formatter(
        dates.DateFormatter(form, tz=zone)  # type: ignore[no-untyped-call]
    )
    axes.tick_params(axis="y", labelsize=8)


def _draw_expected(axes: Axes, panel: Panel, bottom: float, top: float) -> None:
    if panel.low is None and panel.high is None:
        return
    low = bottom if panel.low is None else panel.low
    high = top if panel.high is None else panel.high
    axes.axhspan(low, high, color=BAND, alpha=0.55, linewidth=0, gid="expected")
    axes.annotate(
        "expected",
        (0.0, min(high, top)),
        (4, -2),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        va="top",
        fontsize=8,
        color=FITTING,
    )


def _draw_ruler(axes: Axes, at: float, name: str) -> None:
    axes.axhline(at, color=FITTING, linewidth=1, linestyle=(0, (6, 2)), gid="ruler")
    axes.annotate(
        name,
        (1.0, at),
        (-4, 2),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        ha="right",
        fontsize=8,
        color=FITTING,
    )


def _name_mark(axes: Axes, at: float, word: str, picture: Picture, *, low: bool) -> None:
    begin, end = _days(picture.start), _days(picture.stop)
    late = at > (begin + end) / 2
    axes.annotate(
        word,
        (at, 0.0 if low else 1.0),
        (-4 if late else 4, 3 if low else -3),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        ha="right" if late else "left",
        va="bottom" if low else "top",
        fontsize=9,
        color=MARK,
        bbox={"boxstyle": "square,pad=0.15", "fc": "white", "ec": "none", "alpha": 0.8},
    )


def _limits(panel: Panel) -> tuple[float, float]:
    """Show all that was measured, and the lines it is held against where they are near it."""
    drawn = [panel.values, *((panel.band.low, panel.band.high) if panel.band else ())]
    known = [value for curve in drawn for value in curve if value is not None]
    bounds = [one for one in (panel.low, panel.high, panel.line) if one is not None]
    bounds += [at for at, _ in panel.rulers]
    shown = known + bounds or [0.0, 1.0]
    low, high = min(shown), max(shown)
    margin = 0.08 * (high - low) or 0.05 * abs(high) or 0.5
    return low - margin, high + margin


def _date_axis(axes: Axes, picture: Picture) -> None:
    from matplotlib import dates

    zone = ZoneInfo(picture.zone)
    locator = dates.AutoDateLocator(  # type: ignore[no-untyped-call]
        minticks=3, maxticks=max(4, picture.width // 90), tz=zone
    )
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(
        dates.ConciseDateFormatter(locator, tz=zone)  # type: ignore[no-untyped-call]
    )


def _numbers(values: Iterable[float | None]) -> list[float]:
    return [math.nan if value is None else value for value in values]


def _days(seconds: float) -> float:
    """Count days since 1970, which is how dates are drawn."""
    return seconds / 86_400


def answer(requests: BinaryIO, answers: BinaryIO, idle: float = IDLE) -> None:
    """Draw what comes in, each with its length before it, until nothing more comes."""
    while select.select([requests], [], [], idle)[0]:
        length = int.from_bytes(requests.read(4), "big")
        if not length:
            return
        try:
            kind, body = DRAWN, draw(decode(requests.read(length)))
        except Exception as error:
            kind, body = FAILED, f"{type(error).__name__}: {error}".encode("utf-8", "replace")
        answers.write(kind + len(body).to_bytes(4, "big") + body)
        answers.flush()


if __name__ == "__main__":
    answer(sys.stdin.buffer, sys.stdout.buffer)
