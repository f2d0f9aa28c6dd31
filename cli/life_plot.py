"""Draws how a life model did on units that had been left out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.run_life_fit import Checked

DRAWN = 400
"""So many intervals are drawn; more would be a blot."""

PARTS = 8
"""Into how many parts of predicted life coverage is told."""


def draw(checked: Checked, unit: str, path: Path) -> None:
    """Draw said against true life with intervals, and how often those held, as SVG."""
    import numpy as np
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with rc_context({"svg.fonttype": "none", "text.parse_math": False, "svg.hashsalt": "life"}):
        figure = Figure(figsize=(9, 5), layout="constrained")
        FigureCanvasSVG(figure)
        left, right = figure.subplots(1, 2)
        some = np.random.default_rng(0).permutation(len(checked.truth))[:DRAWN]
        truth = checked.truth[some]
        left.vlines(truth, checked.low[some], checked.high[some], colors="#bfd3ea", linewidth=0.7)
        left.plot(truth, checked.rul[some], ".", color="#1f5fa8", markersize=3)
        most = float(max(truth.max(initial=1.0), checked.high[some].max(initial=1.0)))
        left.plot([0, most], [0, most], color="#5b6572", linewidth=0.8)
        left.set(
            xlabel=f"true life left, {unit}",
            ylabel="said, with its 90 % interval",
            title="units left out",
        )
        order = np.argsort(checked.rul, kind="stable")
        parts = [part for part in np.array_split(order, PARTS) if len(part)]
        said = [float(checked.rul[part].mean()) for part in parts]
        right.axhline(90, color="#5b6572", linewidth=0.8)
        held = [100 * checked.coverage(part) for part in parts]
        right.plot(said, held, "o-", color="#1f5fa8")
        bottom = min(50.0, *(share - 3 for share in held))
        right.set(
            xlabel=f"said life left, {unit}", ylabel="intervals that held, %", ylim=(bottom, 101)
        )
        figure.savefig(path, format="svg", metadata={"Date": None})
