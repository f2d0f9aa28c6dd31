from __future__ import annotations

from typing import get_args

from core.plant import NamedDetector
from models.registry import DETECTORS, HEALTH, DetectorSettings, HealthSettings, build, build_health
from tests.plants import pump_class
from tests.rounds import assets, example


def test_every_kind_that_can_be_configured_can_be_built() -> None:
    union, _ = get_args(DetectorSettings)
    assert set(get_args(union) or (union,)) == set(DETECTORS)
    assert set(get_args(HealthSettings) or (HealthSettings,)) == set(HEALTH)


def test_every_kind_says_its_own_name_and_no_other() -> None:
    names = [kind.model_fields["kind"].default for kind in (*DETECTORS, *HEALTH)]
    assert len(set(names)) == len(names)


def test_every_kind_is_built_for_all_assets() -> None:
    for kind in DETECTORS:
        named = NamedDetector("any", example(kind))
        assert build(named, pump_class(), assets(4)).readiness().shape == (4,)


def test_a_class_without_health_has_no_model_for_it() -> None:
    assert build_health(pump_class(), assets(4)) is None
