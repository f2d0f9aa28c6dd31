"""Bends good messages: bytes flipped, parts cut out, doubled and swapped, and words put in."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from benchmarks.rig.corpus import HOSTILE

_WORDS: tuple[bytes, ...] = (
    *(b"{", b"}", b"[", b"]", b'"', b":", b",", b"=", b" ", b"\n", b";", b"\t", b"\\", b"#"),
    *(b"null", b"true", b"false", b"NaN", b"-Infinity", b"1e999", b"-0", b"1_0", b"0x1", b".5"),
    *(b"9" * 25, b"-" + b"9" * 20, b"1" * 330, b"1e-400", b"9007199254740993", b"0" * 40),
    *(b'"\\u0022"', b'"\\ud800"', b"\xff", b"\x00", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"\xc1"),
    *(
        b"\xdf\xff\xff\xff\xff",
        b"\xd7\xff",
        b"\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00",
        b"\x91",
        b"\x81",
    ),
    *(b'"Value":', b'"Payload":', b'"ts":', b'"temp":', b'"Body":', b'"Type":', b'"values":'),
    *(b'"2026-11-23T08:00:00Z"', b'"0000-00-00T00:00:00Z"', b'"2026-03-29T02:30:00"', b"{}", b"[]"),
    *(b"[" * 20, b'{"a":' * 20, b"]" * 20, b"}" * 20, b"1i", b"2u", b"t ", b"Online"),
)
_LONGEST = 8_000
_SEED = 2_000
_HOSTILE_SHARE = 0.1


class Mutator:
    """Makes messages from seeds, the same ones for the same number."""

    def __init__(self, seeds: Sequence[bytes], number: int) -> None:
        self._seeds = list(seeds)
        self._random = random.Random(number)
        self._ways: tuple[Callable[[bytearray], None], ...] = (
            self._flip,
            self._insert,
            self._overwrite,
            self._cut,
            self._double,
            self._swap,
            self._splice,
            self._number,
        )

    def make(self) -> bytes:
        """Make the next message."""
        hostile = self._random.random() < _HOSTILE_SHARE
        raw = bytearray(self._random.choice(HOSTILE if hostile else self._seeds)[:_SEED])
        for _ in range(self._random.choice((1, 1, 1, 2, 2, 3, 5, 9))):
            self._random.choice(self._ways)(raw)
        return bytes(raw[:_LONGEST])

    def _place(self, raw: bytearray) -> int:
        return self._random.randrange(len(raw) + 1)

    def _flip(self, raw: bytearray) -> None:
        if raw:
            raw[self._random.randrange(len(raw))] = self._random.randrange(256)

    def _insert(self, raw: bytearray) -> None:
        at = self._place(raw)
        raw[at:at] = self._random.choice(_WORDS)

    def _overwrite(self, raw: bytearray) -> None:
        at, word = self._place(raw), self._random.choice(_WORDS)
        raw[at : at + len(word)] = word

    def _cut(self, raw: bytearray) -> None:
        at = self._place(raw)
        del raw[at : at + self._random.choice((1, 1, 2, 4, 16, 10_000))]

    def _double(self, raw: bytearray) -> None:
        at = self._place(raw)
        part = raw[at : at + self._random.choice((1, 4, 16, 64))]
        raw[at:at] = part * self._random.choice((1, 1, 2, 40))

    def _swap(self, raw: bytearray) -> None:
        first, second = sorted((self._place(raw), self._place(raw)))
        width = self._random.choice((1, 3, 9))
        part = raw[first : first + width]
        raw[first : first + width] = raw[second : second + width]
        raw[second : second + width] = part

    def _splice(self, raw: bytearray) -> None:
        other = self._random.choice(self._seeds)[:_SEED]
        at = self._random.randrange(len(other) + 1)
        raw[self._place(raw) :] = other[at:]

    def _number(self, raw: bytearray) -> None:
        """Make another number of a digit."""
        digits = [k for k, byte in enumerate(raw[:500]) if 48 <= byte < 58]
        if digits:
            at = self._random.choice(digits)
            raw[at : at + 1] = self._random.choice(
                (b"-1", b"1e400", b"0", b"99999999999", b"1.5.5", b"")
            )
