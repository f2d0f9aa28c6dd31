"""Keeps the raw blocks of vibration, beside the path of messages and never in its way."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable

import structlog

from core.blocks import Block, BlockStore
from core.clock import HOUR, SECOND, Instant, Span
from core.errors import Refused
from ingest.outage import Outage
from ingest.worker import rest

_log = structlog.get_logger("ingest")
_MOST_WAITING = 64_000_000
_AT_ONCE = 16
_IDLE = 0.5
_TRIM_EVERY = HOUR // SECOND


class BlockKeeper:
    """Writes blocks in a thread of its own.

    Blocks are offered once the journal has their features. What waits is bounded by bytes: where
    the store is slow or away, the oldest that wait are let go, and that is logged once. A crash
    loses what waits. What is older than `keep`, counted from the newest block, is dropped; our
    own clock, which may be wrong, deletes nothing.
    """

    def __init__(self, store: BlockStore, keep: Span) -> None:
        self._store = store
        self._keep = keep
        self._waiting: deque[Block] = deque()
        self._bytes = 0
        self._lock = threading.Lock()
        self._some = threading.Event()
        self._newest: Instant | None = None
        self._trim_at = time.monotonic()
        self._lost = 0
        self.outage = Outage("blocks")

    def offer(self, blocks: Iterable[Block]) -> None:
        """Hand over blocks; returns at once."""
        with self._lock:
            for block in blocks:
                self._waiting.append(block)
                self._bytes += block.waveform.samples.nbytes
            while self._bytes > _MOST_WAITING:
                self._bytes -= self._waiting.popleft().waveform.samples.nbytes
                self._lost += 1
        self._some.set()

    def run(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        """Write until told to stop, and then what still waits; `Refused` from a damaged store."""
        while not stop.is_set():
            beat()
            self._some.wait(_IDLE)
            self._some.clear()
            try:
                self.step()
            except Refused:
                raise
            except Exception as error:  # whatever a store raises: features do not depend on it
                self._some.set()
                rest(stop, beat, self.outage.failed(error))
        if not self.outage.lasts:
            self.step()

    def step(self) -> None:
        """Write all that waits, some at once; what fails waits on."""
        while True:
            with self._lock:
                some = [self._waiting[k] for k in range(min(_AT_ONCE, len(self._waiting)))]
            if not some:
                break
            self._store.add(some)
            self._written(some)
        self._trim()

    def _written(self, some: list[Block]) -> None:
        with self._lock:
            for block in some:  # what was let go meanwhile is not at the front any more
                if self._waiting and self._waiting[0] is block:
                    self._bytes -= self._waiting.popleft().waveform.samples.nbytes
            lost, self._lost = self._lost, 0
        self.outage.worked()
        if lost:
            _log.warning("raw_blocks_not_kept", blocks=lost, why="the store was slow or away")
        newest = max(block.at for block in some)
        self._newest = newest if self._newest is None else max(newest, self._newest)

    def _trim(self) -> None:
        if self._newest is None or time.monotonic() < self._trim_at:
            return
        self._store.trim(self._newest - self._keep)
        self._trim_at = time.monotonic() + _TRIM_EVERY
