"""The air around the machines of a site: seasons, days, and weather that comes and goes."""

from __future__ import annotations

from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from core.clock import DAY, HOUR, to_datetime
from core.plant import Site
from core.readings import Floats, Instants
from simulators.noise import key, wander

_SEASON = 3.5
_DAY = 3.0
_WEATHER = 1.0


@lru_cache(maxsize=100_000)
def _offset(zone: str, hour: int) -> int:
    moment = to_datetime(hour * HOUR).astimezone(ZoneInfo(zone))
    offset = moment.utcoffset()
    return 0 if offset is None else round(offset.total_seconds()) * 1_000_000_000


def local(at: Instants, zone: str) -> Instants:
    """Turn instants into the civil time of a zone, counted in nanoseconds like an instant."""
    hours, index = np.unique(at // HOUR, return_inverse=True)
    offsets = np.array([_offset(zone, int(hour)) for hour in hours], np.int64)
    shifted: Instants = at + offsets[index]
    return shifted


def hall_temperature(site: Site, seed: int, at: Instants) -> Floats:
    """Give the air temperature in the site's halls, in degrees Celsius.

    Halls soften the outside: a few degrees over the day, a few over the year.
    """
    of = key(seed, site.name, "weather")
    civil = local(at, site.timezone)
    mean = 22.0 + 3.0 * wander(of, np.zeros(1, np.int64), 1)[0]
    year = np.cos(2.0 * np.pi * (civil / DAY - 200.0) / 365.25)
    day = np.cos(2.0 * np.pi * ((civil % DAY) / HOUR - 15.0) / 24.0)
    air: Floats = mean + _SEASON * year + _DAY * day + _WEATHER * wander(of, at, 9 * HOUR)
    return air
