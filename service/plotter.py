"""The plotter: lets a process of its own draw evidence plots, one at a time, and keeps the newest.

The process is started when a plot is asked for and ends by itself soon after, so that what it
needs to draw takes no memory from the service.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

import structlog
from anyio.to_thread import run_sync

from core.alert import Alert
from core.casefile import CaseFile
from core.clock import Clock
from core.errors import Unavailable
from core.history import TelemetryHistory
from core.plant import Plant
from service.course import SPANS, course, drawn
from service.fan import drawn as fanned
from service.fan import fan
from service.picture import Picture, gather

PATIENCE = 25.0
"""Seconds a plot may take; the first on a machine also looks through its fonts."""

FRESH = 30.0
"""Seconds for which a plot of an open case is shown again, while its data goes on."""

PLOT_WIDTH = 720
PLOT_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
    "cache-control": "private, max-age=20",
}
MOST_KEPT = 24
MOST_WAITING = 8
NARROWEST, WIDEST, STEP = 300, 1200, 60
ENDED = "the drawing process ended"
COMMAND = (sys.executable, "-m", "service.plot")

_Key: TypeAlias = tuple[str, int, int]
"""What is drawn, in which version, how wide."""

_log = structlog.get_logger("feed")


@dataclass(slots=True)
class Draughtsman:
    """A child process that draws; started when needed, and again when it has ended."""

    command: tuple[str, ...] = COMMAND
    patience: float = PATIENCE
    _hiring: asyncio.Task[Process] | None = None
    _ending: set[asyncio.Task[None]] = field(default_factory=set)

    async def draw(self, picture: bytes) -> bytes:
        """Return the SVG of an encoded picture; `Unavailable` where it cannot be drawn."""
        hired = self._hiring is not None and not _gone(self._hiring)
        try:
            return await self._exchange(picture)
        except (OSError, asyncio.IncompleteReadError) as error:
            if not hired:
                raise _failed(ENDED) from error
        try:  # it was just about to end for want of work
            return await self._exchange(picture)
        except (OSError, asyncio.IncompleteReadError) as error:
            raise _failed(ENDED) from error

    async def close(self) -> None:
        """End the process, and wait for those that were given up before and are still ending.

        That goes on where the wait is given up, as is done again and again with a request whose
        page has gone: else their pipes would stay open.
        """
        hiring, self._hiring = self._hiring, None
        if hiring is not None:
            ending = asyncio.create_task(_ended(hiring))
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)
        if self._ending:
            await asyncio.wait(self._ending)

    async def _exchange(self, picture: bytes) -> bytes:
        done = False
        try:
            async with asyncio.timeout(self.patience):
                kind, body = await _ask(await self._hired(), picture)
            done = True
        except TimeoutError as error:
            why = f"it took more than {self.patience:g} s"
            raise _failed(why) from error
        finally:
            if not done:
                await self.close()
        if kind:
            raise _failed(body.decode("utf-8", "replace"))
        return body

    async def _hired(self) -> Process:
        """Return the process; who gives up while it starts leaves it to `close`, pipes and all."""
        if self._hiring is None or _gone(self._hiring):
            self._hiring = asyncio.create_task(_started(self.command))
        return await asyncio.shield(self._hiring)


@dataclass(slots=True)
class Plotter:
    """Draws the evidence of a case, and the course of a machine, as they stand now."""

    plant: Plant
    casefile: CaseFile
    history: TelemetryHistory
    clock: Clock
    draughtsman: Draughtsman = field(default_factory=Draughtsman)
    _kept: OrderedDict[_Key, tuple[float, bytes]] = field(default_factory=OrderedDict)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _waiting: int = 0

    async def draw(self, alert: Alert, width: int) -> bytes | None:
        """Return a case's plot as SVG; None where nothing was measured.

        `width` in pixels is rounded to steps. Raises `Unavailable` where it cannot be drawn now.
        """
        width = _fitting(width)
        parts = (alert, self.plant, self.history, self.casefile, self.clock(), width)
        key = (alert.id, alert.version, width)
        return await self._drawn(key, partial(gather, *parts), lasts=not alert.state.is_open)

    async def draw_course(self, asset: str, span: str, width: int) -> bytes | None:
        """Return the course of a machine over one of `SPANS` as SVG, like `draw`."""
        width = _fitting(width)

        def gathered() -> Picture | None:
            found = course(asset, self.plant, self.history, self.clock(), SPANS[span][0])
            return drawn(found, self.plant, width)

        return await self._drawn((f"{span} {asset}", 0, width), gathered, lasts=False)

    async def draw_life(self, asset: str, failure_mode: str, width: int) -> bytes | None:
        """Return the past estimates of when a machine's life ends as SVG, like `draw`."""
        width = _fitting(width)

        def gathered() -> Picture | None:
            now = self.clock()
            found = fan(asset, failure_mode, self.casefile, now)
            return fanned(found, self.plant, self.casefile, now, width)

        return await self._drawn((f"life {failure_mode} {asset}", 0, width), gathered, lasts=False)

    async def close(self) -> None:
        """End the drawing process."""
        await self.draughtsman.close()

    async def _drawn(
        self, key: _Key, gathered: Callable[[], Picture | None], *, lasts: bool
    ) -> bytes | None:
        found = self._known(key, lasts=lasts)
        if found is not None:
            return found
        if self._waiting >= MOST_WAITING:
            msg = "too many plots are asked for at once; try again in a moment"
            raise Unavailable(msg, 2)
        self._waiting += 1
        try:
            async with self._turn:
                return self._known(key, lasts=lasts) or await self._draw(key, gathered)
        finally:
            self._waiting -= 1

    def _known(self, key: _Key, *, lasts: bool) -> bytes | None:
        at, svg = self._kept.get(key, (0.0, None))
        stale = not lasts and time.monotonic() - at > FRESH
        return None if stale else svg

    async def _draw(self, key: _Key, gathered: Callable[[], Picture | None]) -> bytes | None:
        picture = await run_sync(gathered)
        if picture is None:
            return None
        svg = await self.draughtsman.draw(picture.encode())
        self._kept[key] = (time.monotonic(), svg)
        self._kept.move_to_end(key)
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return svg


def _fitting(width: int) -> int:
    return min(WIDEST, max(NARROWEST, round(width / STEP) * STEP))


async def _started(command: tuple[str, ...]) -> Process:
    path = os.pathsep.join(part for part in sys.path if part)
    return await asyncio.create_subprocess_exec(
        *command,
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,
        env=os.environ | {"PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1"},
        start_new_session=True,
    )


def _gone(hiring: asyncio.Task[Process]) -> bool:
    """Whether a process has ended, or never started."""
    if not hiring.done():
        return False
    return hiring.exception() is not None or hiring.result().returncode is not None


async def _ended(hiring: asyncio.Task[Process]) -> None:
    """End a process, even one that is only starting, and see its pipes closed."""
    try:
        child = await hiring
    except OSError:
        return
    with contextlib.suppress(ProcessLookupError):
        child.kill()
    await child.communicate()


async def _ask(child: Process, picture: bytes) -> tuple[int, bytes]:
    if child.stdin is None or child.stdout is None:
        msg = "the drawing process has no pipes"
        raise OSError(msg)
    child.stdin.write(len(picture).to_bytes(4, "big") + picture)
    await child.stdin.drain()
    head = await child.stdout.readexactly(5)
    return head[0], await child.stdout.readexactly(int.from_bytes(head[1:], "big"))


def _failed(why: str) -> Unavailable:
    _log.warning("plot_failed", why=why)
    return Unavailable(f"the plot could not be drawn: {why}", 10)
