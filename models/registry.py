"""Which detectors and degradation models there are, and how one is built from its settings.

Adding one is its own file and two lines here: its settings in the union, its factory in the dict.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, TypeAlias

from pydantic import Field

from core.plant import Asset, AssetClass, NamedDetector
from core.settings import Settings
from models.budgeted import budgeted
from models.correlation import Correlation, CorrelationSettings
from models.cusum import Cusum, CusumSettings
from models.degradation import Degradation
from models.density import Density, DensitySettings
from models.detector import Detector
from models.ensemble import Ensemble, EnsembleSettings
from models.limits import Limits, LimitsSettings
from models.mewma import Mewma, MewmaSettings
from models.peers import Peers, PeersSettings
from models.rate import RateSettings, Speed
from models.regimed import regimed
from models.regression import Regression, RegressionSettings
from models.seasonal import Seasonal, SeasonalSettings
from models.single import Single, SingleSettings
from models.spectral import Spectral, SpectralSettings
from models.threshold import Threshold, ThresholdSettings
from models.used_life import UsedLife

DetectorSettings: TypeAlias = Annotated[
    LimitsSettings
    | MewmaSettings
    | EnsembleSettings
    | SingleSettings
    | RegressionSettings
    | SeasonalSettings
    | DensitySettings
    | PeersSettings
    | CorrelationSettings
    | CusumSettings
    | SpectralSettings
    | RateSettings,
    Field(discriminator="kind"),
]
"""The settings of any detector, told apart by `kind`."""

HealthSettings: TypeAlias = ThresholdSettings
"""The settings of any degradation model, told apart by `kind`."""

DETECTORS: dict[type[Settings], Callable[..., Detector]] = {
    LimitsSettings: Limits,
    MewmaSettings: Mewma,
    EnsembleSettings: Ensemble,
    SingleSettings: Single,
    RegressionSettings: Regression,
    SeasonalSettings: Seasonal,
    DensitySettings: Density,
    PeersSettings: Peers,
    CorrelationSettings: Correlation,
    CusumSettings: Cusum,
    SpectralSettings: Spectral,
    RateSettings: Speed,
}
GIVEN: frozenset[type[Settings]] = frozenset({LimitsSettings, RateSettings})
"""Detectors whose lines are given: no budget moves them."""

TOGETHER: frozenset[type[Settings]] = frozenset({PeersSettings})
"""Detectors that hold assets against each other: no regime needs a model of its own."""

HEALTH: dict[type[Settings], Callable[..., Degradation]] = {
    ThresholdSettings: Threshold,
}


def build(named: NamedDetector, asset_class: AssetClass, assets: tuple[Asset, ...]) -> Detector:
    """Build one of a class's detectors for all its assets.

    Raises ValueError where the settings do not fit the class.
    """
    make = partial(DETECTORS[type(named.settings)], named.settings, asset_class, assets)
    if type(named.settings) in GIVEN:
        return make()
    made = make() if type(named.settings) in TOGETHER else regimed(make, len(assets))
    return budgeted(made, named, asset_class, len(assets))


def build_health(asset_class: AssetClass, assets: tuple[Asset, ...]) -> Degradation | None:
    """Build the first degradation model of a class; None where it has none."""
    return next(iter(build_healths(asset_class, assets)), None)


def build_healths(asset_class: AssetClass, assets: tuple[Asset, ...]) -> tuple[Degradation, ...]:
    """Build the degradation models of a class, one for each failure mode that is followed."""
    return tuple(_health(one, asset_class, assets) for one in asset_class.healths)


def _health(settings: Settings, asset_class: AssetClass, assets: tuple[Asset, ...]) -> Degradation:
    """Build one degradation model; over what machines are used where its settings say so."""
    if not isinstance(settings, ThresholdSettings) or settings.usage is None:
        return HEALTH[type(settings)](settings, asset_class, assets)
    inner = Threshold(settings, asset_class, assets)
    return UsedLife(inner, settings.usage, settings.window, asset_class, assets)
