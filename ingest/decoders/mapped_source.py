"""Where a sample's time and its asset stand in JSON."""

from __future__ import annotations

from typing import Any

from core.clock import Instant
from core.rejection import Reason
from ingest.decoders.bounds import Bounded, short
from ingest.decoders.paths import MISSING, Path, PathText
from ingest.decoders.times import TimeForm, Times, Zone
from ingest.instants import WallTime
from ingest.payload import Bad, described


class Timed(Bounded):
    """Where a payload's time stands, and in which form.

    Without `timestamp_path` a payload has no time. One in which it is missing is refused, unless it
    is `timestamp_optional`: then it is taken for one without a time.
    """

    timestamp_path: PathText | None = None
    timestamp_format: TimeForm = "iso"
    timestamp_timezone: Zone | None = None
    timestamp_optional: bool = False


class Fraction(Exception):
    """A time with a fraction, which is to be read again to its last digit."""


class Source:
    """Where a sample's time and asset stand; what is not there is taken from around it.

    A `wary` one raises Fraction for a count with a fraction: its last digits were lost.
    """

    def __init__(
        self, time: str | None, times: Times, asset: str | None, *, optional: bool, wary: bool
    ) -> None:
        self._time = None if time is None else Path(time)
        self._times = times
        self._asset = None if asset is None else Path(asset)
        self._optional = optional
        self._wary = wary and times.counts

    def read(
        self, here: Any, root: Any, at: Instant | WallTime | None, asset: str
    ) -> tuple[Instant | WallTime | None, str]:
        """Read both; Bad where one that must be there is missing or wrong."""
        if self._time is not None:
            key = self._time.key
            if key is not None and type(here) is dict:
                said = here.get(key, MISSING)
            else:
                said = self._time.find(here, root)
            if type(said) is float and self._wary:
                raise Fraction
            if said is not MISSING and said is not None:
                at = self._times.read(self._time.text, said)
            elif not self._optional:
                detail = f'there is no "{self._time.text}", where the time should stand'
                raise Bad(Reason.BAD_TIME, detail)
        if self._asset is not None:
            asset = _asset(self._asset, self._asset.find(here, root))
        return at, asset


def _asset(path: Path, said: Any) -> str:
    if type(said) is str and said:
        return short("the asset", said)
    if isinstance(said, int | str) and not isinstance(said, bool) and str(said):
        return short("the asset", str(said))
    what = "nothing" if said is MISSING else described(said)
    detail = f'{what} stands at "{path.text}", where the asset should be named'
    raise Bad(Reason.UNKNOWN_ASSET, detail)
