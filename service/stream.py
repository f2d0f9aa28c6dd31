"""The event stream: one look-out per process reads what is new, once, for all who follow.

A client holds only the id of the last event it was given, so that nothing is lost or doubled,
whether it is slow, comes back later, or the service was restarted in between. Who is too far
behind for what is kept in memory reads on from the case file.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from bisect import bisect_right
from dataclasses import dataclass

import anyio
import structlog
from anyio.to_thread import run_sync
from fastapi.sse import format_sse_event
from starlette.responses import StreamingResponse
from starlette.types import Send

from core.alert import Alert, Transition
from core.casefile import CaseFile
from core.errors import MillwrightError
from core.plant import Plant
from service import api_forms
from service.pulse import Pulse

LOOK_EVERY = 0.05
BEAT_EVERY = 5.0
STALLED = 30.0
"""Seconds after which a client that takes nothing is let go; it comes back where it was."""

RETRY = 1000
"""Milliseconds after which a browser that was cut off comes back."""

BATCH = 200
KEPT = 1000
"""So many events stay in memory, for clients that are a little behind."""

_log = structlog.get_logger("feed")


@dataclass(frozen=True, slots=True)
class Recent:
    """The newest events as they are sent: everything with an id above `after`, oldest first."""

    after: int
    ids: tuple[int, ...] = ()
    chunks: tuple[bytes, ...] = ()

    @property
    def last(self) -> int:
        """The id of the newest event."""
        return self.ids[-1] if self.ids else self.after

    def since(self, position: int) -> Recent | None:
        """Return what follows a position; None where that is no longer kept."""
        if position < self.after:
            return None
        begin = bisect_right(self.ids, position)
        return Recent(position, self.ids[begin:], self.chunks[begin:])

    def and_then(self, newer: Recent) -> Recent:
        """Add newer events, and forget the oldest."""
        ids, chunks = self.ids + newer.ids, self.chunks + newer.chunks
        after = ids[-KEPT - 1] if len(ids) > KEPT else self.after
        return Recent(after, ids[-KEPT:], chunks[-KEPT:])


class Hub:
    """Looks for new events and wakes the clients that wait for them."""

    def __init__(self, casefile: CaseFile, plant: Plant, pulse: Pulse, most: int) -> None:
        self._casefile = casefile
        self._plant = plant
        self._pulse = pulse
        self._most = most
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._looked = self._beaten = time.monotonic()
        self._outage = False
        self.news = asyncio.Event()
        self.recent = Recent(0)
        self.beat = b""
        self.clients = 0

    @property
    def closed(self) -> bool:
        """Whether the streams are to end."""
        return self._stop.is_set()

    @property
    def full(self) -> bool:
        """Whether no more clients are taken."""
        return self.clients >= self._most

    def age(self) -> float:
        """Seconds since it last looked."""
        return time.monotonic() - self._looked if self._thread is not None else 0.0

    def start(self) -> None:
        """Begin to look, for clients of the event loop that this is called in."""
        self._loop = asyncio.get_running_loop()
        self._stop.clear()
        self._looked = self._beaten = time.monotonic()
        self.news = asyncio.Event()
        self.recent = Recent(self._casefile.last_event())
        self._thread = threading.Thread(target=self._run, name="events", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End all streams; safe from any thread, and more than once."""
        self._stop.set()
        self._wake()

    def join(self, seconds: float = 5) -> None:
        """Wait until nobody looks any more."""
        if self._thread is not None:
            self._thread.join(seconds)
        self._thread = None

    def read(self, after: int) -> Recent:
        """Read events from the case file and write them in the form of the stream."""
        found = self._casefile.events(after, BATCH)
        ids = tuple(step.id for step, _ in found)
        return Recent(after, ids, tuple(self._chunk(*one) for one in found))

    def heartbeat(self) -> bytes:
        """Write what stands now, in the form of the stream; it has no id."""
        return format_sse_event(event="heartbeat", data_str=self._pulse.beat(), retry=RETRY)

    def newest(self) -> int:
        """Look up the id of the newest event."""
        return self._casefile.last_event()

    def _chunk(self, step: Transition, alert: Alert) -> bytes:
        body = api_forms.event(step, alert, self._plant)
        text = json.dumps(body, separators=(",", ":"))
        return format_sse_event(event="alert", data_str=text, id=str(step.id))

    def _run(self) -> None:
        while not self._stop.is_set():
            self._looked = time.monotonic()
            try:
                self._look()
                self._outage = False
            except MillwrightError as error:
                if not self._outage:
                    _log.warning("events_interrupted", why=str(error))
                self._outage = True
            except Exception:
                _log.exception("events_failed")
                self._stop.wait(1)
            self._stop.wait(LOOK_EVERY)

    def _look(self) -> None:
        """Read what is new; clients are woken by it, and by a heartbeat from time to time."""
        last = self._casefile.last_event()
        while self.recent.last < last:
            newer = self.read(self.recent.last)
            if not newer.ids:
                break
            self.recent = self.recent.and_then(newer)
            self._wake()
        if self.clients and self._looked - self._beaten >= BEAT_EVERY:
            self._beaten = self._looked
            self.beat = self.heartbeat()
            self._wake()

    def _wake(self) -> None:
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._renew)

    def _renew(self) -> None:
        self.news.set()
        self.news = asyncio.Event()


class Follower:
    """Where one client stands in the stream."""

    def __init__(self, hub: Hub, after: int | None) -> None:
        self._hub = hub
        self._after = after
        self._beat = hub.beat
        self.position = 0

    async def first(self) -> bytes:
        """Find the place to begin at, and return what opens the stream.

        Without an id it begins now. An id beyond the newest is one of another case file: that is
        said, and the stream begins now.
        """
        last = await run_sync(self._hub.newest)
        opening = await run_sync(self._hub.heartbeat)
        self.position = last if self._after is None else min(self._after, last)
        if self._after is None or self._after <= last:
            return opening
        return opening + format_sse_event(event="reset", data_str=str(last), id=str(last))

    async def next(self) -> bytes:
        """Wait for what comes next; empty when the stream has ended."""
        hub = self._hub
        while not hub.closed:
            news = hub.news  # taken before the look, so that nothing falls between the two
            found = hub.recent.since(self.position)
            if found is None:
                found = await run_sync(hub.read, self.position)
            if found.ids:
                self.position = found.last
                return b"".join(found.chunks)
            if self._beat is not hub.beat:
                self._beat = hub.beat
                return self._beat
            await news.wait()
        return b""


class EventStream(StreamingResponse):
    """The answer that goes on until the client leaves, stalls, or the service stops."""

    media_type = "text/event-stream"

    def __init__(self, hub: Hub, after: int | None) -> None:
        super().__init__((), headers={"x-accel-buffering": "no"})
        self._hub = hub
        self._follower = Follower(hub, after)

    async def stream_response(self, send: Send) -> None:
        """Send the stream piece by piece."""
        self._hub.clients += 1
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await self._send_all(send)
        finally:
            self._hub.clients -= 1

    async def _send_all(self, send: Send) -> None:
        try:
            chunk = await self._follower.first()
            while chunk:
                with anyio.fail_after(STALLED):
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
                chunk = await self._follower.next()
        except TimeoutError:
            return  # nothing more can be sent to somebody who takes nothing
        except MillwrightError as error:
            _log.warning("event_stream_ended", why=str(error))
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def where_after(header: str | None, after: str | None) -> int | None:
    """Read where a client comes back from; ValueError names what is no event's id.

    The header wins: a browser that comes back repeats the address it began with.
    """
    name, text = ("Last-Event-ID", header) if header else ("after", after)
    if text is None or text == "":
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        msg = f"{name}: {text[:40]!r} is not an event's id; give the id of the last event seen"
        raise ValueError(msg)
    return int(text)
