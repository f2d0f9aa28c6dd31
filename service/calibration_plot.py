"""Draws how often lives ended below each level of what was said of them, against the level.

Said well, the points lie on the slope. The shaded band is where nine in ten would lie by chance, by
as many lives as there are. Written by hand as SVG: it is a few lines, and needs no library.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from core.life import LEVELS
from core.plant import Plant
from models.binomial import band
from service.picture import plain
from service.plot import BAND, CURVE, INK, SOFT
from service.scorecard import Line, labels

SIDE = 240
"""The side of the square that is drawn in, in pixels."""

_LEFT, _TOP, _RIGHT, _FOOT = 46, 40, 16, 44
WIDTH, HEIGHT = _LEFT + SIDE + _RIGHT, _TOP + SIDE + _FOOT
_TICKS = (0, 25, 50, 75, 100)
_TEXT = 'font-family="DejaVu Sans, sans-serif"'


@dataclass(frozen=True, slots=True)
class Calibration:
    """One class and failure mode: how many lives, and which share ended below each of `LEVELS`."""

    title: str
    lives: int
    below: tuple[float, ...]


def calibrations(lines: Iterable[Line], plant: Plant) -> list[Calibration]:
    """Lay out for drawing what has been graded."""
    return [
        Calibration(", ".join(labels(line, plant)), line.graded, line.grade.below)
        for line in lines
        if line.grade is not None
    ]


def draw(several: Iterable[Calibration]) -> str:
    """Draw one square for each, one below the other, as SVG."""
    drawn = list(several)
    inner = "".join(_square(one, number * HEIGHT) for number, one in enumerate(drawn))
    height = max(1, len(drawn)) * HEIGHT
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}"'
        f' viewBox="0 0 {WIDTH} {height}"><rect width="{WIDTH}" height="{height}" fill="#fff"/>'
        f"{inner}</svg>\n"
    )


def _square(one: Calibration, top: int) -> str:
    bands = [band(level, one.lives) for level in LEVELS]
    upper = [(0.0, 0.0), *((level, high) for level, (_, high) in zip(LEVELS, bands, strict=True))]
    lower = [*((level, low) for level, (low, _) in zip(LEVELS, bands, strict=True)), (1.0, 1.0)]
    said = list(zip(LEVELS, one.below, strict=True))
    dots = "".join(f'<circle cx="{_x(x)}" cy="{_y(y)}" r="3" fill="{CURVE}"/>' for x, y in said)
    lives = "1 life" if one.lives == 1 else f"{one.lives:,} lives"
    return (
        f'<g transform="translate(0 {top})">'
        f'<text x="8" y="16" {_TEXT} font-size="11" fill="{INK}">{escape(plain(one.title))}</text>'
        f'<text x="8" y="31" {_TEXT} font-size="10" fill="{SOFT}">{lives}</text>'
        f'<polygon class="band" points="{_points([*upper, (1.0, 1.0), *lower[::-1]])}"'
        f' fill="{BAND}" fill-opacity="0.55"/>'
        f'<path d="M{_x(0)} {_y(0)}L{_x(1)} {_y(1)}" stroke="{SOFT}" stroke-dasharray="4 3"/>'
        f'<polyline class="came" points="{_points(said)}" fill="none" stroke="{CURVE}"/>'
        f"{dots}{_axes()}</g>"
    )


def _axes() -> str:
    ticks = "".join(
        f'<text x="{_x(tick / 100)}" y="{_TOP + SIDE + 16}" text-anchor="middle" {_TEXT}'
        f' font-size="10" fill="{SOFT}">{tick}</text>'
        f'<text x="{_LEFT - 7}" y="{_y(tick / 100) + 3:g}" text-anchor="end" {_TEXT}'
        f' font-size="10" fill="{SOFT}">{tick}</text>'
        for tick in _TICKS
    )
    middle = _TOP + SIDE / 2
    return (
        f'<path d="M{_LEFT} {_TOP}V{_TOP + SIDE}H{_LEFT + SIDE}" fill="none" stroke="{SOFT}"/>'
        f"{ticks}"
        f'<text x="{_LEFT + SIDE / 2:g}" y="{_TOP + SIDE + 34}" text-anchor="middle" {_TEXT}'
        f' font-size="10" fill="{INK}">said to have ended by then, %</text>'
        f'<text transform="translate(14 {middle:g}) rotate(-90)" text-anchor="middle" {_TEXT}'
        f' font-size="10" fill="{INK}">ended, %</text>'
    )


def _points(corners: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{_x(x):g},{_y(y):g}" for x, y in corners)


def _x(share: float) -> float:
    return round(_LEFT + SIDE * share, 1)


def _y(share: float) -> float:
    return round(_TOP + SIDE * (1 - share), 1)
