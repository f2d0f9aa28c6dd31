"""Takes what was learned of one asset out of a fleet, and puts another version in its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from core.errors import Refused
from core.plant import Asset, AssetClass
from models import registry
from models.crosscheck import Crosscheck, learning
from models.detector import Detector, State
from service.checkpoint import Growing, Section
from service.fleet import Fleet
from service.model_body import pack, unpack
from service.regimes import RunningRegimes

REGIMES, CROSSCHECK = "~regimes", "~crosscheck"
"""What the regimes of an asset, and what its sensors are checked by, are kept under, beside its
detectors' names.
"""


def learners(asset_class: AssetClass, asset: Asset) -> dict[str, Detector]:
    """Build those detectors of a class that learn of one machine alone, blank, for one asset."""
    own = [one for one in asset_class.detectors if type(one.settings) not in registry.TOGETHER]
    made = {one.name: registry.build(one, asset_class, (asset,)) for one in own}
    return {name: blank for name, blank in made.items() if blank.readiness()[0] < 1}


def signatures(fleet: Fleet) -> dict[str, str]:
    """Tell what the state of each detector of a fleet is made for, and what lies beside them."""
    made, mark = fleet.part().signatures, "detector."
    found = {n.removeprefix(mark): said for n, said in made.items() if n.startswith(mark)}
    beside = {REGIMES: "regimes", CROSSCHECK: "crosscheck"}
    return found | {name: made[section] for name, section in beside.items() if section in made}


def readiness(fleet: Fleet, number: int) -> float:
    """Tell how much an asset has learned, by the detector that has least; 1 where none learns.

    Those that hold assets against each other learn of all of them, and are no part of a version.
    """
    kinds = {one.name: type(one.settings) for one in fleet.asset_class.detectors}
    own = [d for name, d in fleet.detectors.items() if kinds[name] not in registry.TOGETHER]
    return float(min((detector.readiness()[number] for detector in own), default=1.0))


def taken(fleet: Fleet, number: int) -> bytes:
    """Return what was learned of one asset, as it is now."""
    names = learners(fleet.asset_class, fleet.assets[number])
    states = {name: _row(fleet.detectors[name].state(), number) for name in names}
    states[REGIMES] = _row(fleet.regimes.state(), number)
    if fleet.crosscheck is not None:
        states[CROSSCHECK] = _row(fleet.crosscheck.state(), number)
    return pack(states)


def adopt(fleet: Fleet, numbers: Sequence[int], made_for: Mapping[str, str], body: bytes) -> None:
    """Let an asset, or all shadows of one, go on with what another model of it has learned.

    All or nothing: Refused, in words, where the state is damaged or made for other settings. What
    an older release did not keep begins as it does in a model that is new.
    """
    states = unpack(body)
    running, checked = states.pop(REGIMES, None), states.pop(CROSSCHECK, None)
    blanks = learners(fleet.asset_class, fleet.assets[numbers[0]])
    ours = signatures(fleet)
    for name in states:
        if name not in blanks or made_for.get(name) != ours[name]:
            msg = f"it was made for other settings of {name!r} than are in force"
            raise Refused(msg)
    if not states:
        msg = "it holds nothing that was learned"
        raise Refused(msg)
    for name, state in states.items():
        _widen(blanks[name], fleet.detectors[name].state())
        _widen(fleet.detectors[name], state)
    rows = {name: _tried(blanks[name], state, name) for name, state in states.items()}
    regimes = RunningRegimes(fleet.asset_class, 1, blanks)
    if running is not None and made_for.get(REGIMES) == ours[REGIMES]:
        _tried(regimes, running, "regimes")
    check = None if checked is None or made_for.get(CROSSCHECK) != ours.get(CROSSCHECK) else checked
    if check is not None:
        blank = _crosscheck(fleet.asset_class, fleet.assets[numbers[0]])
        check = _tried(blank, check, "crosscheck")
    for name, row in rows.items():
        detector = fleet.detectors[name]
        detector.restore(_put(detector.state(), numbers, row))
    if check is not None:
        _check_by(fleet, numbers, check)
    for number in numbers:
        fleet.regimes.adopt(regimes, number, 0)
    fleet.tally.dirty[list(numbers)] = True


def _crosscheck(asset_class: AssetClass, asset: Asset) -> Crosscheck:
    """Make a blank one for one asset, of a class that has one."""
    learn = learning(asset_class)
    assert learn is not None  # noqa: S101 - a fleet of this class has one
    return Crosscheck(learn, asset_class, (asset,))


def _check_by(fleet: Fleet, numbers: Sequence[int], row: State) -> None:
    """Check the sensors of assets by what was learned elsewhere, but where one is at fault now.

    That fault is to be found to have ended by what found it.
    """
    crosscheck = fleet.crosscheck
    if crosscheck is None or not row["learned"].all():
        return
    sound = [number for number in numbers if not crosscheck.faults[number].any()]
    crosscheck.restore(_put(crosscheck.state(), sound, row))
    crosscheck.clear(sound)


def _widen(detector: Detector, state: State) -> None:
    """Make room in a detector for the later models that a state holds."""
    if isinstance(detector, Growing):
        detector.expect(state.keys())


def _row(state: State, number: int) -> State:
    return {name: kept[number : number + 1] for name, kept in state.items()}


def _tried(blank: Section, state: State, name: str) -> State:
    """Let a model of its own open a state; returns it as that would keep it."""
    try:
        blank.restore(blank.state() | state)
        return blank.state()
    except (ValueError, KeyError, IndexError, TypeError) as error:
        msg = f"the state of {name!r} is of a layout that this release does not open: {error}"
        raise Refused(msg) from error


def _put(state: State, numbers: Sequence[int], row: State) -> State:
    """Write one row over those of some assets; buffers that grow are made as long as the longer."""
    for name, kept in state.items():
        news = row[name]
        wide = tuple(max(a, b) for a, b in zip(kept.shape[1:], news.shape[1:], strict=True))
        whole = _widened(kept, wide)
        whole[list(numbers)] = _widened(news, wide)[0]
        state[name] = whole
    return state


def _widened(array: NDArray[np.generic], wide: tuple[int, ...]) -> NDArray[np.generic]:
    if array.shape[1:] == wide:
        return array
    more = [(0, 0), *((0, want - have) for want, have in zip(wide, array.shape[1:], strict=True))]
    grown: NDArray[np.generic] = np.pad(array, more)
    return grown
