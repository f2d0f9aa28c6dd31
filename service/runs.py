"""Runs: what a model of runs to failure says of the machines of a class, as they run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import nan
from pathlib import Path

from core.clock import HOUR, Instant
from core.errors import Refused
from core.life import Outlook, Remaining, declined
from core.plant import Asset, AssetClass
from core.run_settings import RunSettings
from models.detector import Round, State
from models.run_rows import RunRows
from service.run_model import RunModel, opened
from storage import life_folder

Since = Callable[[str, int], Instant | None]
"""Tells since when the part that fails in a mode is as new, by failure mode and asset."""

UNKNOWN_AGE = "how old it is is not known: no work that renewed it is on record"
NO_ROW = "it has not run for long enough since it was new"


@dataclass(frozen=True, slots=True)
class _Said:
    begin: Instant
    at: Instant
    left: Outlook
    health: float


class Runs:
    """Keeps what assets showed, and asks the model once for each new row.

    A model that cannot be opened says nothing, and why stands in `trouble`; rows are kept for it.
    `made_for` names what rows hang on, `asked_of` what answers do: the model and how it is asked.
    """

    def __init__(
        self, settings: RunSettings, asset_class: AssetClass, assets: Sequence[Asset], since: Since
    ) -> None:
        self.failure_mode = settings.failure_mode
        self.rows = RunRows(
            [asset.id for asset in assets], len(asset_class.channels), settings.every
        )
        self.made_for = f"{','.join(asset_class.channel_names)} {settings.every}"
        given = sorted(settings.channels.items())
        self.asked_of = f"{self.made_for} {settings.unit} {given} "
        self.asked_of += life_folder.content(Path(settings.model))
        self.trouble = ""
        self._since = since
        self._said: dict[int, _Said] = {}
        self._model: RunModel | None = None
        try:
            self._model = opened(settings, asset_class)
        except Refused as error:
            self.trouble = str(error)

    @property
    def basis(self) -> str:
        """Say what the estimate rests on."""
        return self.trouble if self._model is None else self._model.life.basis

    def observe(self, rows: Round) -> None:
        """Follow rows in order of time; assets may repeat."""
        self.rows.observe(rows)

    def left(self, asset: int, at: Instant) -> Outlook:
        """Say what is left of an asset at a moment, in hours of calendar."""
        if self._model is None:
            return declined("not_loaded", f"the model of runs does not load: {self.trouble}")
        begin, newest = self._since(self.failure_mode, asset), self.rows.newest(asset)
        if begin is None:
            return declined("too_short", UNKNOWN_AGE)
        if newest is None:
            return declined("too_short", NO_ROW)
        said = self._said.get(asset)
        if said is None or (said.begin, said.at) != (begin, newest):
            said = self._said[asset] = self._asked(self._model, asset, begin, newest)
        return _later(said.left, max(at - said.at, 0) / HOUR)

    def health(self, asset: int) -> float:
        """Return the health that was last said of an asset; NaN where nothing was."""
        said = self._said.get(asset)
        return nan if said is None or not isinstance(said.left, Remaining) else said.health

    def state(self) -> State:
        """Return what a restart needs."""
        return self.rows.state()

    def restore(self, state: State) -> None:
        """Take over a state."""
        self.rows.restore(state)
        self._said = {}

    def _asked(self, model: RunModel, asset: int, begin: Instant, newest: Instant) -> _Said:
        at, rows = self.rows.since(asset, begin)
        if not len(at):
            return _Said(begin, newest, declined("too_short", NO_ROW), nan)
        left, health = model.said(begin, at, rows, self.rows.rested(asset, begin))
        return _Said(begin, newest, left, health)


def _later(left: Outlook, hours: float) -> Outlook:
    """Say what is left some hours after it was reckoned."""
    if not isinstance(left, Remaining):
        return left
    early, middle, late, *course = (
        max(point - hours, 0.0) for point in (left.p05, left.p50, left.p95, *left.course)
    )
    mean = None if left.mean is None else max(left.mean - hours, 0.0)
    return Remaining(early, middle, late, mean, tuple(course))
