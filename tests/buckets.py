"""Buckets of one test's own, in the InfluxDB that all tests share."""

from __future__ import annotations

import itertools
from functools import partial
from pathlib import Path
from typing import Any, Self

from simulators.influx import PrivateInflux
from storage.history_influx import InfluxHistory
from storage.influx_server import InfluxPlace, InfluxServer

_numbers = itertools.count()


def _bucket(client: Any, name: str) -> Any:
    return client.buckets_api().create_bucket(bucket_name=name)


class Buckets:
    """Makes buckets that go when the test ends."""

    def __init__(self, influx: PrivateInflux) -> None:
        self.influx = influx
        self.place = InfluxPlace(influx.url, influx.org, influx.token)
        self.server = InfluxServer(self.place)
        self._made: list[Any] = []

    def new(self) -> str:
        """Make an empty bucket, with those of its minutes and hours, and return its name."""
        name = f"b{next(_numbers)}"
        for suffix in ("", "_1m", "_1h"):
            self._made.append(self.server.call(partial(_bucket, name=name + suffix)))
        return name

    def drop(self, name: str) -> None:
        """Drop one of them before its time."""
        (gone,) = [bucket for bucket in self._made if bucket.name == name]
        self.server.call(lambda client: client.buckets_api().delete_bucket(gone))
        self._made.remove(gone)

    def history(self, folder: Path, bucket: str | None = None) -> InfluxHistory:
        """Open a history in a bucket, by default in a new one."""
        return InfluxHistory(self.place, bucket or self.new(), folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for bucket in self._made:
            self.server.call(lambda client, b=bucket: client.buckets_api().delete_bucket(b))
        self.server.close()
