"""Crosscheck state: the arrays that the crosscheck's loop over rows works on, and its bounds."""

from __future__ import annotations

from typing import NamedTuple

from core.clock import DAY
from core.readings import Bools, Floats, Instants

NOBODY = -1
LEVEL = 0.1  # the weight of a new residual in the running mean
FOLLOWS = 0.005  # and of the mean in its reference, at the most
SLOWEST = 2 * DAY  # over which a reference follows at the least
LEARNS = 0.25  # how much slower than the reference its room is renewed
QUICK = 0.3  # the weight of a new residual in the quick mean, around which scatter is measured
SCATTER = 0.05  # its weight in the running scatter
LOUDEST = 16.0  # up to how many times its usual variance a single residual counts there
WILD = 12.0  # beyond how many deviations of the quick mean a single reading is a spike
USUAL = 6.0  # within how many it is where it should be
BAND = 3.0  # within how many a reading is expected, as people are told
SETTLED = 3  # so many wild readings in a row are no spikes, but where the channel now is
RARE = 0.02  # the weight of a reading in the shares of spikes and of gaps

APART = 2.5  # from so many deviations of its reference on, a channel's mean is apart
DEPARTED = 3.0  # from here on one channel alone may be told
TOGETHER = 6.0  # what is so many times less apart than another channel is not apart with it
LOUD = 4.0  # from here on a second channel has departed too
CERTAIN = 8.0  # from here on a sensor is held to be at fault once this has lasted
SUDDEN = 12  # within so many readings from apart to certain a channel has stepped, not drifted

NOISY, CALM, QUIET = 9.0, 2.5, 3.0  # variances, of the usual one: noise, others', and noise no more
SPIKY, SMOOTH = 0.05, 0.01  # shares of spikes, and where they have ended or others have none
GAPPY, WHOLE, GONE = 0.3, 0.1, 0.95  # shares of gaps; where nearly all are, the channel is silent
STEADY = 30  # readings for which a fault must have lasted, or been gone, beside its time
CROSSED = 10  # and for which two channels must have shown each other's values

DRIFT, BIAS, NOISE, SPIKES, SWAP = 0, 1, 2, 3, 5  # 4 are gaps


class Known(NamedTuple):
    """What was learned, first axis the asset; channels are standardised as `(x - centre) / spread`.

    `quiet` is the variance of single residuals around their quick mean.
    """

    learned: Bools
    judged: Bools
    centre: Floats
    spread: Floats
    op_centre: Floats
    op_spread: Floats
    weights: Floats
    quiet: Floats


class Moving(NamedTuple):
    """What goes on with every row, first axis the asset, then the channel, then the kind of fault.

    `proved` marks channels that a sign of the same failure mode has followed: until such a one is
    back where it was, the machine moves it.
    `pending` marks assets of which a kind of fault stands, or is about to begin.
    `room` is the variance of how far a mean is from its reference. `lasted` and `rows` tell for
    how long each kind has been about to begin, or to end where it stands.
    """

    pending: Bools
    operating: Floats
    level: Floats
    ref: Floats
    room: Floats
    quick: Floats
    scatter: Floats
    spikes: Floats
    gaps: Floats
    wild: Instants
    rising: Instants
    mate: Instants
    lasted: Instants
    rows: Instants
    faults: Bools
    proved: Bools


class Judged(NamedTuple):
    """What the class says: how far one channel may rise or fall alone by the machine's doing.

    `restless` marks which may grow restless alone, `company[channel, way, other, its way]` which
    departures are signs of one failure mode.
    `needs` is how long a fault must last before it is told, `most` what one row may count for.
    """

    candidates: Bools
    up: Floats
    down: Floats
    restless: Bools
    company: Bools
    needs: int
    most: int


class Told(NamedTuple):
    """What came out, filled in by `check_rows`; `values` come in as said and go out as believed.

    `lone` is the channel that has departed alone, `sensor` whether that is its sensor's doing, and
    `several` whether more than one has departed. `gone` marks what is disbelieved for no more than
    a drift or a step. `low` and `high` bound where each is expected by the operating channels and
    its own past, NaN where that is not known. `lapses` holds row, channel, fault, whether it began,
    and the channel that it is exchanged with; that is itself where its fault was the machine's.
    """

    values: Floats
    doubted: Bools
    lone: Instants
    mate: Instants
    sensor: Bools
    several: Bools
    gone: Bools
    low: Floats
    high: Floats
    lapses: Instants
