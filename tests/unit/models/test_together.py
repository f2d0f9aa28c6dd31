from __future__ import annotations

import numpy as np

from models.limits import Limit, Limits, LimitsSettings
from models.together import Together
from tests.plants import pump_class
from tests.rounds import a_round, assets, pumps, take


def limits(channel: str, alarm: float) -> Limits:
    settings = LimitsSettings(channels={channel: Limit(alarm=alarm)})
    return Limits(settings, pump_class(), assets(2))


def both() -> Together:
    return Together([limits("vibration", 4.0), limits("temperature", 60.0)])


def test_the_farthest_beyond_its_line_is_heard_with_its_blame_and_band() -> None:
    values = pumps(1, 2)[0]
    values[0, 1], values[1, 2] = 9.0, 90.0
    scored = take(both(), a_round(values))
    assert (scored.value >= 1).all()
    assert scored.blame.argmax(axis=1).tolist() == [1, 2]
    assert (scored.high[0, 1], scored.high[1, 2]) == (4.0, 60.0)


def test_one_that_cannot_judge_leaves_it_to_the_other() -> None:
    values = pumps(1, 2)[0]
    values[:, 1] = np.nan
    scored = both().score(a_round(values))
    assert np.isfinite(scored.value).all()
    values[:, 2] = np.nan
    assert np.isnan(both().score(a_round(values)).value).all()


def test_a_state_goes_on_exactly() -> None:
    one, other = both(), both()
    take(one, a_round(pumps(1, 2)[0]))
    other.restore(one.state())
    assert all(np.array_equal(a, other.state()[n], equal_nan=True) for n, a in one.state().items())


def test_beyond_the_line_the_first_leads_and_others_keep_their_order() -> None:
    values = pumps(1, 2)[0]
    values[:, 2] = 70.0, 90.0
    lasting = take(both(), a_round(values)).value
    assert 1 < lasting[0] < lasting[1] < 1.05
    values[0, 1] = 9.0
    assert take(both(), a_round(values)).value[0] >= 2
