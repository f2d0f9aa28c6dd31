"""Draws the course of recordings: scores over time and the channels that were blamed most."""

from __future__ import annotations

import html
import io
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.clock import DAY, SECOND
from core.readings import Floats
from service.picture import plain
from service.plot import BAND, CURVE, FITTING, INK, MARK, SOFT, STYLE
from service.recorded_curves import Curve, Curves

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_PANELS, MOST_DRAWN = 5, 12
WIDTH, PANEL = 900, 120
_HIGHEST = 10.0


def worst_first(curves: Curves) -> list[str]:
    """Order the assets by how much of their course lies beyond the line."""
    return sorted(curves.assets, key=lambda name: -int(curves.assets[name].alarm.sum()))


def draw(curves: Curves, asset: str, *, counts: bool) -> bytes:
    """Draw one asset as SVG; `counts` where times have no date."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    curve = curves.assets[asset]
    chosen = _chosen(curve)
    when = curve.at / SECOND if counts else curve.at / DAY
    with mpl.rc_context(STYLE), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        height = PANEL * (len(chosen) + 1) + 50
        figure = Figure(figsize=(WIDTH / 72, height / 72), dpi=72, layout="constrained")
        FigureCanvasSVG(figure)
        places = figure.subplots(len(chosen) + 1, 1, sharex=True, squeeze=False)[:, 0]
        _score(places[0], when, curve, asset)
        for axes, channel in zip(places[1:], chosen, strict=True):
            _channel(axes, when, curve, channel, curves.names[channel])
        _axis(places[-1], counts=counts)
        written = io.BytesIO()
        figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None})
    text = written.getvalue()
    return text[text.index(b"<svg") :]


def page(curves: Curves, title: str, lines: Sequence[str], *, counts: bool) -> str:
    """Write a page that stands by itself: what was said, then the worst assets drawn."""
    drawn = [
        draw(curves, name, counts=counts).decode() for name in worst_first(curves)[:MOST_DRAWN]
    ]
    left = len(curves.assets) - len(drawn)
    more = f"<p>{left} more assets are not drawn.</p>" if left > 0 else ""
    said = html.escape("\n".join(lines))
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>body{{font-family:sans-serif;max-width:60rem;"
        f"margin:1rem auto;padding:0 1rem;color:{INK}}}pre{{white-space:pre-wrap}}"
        "svg{max-width:100%;height:auto}</style>"
        f"<h1>{html.escape(title)}</h1><pre>{said}</pre>{''.join(drawn)}{more}</html>\n"
    )


def _chosen(curve: Curve) -> list[int]:
    """Choose the channels that were blamed most; the first ones where none was."""
    order = np.argsort(-curve.blame, kind="stable").tolist()
    blamed = [k for k in order if curve.blame[k] > 0]
    speaking = [k for k in order if np.isfinite(curve.low[:, k]).any()]
    return (blamed or speaking)[:MOST_PANELS]


def _score(axes: Axes, when: Floats, curve: Curve, asset: str) -> None:
    axes.set_title(f"{plain(asset)}: score; 1 is the alarm line", loc="left", color=INK)
    shown = np.minimum(curve.score, _HIGHEST)
    axes.plot(when, shown, color=CURVE, linewidth=1.1, gid="score")
    axes.axhline(1.0, color=MARK, linewidth=1, linestyle=(0, (4, 3)), gid="line")
    top = float(np.nanmax(shown, initial=1.0)) * 1.1
    axes.set_ylim(0, max(top, 1.2))
    axes.fill_between(
        when, 0, 1, where=curve.alarm.tolist(), transform=axes.get_xaxis_transform(), color=MARK,
        alpha=0.12, linewidth=0, step="mid", gid="alarm",
    )  # fmt: skip
    if curve.learning.any():
        until = float(when[np.flatnonzero(curve.learning)[-1]])
        axes.axvspan(float(when[0]), until, color=SOFT, alpha=0.12, linewidth=0, gid="learning")
        axes.annotate("learning", (float(when[0]), 0.9), (4, 0),
                      xycoords=("data", "axes fraction"), textcoords="offset points",
                      fontsize=8, color=SOFT, va="top")  # fmt: skip
    _plainly(axes)


def _channel(axes: Axes, when: Floats, curve: Curve, k: int, name: str) -> None:
    axes.set_title(plain(name), loc="left", color=INK)
    low, high = curve.low[:, k], curve.high[:, k]
    if np.isfinite(curve.least[:, k]).any():
        axes.fill_between(
            when, curve.least[:, k], curve.most[:, k], color=BAND, alpha=0.55, linewidth=0,
            gid="expected",
        )  # fmt: skip
        axes.annotate("expected", (0.995, 0.95), xycoords="axes fraction", ha="right", va="top",
                      fontsize=8, color=FITTING)  # fmt: skip
    axes.fill_between(when, low, high, color=CURVE, alpha=0.3, linewidth=0)
    axes.plot(when, (low + high) / 2, color=CURVE, linewidth=1, gid="measured")
    if np.isfinite(low).any():
        bottom, top = float(np.nanmin(low)), float(np.nanmax(high))
        margin = 0.08 * (top - bottom) or 0.05 * abs(top) or 0.5
        axes.set_ylim(bottom - margin, top + margin)
    _plainly(axes)


def _plainly(axes: Axes) -> None:
    axes.locator_params(axis="y", nbins=4)
    axes.grid(axis="y", color="#e3e6ea", linewidth=0.7)
    axes.set_axisbelow(True)


def _axis(axes: Axes, *, counts: bool) -> None:
    from matplotlib import dates

    if counts:
        axes.set_xlabel("count")
        return
    locator = dates.AutoDateLocator(minticks=3, maxticks=10)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(
        dates.ConciseDateFormatter(locator)  # type: ignore[no-untyped-call]
    )
    axes.set_xlabel("UTC")
