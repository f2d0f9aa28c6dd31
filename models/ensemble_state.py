"""Ensemble state: the arrays that the ensemble's loop over rows works on."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.readings import Bools, Floats
from models.packed import packed

AGES = 8
"""Ages of a reference that are told apart: 1, 2, 4, ... readings."""


Singles = NDArray[np.float32]
"""What is read for every row and need not be known to more than seven digits: half the memory."""

NOWHERE = 1e9
"""How far away from home all is of which no release that learned it knew where that is.

So far levels may have been of which none kept their range."""


class Known(NamedTuple):
    """What was learned, first axis the asset; k channels, o operating ones, m = 2 k + 1 features.

    The features are k levels, k logarithms of scatter, and that of all channels together.
    `smoothing` is the weight of a new residual in the running mean, `alone` how many standard
    errors a channel may be away. `wide` inverts the correlations of levels over all the lessons,
    a row of `ways` is a direction in which levels moved, one deviation long. Levels were between
    `lowest` and `highest`.
    """

    learned: Bools
    smoothing: Floats
    alone: Floats
    centre: Floats
    spread: Floats
    judged: Bools
    op_centre: Floats
    op_spread: Floats
    weights: Floats
    precision: Floats
    lean: Floats
    quiet: Floats
    whiten: Singles
    usual: Floats
    rate: Floats
    room: Floats
    widest: Floats
    far: Floats
    levels: Singles
    wide: Singles
    ways: Singles
    lowest: Floats
    highest: Floats
    line: Floats


class Course(NamedTuple):
    """What has accumulated, first axis the asset."""

    quick: Floats
    level: Floats
    scatter: Floats
    together: Floats
    place: Floats
    age: Floats
    follows: NDArray[np.int8]
    operating: Floats
    lever: Floats
    missing: NDArray[np.int64]
    said: Floats
    lately: Floats
    above: Bools
    over: Bools


class Told(NamedTuple):
    """The verdict on rows, filled in by `judge_rows`; `raw` is before the line moves."""

    value: Floats
    raw: Floats
    blame: Floats
    low: Floats
    high: Floats


class Now(NamedTuple):
    """One row of one asset while it is judged; `away`, `room` and `feature` are per feature.

    All below `weight` is only used within one step.
    """

    residual: Floats
    doubt: Floats
    expected: Floats
    lever: Floats
    usable: Bools
    away: Floats
    room: Floats
    weight: Floats
    design: Floats
    step: Floats
    part: Floats
    joint: Floats
    feature: Floats
    factor: Floats
    lost: NDArray[np.int64]


def scratch(channels: int, operating: int) -> Now:
    """Make room for one row at work."""
    residual, doubt, expected, weight, step, part, joint = np.empty((7, channels))
    away, room, feature = np.empty((3, 2 * channels + 1))
    design, lever = np.empty((2, 2 * operating))
    usable, lost = np.empty(channels, np.bool_), np.empty(channels, np.int64)
    factor = np.empty((channels, channels))
    return Now(
        residual, doubt, expected, lever, usable, away, room, weight, design, step, part, joint,
        feature, factor, lost,
    )  # fmt: skip


def blank(assets: int, channels: int, operating: int) -> dict[str, NDArray[Any]]:
    """Make the state of assets that have learned nothing."""
    width, size = 2 * operating, 2 * channels + 1
    square = np.eye(channels, dtype=np.float32)
    kept: dict[str, NDArray[Any]] = {
        "learned": np.zeros(assets, np.bool_),
        "judged": np.zeros((assets, channels), np.bool_),
        "op_centre": np.zeros((assets, operating)),
        "op_spread": np.ones((assets, operating)),
        "weights": np.zeros((assets, width, channels)),
        "precision": np.zeros((assets, width, width)),
        "lever": np.zeros((assets, width)),
        "whiten": np.tile(square, (assets, 1, 1)),
        "levels": np.tile(square, (assets, 1, 1)),
        "wide": np.tile(NOWHERE * square, (assets, 1, 1)),
        "ways": np.zeros((assets, channels, channels), np.float32),
        "lowest": np.full((assets, channels), -NOWHERE),
        "highest": np.full((assets, channels), NOWHERE),
        "line": np.ones((assets, 2)),
        "follows": np.zeros((assets, size), np.int8),
        "operating": np.full((assets, operating), np.nan),
        "missing": np.zeros((assets, channels), np.int64),
        "above": np.zeros(assets, np.bool_),
        "over": np.zeros(assets, np.bool_),
        "smoothing": np.ones(assets),
        "alone": np.ones(assets),
        "said": np.zeros(assets),
        "lately": np.zeros(assets),
    }
    for name in ("centre", "lean", "quick", "level"):
        kept[name] = np.zeros((assets, channels))
    for name in ("spread", "quiet", "scatter", "together"):
        kept[name] = np.ones((assets, channels))
    for name in ("usual", "rate", "place"):
        kept[name] = np.zeros((assets, size))
    for name in ("widest", "far", "age"):
        kept[name] = np.ones((assets, size))
    kept["room"] = np.ones((assets, AGES, size))  # last: of its rows only two are looked at
    return packed(kept)
