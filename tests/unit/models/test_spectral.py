from __future__ import annotations

import numpy as np
import pytest

from core.clock import DAY
from core.plant import AssetClass, Channel, Role
from core.readings import Floats
from models.bearing import Bearing
from models.detector import Detector
from models.mewma import LearnSettings, Mewma, MewmaSettings
from models.spectral import Spectral, SpectralSettings
from models.vibration import Analysis, features
from tests.plants import pump_class
from tests.rounds import START, STEP, a_round, assets, play

LEARN = LearnSettings(rows=400, span=60 * DAY)
AFTER = START + 400 * STEP
ENERGIES = ("velocity", "ftf", "bpfo", "bpfi", "bsf")


def gearbox(names: tuple[str, ...] = ENERGIES) -> AssetClass:
    channels = (Channel("speed", role=Role.OPERATING), *map(Channel, names))
    return pump_class(channels=channels, modes=None)


def energies(steps: int, seed: int, *, outer: float = 1.0, louder: float = 1.0) -> Floats:
    """Make energies that all grow with the square of speed, and with a load that nobody measures.

    That at the outer race is `outer` times as much as it was, all are `louder`.
    """
    rng = np.random.default_rng(seed)
    speed = rng.uniform(0.8, 1.2, (steps, 1))
    load = np.exp(rng.normal(0, 0.6, (steps, 1)))
    usual = np.array([1.0, 1e-4, 3e-3, 2e-3, 5e-4])
    told = usual * speed**2 * load * np.exp(rng.normal(0, 0.3, (steps, 5))) * louder
    told[:, 2] *= outer
    return np.column_stack([1500 * speed, told])[:, None, :]


def learned(detector: Detector) -> Detector:
    play(detector, energies(400, 1))
    assert detector.readiness()[0] == 1
    return detector


def spectral(**settings: object) -> Detector:
    given = SpectralSettings.model_validate({"learn": LEARN, **settings})
    return Spectral(given, gearbox(), assets(1))


def test_a_race_that_begins_to_strike_is_found_for_good_where_mewma_flickers() -> None:
    values = energies(400, 2, outer=2.0)
    detector = learned(spectral())
    assert (play(detector, values, begin=AFTER, allowed=False)[40:] > 1).mean() > 0.95
    scored = detector.score(a_round(values[-1], AFTER + 400 * STEP))
    assert scored.blame[0].argmax() == 3
    mewma = learned(Mewma(MewmaSettings(learn=LEARN), gearbox(), assets(1)))
    unseen = play(mewma, values, begin=AFTER, allowed=False)
    assert (unseen > 1).mean() < 0.5


def test_speed_and_load_are_no_fault() -> None:
    assert (play(learned(spectral()), energies(4000, 3), begin=AFTER) < 1).all()


@pytest.mark.parametrize("by", [8.0, 1 / 8.0])
def test_all_getting_louder_or_softer_is_found_as_well(by: float) -> None:
    values = energies(120, 4, louder=by)
    found = play(learned(spectral()), values, begin=AFTER, allowed=False)
    assert (found[60:] > 1).mean() > 0.9


def test_bands_are_never_below_nothing() -> None:
    scored = learned(spectral()).score(a_round(energies(1, 5)[0], AFTER))
    assert (scored.low[0, 1:] > 0).all()
    assert np.isnan(scored.low[0, 0])


def test_a_feature_that_falls_to_nothing_is_judged() -> None:
    values = energies(60, 6)
    values[:, 0, 4] = 0.0
    assert (play(learned(spectral()), values, begin=AFTER, allowed=False)[20:] > 1).all()


def seen(rows: Floats) -> Detector:
    """Let a detector learn from `rows`, which may hold blocks that said nothing."""
    detector = spectral()
    play(detector, rows)
    return detector


def test_a_block_that_said_nothing_among_the_lessons_blinds_nobody() -> None:
    lessons = energies(400, 1)
    lessons[[37, 201], 0, 1:] = 0.0
    detector = seen(lessons)
    assert (play(detector, energies(2000, 3), begin=AFTER, allowed=False) < 1).mean() > 0.99
    found = play(seen(lessons), energies(400, 2, outer=2.5), begin=AFTER, allowed=False)
    assert (found[60:] > 1).mean() > 0.95


def test_a_channel_that_often_stands_still_is_left_out_and_the_others_are_judged() -> None:
    lessons = energies(400, 1)
    lessons[::8, 0, 4] = 0.0
    scored = seen(lessons).score(a_round(energies(1, 5)[0], AFTER))
    assert np.isnan(scored.low[0, 4])
    assert np.isfinite(scored.low[0, [1, 2, 3, 5]]).all()
    assert np.isfinite(scored.value).all()


def test_only_named_channels_are_looked_at() -> None:
    detector = learned(spectral(channels=["bpfo", "bpfi", "bsf"]))
    scored = detector.score(a_round(energies(1, 5)[0], AFTER))
    assert np.isnan(scored.low[0, :3]).all()
    with pytest.raises(ValueError, match="unknown channel 'bpfx'"):
        spectral(channels=["bpfx"])


def test_it_reads_what_blocks_of_vibration_become() -> None:
    """A bearing whose outer race is struck ever so little, through the very features."""
    rate, count, rng = 8192.0, 4096, np.random.default_rng(1)
    time = np.arange(count) / rate
    how = Analysis(Bearing(9, 7.9, 39.0), envelope_band=(1500.0, 3500.0))
    ring = np.exp(-900 * time) * np.sin(2 * np.pi * 2500 * time)

    def block(struck: float) -> list[float]:
        knocks = np.zeros(count)
        order = Bearing(9, 7.9, 39.0).orders["bpfo"]
        knocks[(np.arange(0.003, 0.49, 1 / (order * 25)) * rate).astype(int)] = struck
        load = np.exp(rng.normal(0, 0.3))
        noise = rng.normal(0, 1, count)
        whole = load * (noise + np.convolve(knocks, ring)[:count])
        told = features(whole, rate, 1500.0, how)
        return [1500.0, *(told[name] for name in names)]

    names = ("rms", "ftf", "bpfo", "bpfi", "bsf")
    few = LearnSettings(rows=100, span=60 * DAY)
    detector = Spectral(SpectralSettings(learn=few), gearbox(names), assets(1))
    values = np.array([block(0.0) for _ in range(140)] + [block(3.0) for _ in range(30)])
    found = play(detector, values[:, None, :])
    assert (found[100:140] < 1).all()
    assert (found[-10:] > 1).all()
