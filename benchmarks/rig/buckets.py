"""A bucket of a private InfluxDB, looked at from outside: how much is in it, and its sum."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from simulators.influx import PrivateInflux


class Bucket:
    """A bucket, made new unless it is there; queries go straight over HTTP, past all of ours."""

    def __init__(self, store: PrivateInflux, name: str, *, new: bool = True) -> None:
        self._store = store
        self.name = name
        if not new:
            return
        org = self._asked("GET", f"/api/v2/orgs?org={store.org}")["orgs"][0]["id"]
        self._asked("POST", "/api/v2/buckets", {"orgID": org, "name": name, "retentionRules": []})

    def count(self, field: str) -> int:
        """Count the values of a field over all series."""
        return round(sum(self._folded(field, "count")))

    def total(self, field: str) -> float:
        """Add up the values of a field over all series."""
        return sum(self._folded(field, "sum"))

    def series(self) -> int:
        """Tell how many series there are."""
        ever = "start: 1970-01-01T00:00:00Z"
        flux = f'import "influxdata/influxdb" influxdb.cardinality(bucket: "{self.name}", {ever})'
        return round(sum(self._column(flux)))

    def values(self, asset: str, field: str) -> dict[int, float]:
        """Read all values of a field of an asset, by their time in nanoseconds since 1970."""
        flux = (
            f'from(bucket: "{self.name}") |> range(start: 0, stop: 2100-01-01T00:00:00Z)'
            f' |> filter(fn: (r) => r.asset == "{asset}" and r._field == "{field}")'
            " |> map(fn: (r) => ({_value: r._value, at: int(v: r._time)}))"
        )
        rows = self._rows(flux, "at", "_value")
        return {int(at): float(value) for at, value in rows}

    def _folded(self, field: str, how: str) -> list[float]:
        flux = (
            f'from(bucket: "{self.name}") |> range(start: 0, stop: 2100-01-01T00:00:00Z)'
            f' |> filter(fn: (r) => r._field == "{field}") |> {how}()'
        )
        return self._column(flux)

    def _column(self, flux: str) -> list[float]:
        return [float(value) for (value,) in self._rows(flux, "_value")]

    def _rows(self, flux: str, *names: str) -> list[tuple[str, ...]]:
        """Ask, and pick columns out of the CSV that comes."""
        body = json.dumps({"query": flux, "type": "flux"}).encode()
        with self._open("POST", f"/api/v2/query?org={self._store.org}", body) as answer:
            lines = answer.read().decode().splitlines()
        places: list[int] = []
        width = 0
        found = []
        for line in lines:
            cells = line.split(",")
            if set(names) <= set(cells):
                places, width = [cells.index(name) for name in names], len(cells)
            elif places and len(cells) == width:
                found.append(tuple(cells[place] for place in places))
        return found

    def _asked(self, method: str, path: str, body: Any = None) -> Any:
        sent = None if body is None else json.dumps(body).encode()
        with self._open(method, path, sent) as answer:
            return json.loads(answer.read())

    def _open(self, method: str, path: str, body: bytes | None) -> Any:
        headers = {
            "Authorization": f"Token {self._store.token}",
            "Content-Type": "application/json",
            "Accept": "application/csv",
        }
        request = urllib.request.Request(self._store.url + path, body, headers, method=method)
        return urllib.request.urlopen(request, timeout=120)
