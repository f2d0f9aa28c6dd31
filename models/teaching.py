"""Teaching: the weights of a network, corrected until it says of rows what it is shown.

Adam (D. P. Kingma, J. Ba: Adam: a method for stochastic optimization, ICLR 2015) on squared error
and a ridge, step for step as scikit-learn's `MLPRegressor.partial_fit`, in a third of its time: all
numbers of a network stand in one array, and no batch makes arrays anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from core.readings import Floats

MEAN = 0.9
"""What is left of the running mean of gradients from one correction to the next."""

SQUARE = 0.999
"""The same of the running mean of their squares."""

TINY = 1e-8
"""Keeps a correction finite where a gradient has always been 0."""


class _Layers:
    """Numbers of all layers: `flat`, and views on it, `weight[l]` `[from, to]` and `bias[l]`."""

    def __init__(self, sizes: Sequence[int]) -> None:
        shapes = list(pairwise(sizes))
        self.weights = sum(a * b for a, b in shapes)
        self.flat = np.zeros(self.weights + sum(sizes[1:]))
        ends = np.cumsum([*(a * b for a, b in shapes), *sizes[1:]])[:-1]
        parts = np.split(self.flat, ends)
        pairs = zip(parts, shapes, strict=False)
        self.weight = tuple(part.reshape(shape) for part, shape in pairs)
        self.bias = tuple(parts[len(shapes) :])

    def begin(self, draw: np.random.RandomState) -> None:
        """Start at random, as X. Glorot and Y. Bengio propose (AISTATS 2010)."""
        for weight, bias in zip(self.weight, self.bias, strict=True):
            most = np.sqrt(6.0 / sum(weight.shape))
            weight[:] = draw.uniform(-most, most, weight.shape)
            bias[:] = draw.uniform(-most, most, bias.shape)


class _Pupil:
    """A network that is being taught, and room for all that a correction takes."""

    def __init__(self, sizes: Sequence[int], batch: int, ridge: float, rate: float) -> None:
        self.known, self.gradient = _Layers(sizes), _Layers(sizes)
        self.ridge, self.rate = ridge, rate
        self._said = [np.empty((batch, size)) for size in sizes[1:]]
        self._off = [np.empty((batch, size)) for size in sizes[1:]]
        self._alive = [np.empty((batch, size), np.bool_) for size in sizes[1:]]
        self._mean, self._square = (np.zeros_like(self.known.flat) for _ in range(2))
        self._room, self._step = (np.empty_like(self.known.flat) for _ in range(2))
        self._steps = 0

    def correct(self, rows: Floats, label: Floats) -> None:
        """Correct it once, by a batch of rows `[row, feature]` and their labels `[row, 1]`."""
        count = len(rows)
        said = self._say(rows)
        off = np.subtract(said[-1], label, out=self._off[-1][:count])
        gradient = self.gradient
        for layer in range(len(said) - 2, -1, -1):
            np.matmul(said[layer].T, off, out=gradient.weight[layer])
            np.add.reduce(off, axis=0, out=gradient.bias[layer])
            if layer:
                off = self._before(layer, off, said[layer])
        weights = slice(self.known.weights)
        gradient.flat[weights] += np.multiply(
            self.known.flat[weights], self.ridge, out=self._room[weights]
        )
        gradient.flat /= count
        self._move()

    def _say(self, rows: Floats) -> list[Floats]:
        """Return what goes into each layer, and what comes out of the last."""
        said, last = [rows], len(self._said) - 1
        for layer, (weight, bias) in enumerate(
            zip(self.known.weight, self.known.bias, strict=True)
        ):
            found = np.matmul(said[-1], weight, out=self._said[layer][: len(rows)])
            found += bias
            if layer < last:
                np.maximum(found, 0.0, out=found)
            said.append(found)
        return said

    def _before(self, layer: int, off: Floats, said: Floats) -> Floats:
        """Return how far off what goes into a layer is; what was cut off at 0 takes no blame."""
        found = np.matmul(off, self.known.weight[layer].T, out=self._off[layer - 1][: len(off)])
        alive = np.greater(said, 0.0, out=self._alive[layer - 1][: len(off)])
        blamed: Floats = np.multiply(found, alive, out=found)
        return blamed

    def _move(self) -> None:
        gradient, room, step = self.gradient.flat, self._room, self._step
        self._steps += 1
        self._mean *= MEAN
        self._mean += np.multiply(gradient, 1 - MEAN, out=room)
        np.multiply(gradient, gradient, out=room)
        room *= 1 - SQUARE
        self._square *= SQUARE
        self._square += room
        rate = self.rate * np.sqrt(1 - SQUARE**self._steps) / (1 - MEAN**self._steps)
        np.sqrt(self._square, out=room)
        room += TINY
        np.multiply(self._mean, -rate, out=step)
        step /= room
        self.known.flat += step


def learned(
    rows: Floats,
    label: Floats,
    hidden: Sequence[int],
    batch: int,
    rounds: int,
    ridge: float,
    rate: float,
    seed: int,
) -> tuple[tuple[Floats, ...], tuple[Floats, ...]]:
    """Return weights `[from, to]` and biases of layers that say the label of rows.

    All rows, which must be finite, are seen `rounds` times, `batch` of them at a time. `hidden` are
    the sizes of the layers between rows and label.
    """
    batch = min(batch, len(rows))
    pupil = _Pupil((rows.shape[1], *hidden, 1), batch, ridge, rate)
    draw = np.random.RandomState(seed)
    pupil.known.begin(draw)
    for number in range(rounds):
        if number <= 1:  # `partial_fit` begins at the seed anew, so from then on in the same order
            order = np.arange(len(rows))
            draw.shuffle(order)
            given, wanted = rows[order], label[order, None]
            draw = np.random.RandomState(seed)
        for begin in range(0, len(rows), batch):
            part = slice(begin, begin + batch)
            pupil.correct(given[part], wanted[part])
    return tuple(w.copy() for w in pupil.known.weight), tuple(b.copy() for b in pupil.known.bias)
