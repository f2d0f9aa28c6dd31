"""Talks to an InfluxDB 2: lines in, answers out, and errors by what to do about them."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import numpy as np

from core.clock import Instant
from core.errors import RefusedRow
from core.tls import FileReference, path_of
from storage.flux_csv import FluxTable, tables
from storage.influx_answer import Answer, answered

_CONNECT, _ANSWER = 5_000, 60_000
_MOST_LINES = 20_000
_TAKEN = 204
_DROPPED = re.compile(r"dropped=(\d+)\s*$")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class InfluxPlace:
    """Which InfluxDB, and as whom. `timeout` is how long an answer may take, in milliseconds."""

    url: str
    org: str
    token: str
    ca: FileReference | None = None
    timeout: int = _ANSWER

    def __repr__(self) -> str:
        """Show no token."""
        return f"InfluxPlace({self.url!r}, {self.org!r})"


class InfluxServer:
    """One InfluxDB and a pool of connections to it, which threads may share.

    Every call raises `Unavailable`, with words that say what to mend, where InfluxDB is not there,
    not well or does not let us; nothing is repeated here.
    """

    def __init__(self, place: InfluxPlace) -> None:
        self.place = place
        self._lock = threading.Lock()
        self._client: Any = None
        self._most_lines = _MOST_LINES
        self.beat: Callable[[], None] = lambda: None
        """Called after each answer, so that a long call is seen to get somewhere."""

    def write(self, bucket: str, body: bytes) -> tuple[int, list[RefusedRow]]:
        """Store lines, each ended by a line break; returns how many, and those refused.

        A body that is too large is halved; one with lines that InfluxDB refuses is halved until
        those stand alone, and the others are stored.
        """
        refused: list[RefusedRow] = []
        stored = 0
        for lines, part in self._parts(body):
            stored += self._write(bucket, part, lines, refused)
        return stored, refused

    def query(self, flux: str, **params: object) -> list[FluxTable]:
        """Ask in Flux; parameters travel as literals of a syntax tree, never as text of Flux."""
        from influxdb_client.domain import dialect

        form: Any = dialect.Dialect(annotations=["datatype"], header=True)  # type: ignore[no-untyped-call]

        def ask(client: Any) -> str:
            found = client.query_api().query_raw(flux, self.place.org, form, params)
            body: bytes = found.data
            return body.decode()

        return list(tables(self.call(ask)))

    def delete(self, bucket: str, first: Instant, last: Instant) -> None:
        """Delete what lies from the first to the last moment, both with it, in a bucket."""
        first_text, last_text = (f"{np.datetime64(at, 'ns')}Z" for at in (first, last))
        self.call(lambda client: client.delete_api().delete(first_text, last_text, "", bucket))

    def call(self, act: Callable[[Any], T]) -> T:
        """Do something with the client library, its errors turned into ours."""
        answer = self._try(act)
        if isinstance(answer, Answer):
            raise answer.unavailable(self.place.url)
        return answer

    def find(self, act: Callable[[Any], T]) -> T | None:
        """Ask for something by its name; None where InfluxDB has it not."""
        answer = self._try(act)
        if not isinstance(answer, Answer):
            return answer
        if answer.status == 404:
            return None
        raise answer.unavailable(self.place.url)

    def close(self) -> None:
        """Let go of the connections."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _try(self, act: Callable[[Any], T]) -> T | Answer:
        with self._lock:
            if self._client is None:
                self._client = self._connected()
            client = self._client
        answer = answered(lambda: act(client))
        self.beat()
        return answer

    def _connected(self) -> Any:
        from influxdb_client.client.influxdb_client import InfluxDBClient

        place = self.place
        return InfluxDBClient(
            place.url,
            place.token,
            org=place.org,
            timeout=(_CONNECT, place.timeout),
            ssl_ca_cert=None if place.ca is None else str(path_of(place.ca)),
        )

    def _parts(self, body: bytes) -> Iterator[tuple[int, bytes]]:
        """Cut a body where it has more lines than go at once."""
        count = body.count(b"\n")
        if count <= self._most_lines:
            if count:
                yield count, body
            return
        lines = body.splitlines(keepends=True)
        while lines:
            part, lines = lines[: self._most_lines], lines[self._most_lines :]
            yield len(part), b"".join(part)

    def _write(self, bucket: str, body: bytes, count: int, refused: list[RefusedRow]) -> int:
        answer = self._try(partial(_post, self.place.org, bucket, body.rstrip(b"\n")))
        if answer == _TAKEN:
            return count
        if not isinstance(answer, Answer):
            answer = Answer(answer, f"{answer} is not how InfluxDB answers; something else does")
        if not answer.halves:
            raise answer.unavailable(self.place.url, bucket)
        if answer.too_large and count > 1:
            self._most_lines = min(self._most_lines, max(count // 2, 1))
        elif count == 1 or _all_dropped(answer.why, count):
            refused += [RefusedRow(line, answer.why) for line in body.splitlines()]
            return 0
        lines = body.splitlines(keepends=True)
        middle = count // 2
        halves = ((lines[:middle], middle), (lines[middle:], count - middle))
        return sum(self._write(bucket, b"".join(half), n, refused) for half, n in halves)


def _post(org: str, bucket: str, body: bytes, client: Any) -> int:
    """Send lines; returns the status of the answer."""
    from influxdb_client.service import write_service

    form = {"precision": "ns", "content_type": "text/plain; charset=utf-8"}
    made: Any = write_service.WriteService
    service = made(client.api_client)
    _, status, _ = service.post_write_with_http_info(org, bucket, body, **form)
    return int(status)


def _all_dropped(why: str, count: int) -> bool:
    """Tell whether InfluxDB says that it dropped every line of so many."""
    found = _DROPPED.search(why)
    return found is not None and int(found[1]) == count
