"""Teaching: the weights of a network, corrected until it says of rows what it is shown.

Adam (D. P. Kingma, J. Ba: Adam: a method for stochastic optimization, ICLR 2015) on squared error
and a ridge, step for step as scikit-learn's `MLPRegressor.partial_fit`, in a third of its time: all
numbers of networks stand in one array, and no batch makes arrays anew. A few networks are taught in
step, each of its own order of rows, so that threads need each other's leave less often.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.readings import Floats

Known: TypeAlias = tuple[tuple[Floats, ...], tuple[Floats, ...]]
"""What a network knows: weights `[from, to]` and biases of its layers."""

MEAN = 0.9
"""What is left of the running mean of gradients from one correction to the next."""

SQUARE = 0.999
"""The same of the running mean of their squares."""

TINY = 1e-8
"""Keeps a correction finite where a gradient has always been 0."""


class _Layers:
    """Numbers of all layers: `flat` `[net, number]`, and views on it.

    These are `weight[l]` `[net, from, to]` and `bias[l]` `[net, 1, to]`.
    """

    def __init__(self, nets: int, sizes: Sequence[int], kind: np.dtype[Any]) -> None:
        shapes = list(pairwise(sizes))
        self.weights = sum(a * b for a, b in shapes)
        self.flat = np.zeros((nets, self.weights + sum(sizes[1:])), kind)
        ends = np.cumsum([*(a * b for a, b in shapes), *sizes[1:]])[:-1]
        parts = np.split(self.flat, ends, axis=1)
        pairs = zip(parts, shapes, strict=False)
        self.weight = tuple(part.reshape(nets, *shape) for part, shape in pairs)
        self.bias = tuple(part[:, None, :] for part in parts[len(shapes) :])

    def begin(self, net: int, draw: np.random.RandomState) -> None:
        """Start a network at random, as X. Glorot and Y. Bengio propose (AISTATS 2010)."""
        for weight, bias in zip(self.weight, self.bias, strict=True):
            most = np.sqrt(6.0 / sum(weight[net].shape))
            weight[net] = draw.uniform(-most, most, weight[net].shape)
            bias[net] = draw.uniform(-most, most, bias[net].shape)

    def of(self, net: int) -> Known:
        """Return the weights `[from, to]` and biases of one network."""
        return (
            tuple(weight[net].astype(np.float64) for weight in self.weight),
            tuple(bias[net, 0].astype(np.float64) for bias in self.bias),
        )


class _Pupils:
    """Networks that are being taught, and room for all that a correction takes."""

    def __init__(
        self,
        nets: int,
        sizes: Sequence[int],
        batch: int,
        ridge: float,
        rate: float,
        kind: np.dtype[Any],
    ) -> None:
        self.known, self.gradient = (_Layers(nets, sizes, kind) for _ in range(2))
        self.ridge, self.rate = ridge, rate
        self._said = [np.empty((nets, batch, size), kind) for size in sizes[1:]]
        self._off = [np.empty((nets, batch, size), kind) for size in sizes[1:]]
        self._alive = [np.empty((nets, batch, size), np.bool_) for size in sizes[1:]]
        self._mean, self._square = (np.zeros_like(self.known.flat) for _ in range(2))
        self._room, self._step = (np.empty_like(self.known.flat) for _ in range(2))
        self._steps = 0

    def correct(self, rows: NDArray[Any], label: NDArray[Any]) -> None:
        """Correct each once, by rows `[net, row, feature]` and their labels `[net, row, 1]`."""
        count = rows.shape[1]
        said = self._say(rows)
        off = np.subtract(said[-1], label, out=self._off[-1][:, :count])
        gradient = self.gradient
        for layer in range(len(said) - 2, -1, -1):
            np.matmul(said[layer].swapaxes(1, 2), off, out=gradient.weight[layer])
            np.add.reduce(off, axis=1, keepdims=True, out=gradient.bias[layer])
            if layer:
                off = self._before(layer, off, said[layer])
        weights = np.s_[:, : self.known.weights]
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
            found = np.matmul(said[-1], weight, out=self._said[layer][:, : rows.shape[1]])
            found += bias
            if layer < last:
                np.maximum(found, 0.0, out=found)
            said.append(found)
        return said

    def _before(self, layer: int, off: Floats, said: Floats) -> Floats:
        """Return how far off what goes into a layer is; what was cut off at 0 takes no blame."""
        some = np.s_[:, : off.shape[1]]
        found = np.matmul(
            off, self.known.weight[layer].swapaxes(1, 2), out=self._off[layer - 1][some]
        )
        alive = np.greater(said, 0.0, out=self._alive[layer - 1][some])
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
        rate = self.rate * math.sqrt(1 - SQUARE**self._steps) / (1 - MEAN**self._steps)
        np.sqrt(self._square, out=room)
        room += TINY
        np.multiply(self._mean, -rate, out=step)
        step /= room
        self.known.flat += step


def learned(
    rows: NDArray[Any],
    label: Floats,
    hidden: Sequence[int],
    batch: int,
    rounds: int,
    ridge: float,
    rate: float,
    seeds: Sequence[int],
) -> list[Known]:
    """Return for each seed weights `[from, to]` and biases of layers that say the label of rows.

    All rows, which must be finite, are seen `rounds` times, `batch` of them at a time. `hidden` are
    the sizes of the layers between rows and label. All is reckoned in the numbers that rows are of.
    """
    batch = min(batch, len(rows))
    sizes = rows.shape[1], *hidden, 1
    pupils = _Pupils(len(seeds), sizes, batch, ridge, rate, rows.dtype)
    draws = [np.random.RandomState(seed) for seed in seeds]
    for net, draw in enumerate(draws):
        pupils.known.begin(net, draw)
    given = np.empty((len(seeds), *rows.shape), rows.dtype)
    wanted = np.empty((len(seeds), len(rows), 1), rows.dtype)
    for number in range(rounds):
        if number <= 1:  # `partial_fit` begins at the seed anew, so from then on in the same order
            for net, draw in enumerate(draws):
                order = np.arange(len(rows))
                draw.shuffle(order)
                given[net], wanted[net, :, 0] = rows[order], label[order]
            draws = [np.random.RandomState(seed) for seed in seeds]
        for begin in range(0, len(rows), batch):
            part = np.s_[:, begin : begin + batch]
            pupils.correct(given[part], wanted[part])
    return [pupils.known.of(net) for net in range(len(seeds))]
