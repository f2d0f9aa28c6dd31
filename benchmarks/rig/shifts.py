"""Shifts: simulated machines that wear by the hours they run, and stand at night and weekends."""

from __future__ import annotations

import numpy as np

from core.clock import DAY, HOUR
from core.plant import AssetClass, Channel, Mode, ModeRule
from models.detector import Round
from models.threshold import ThresholdSettings
from models.usage import UsageSettings

MONDAY = 4 * DAY
"""1970-01-05, at midnight: the first day."""

WEEK = 7 * DAY
STEP = HOUR // 2
HEALTHY, END = 2.0, 10.0
LASTS = 600.0
"""Hours run from healthy to the end."""

NOISE = 0.15


class Shifts:
    """Machines that work two shifts from Monday to Friday, some weeks up to `varies` less or more.

    In the weeks named in `stands` they stand still.
    """

    def __init__(
        self,
        count: int,
        weeks: int,
        seed: int = 1,
        varies: float = 0.0,
        stands: tuple[int, ...] = (),
    ) -> None:
        rng = np.random.default_rng(seed)
        self.at = MONDAY + np.arange(weeks * WEEK // STEP) * STEP
        hour, day = self.at // HOUR % 24, (self.at - MONDAY) // DAY % 7
        late = 22 - 6 * varies * rng.uniform(-1, 1, (count, weeks))
        last = np.repeat(late, WEEK // STEP, axis=1)
        stood = np.isin((self.at - MONDAY) // WEEK, stands)
        self.on = (day < 5) & (hour >= 6) & (hour + 0.25 < last) & ~stood
        self.noise = rng.normal(0, NOISE, self.on.shape)
        self.reckon()

    def reckon(self) -> None:
        """Reckon the wear anew, after `on` or `noise` was changed."""
        self.run = np.cumsum(self.on, axis=1) * STEP / HOUR
        self.vibration = HEALTHY + (END - HEALTHY) * self.run / LASTS + self.noise
        self.ends = np.array([self.at[int(np.argmax(one >= LASTS))] for one in self.run])

    def rows(self, until: int) -> Round:
        """Lay out what was said until a moment, all machines together."""
        steps = int(np.searchsorted(self.at, until))
        count = len(self.on)
        on = self.on[:, :steps].T.ravel()
        vibration = np.where(on, self.vibration[:, :steps].T.ravel(), 0.0)
        values = np.stack([1500.0 * on, vibration], axis=1)
        mode = np.where(on, int(Mode.RUNNING), int(Mode.OFF)).astype(np.int8)
        at = np.repeat(self.at[:steps], count)
        return Round(np.tile(np.arange(count), steps), at, values, mode)


def followed(*, used: bool = True) -> AssetClass:
    """Make their class, whose life is counted in hours run or in time."""
    usage = UsageSettings() if used else None
    return AssetClass(
        "machine",
        (Channel("speed", "1/min"), Channel("vibration", "mm/s")),
        modes=ModeRule("speed", off_below=10, running_above=100),
        health=ThresholdSettings(channel="vibration", end=END, usage=usage),
        silent_after=HOUR,
    )
