"""A fitted life model as plain facts and arrays, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import Refused
from models import network, trees
from models.conformal import Stretch
from models.run_bounds import Bounds
from models.run_doubt import Doubt
from models.run_features import PER_CHANNEL, STEADY
from models.run_gaps import Gaps
from models.run_life import Member, RunLife
from models.run_regimes import Regimes
from models.run_spread import Lift, Spread
from models.similar_runs import SimilarRuns

Arrays = Mapping[str, NDArray[Any]]

_PARTS: dict[str, tuple[type, tuple[str, ...], tuple[str, ...]]] = {
    "regimes": (
        Regimes, ("names", "operating", "reach"), ("centre", "spread", "mean", "scale", "bend")
    ),
    "spread": (Spread, ("cap", "usual"), ("said", "age", "left", "weight")),
    "stretch": (Stretch, (), ("stage", "below", "above")),
    "doubt": (Doubt, ("far", "oldest"), ("middle", "inverse")),
    "past": (SimilarRuns, ("called",), ("unit", "index", "left")),
}  # fmt: skip
"""Each part of a model: its class, its fields that are facts, and those that are arrays."""

_BOUNDS = ("earliest", "latest", "nearest", "farthest", "oldest", "widest")
"""Bounds of a model's doubt that are facts; models of before there were any have none."""


def kept(model: RunLife) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Take a model apart: facts that JSON can hold, and arrays."""
    facts: dict[str, Any] = {
        "failures": model.failures, "share": model.share,
        "lift": [model.lift.surely, model.lift.further], "members": len(model.members),
    }  # fmt: skip
    if np.isfinite(model.held):
        facts["held"] = model.held
    facts["gaps"] = [model.gaps.pace, model.gaps.borne]
    arrays: dict[str, NDArray[Any]] = {}
    for part, (_, told, held) in _PARTS.items():
        mine = getattr(model, part)
        facts[part] = {name: getattr(mine, name) for name in told}
        arrays |= {f"{part}.{name}": getattr(mine, name) for name in held}
    if model.regimes.leap is not None:
        arrays["regimes.leap"] = model.regimes.leap
    if bounds := model.doubt.bounds:
        facts["bounds"] = {name: getattr(bounds, name) for name in _BOUNDS}
        arrays["bounds.still"] = bounds.still
        if bounds.quiet is not None:
            arrays["bounds.quiet"] = bounds.quiet
    for k, member in enumerate(model.members):
        arrays[f"member{k}.wear"] = member.wear
        arrays |= {f"member{k}.{name}": each for name, each in member.trees.arrays().items()}
        for j, net in enumerate(member.nets):
            arrays |= {f"member{k}.net{j}.{name}": each for name, each in net.arrays().items()}
    return facts, arrays


def restored(facts: Mapping[str, Any], arrays: Arrays) -> RunLife:
    """Put a model together again; Refused where its parts do not fit each other."""
    try:
        parts = {
            part: made(
                **{name: _fact(facts[part][name]) for name in told},
                **{name: _numbers(arrays[f"{part}.{name}"]) for name in held},
            )
            for part, (made, told, held) in _PARTS.items()
        }
        parts["doubt"] = replace(parts["doubt"], bounds=_bounds(facts, arrays))
        if "regimes.leap" in arrays:
            parts["regimes"] = replace(parts["regimes"], leap=_numbers(arrays["regimes.leap"]))
        members = [_member(arrays, k) for k in range(int(facts["members"]))]
        share, lift = float(facts.get("share", 0.0)), _lift(facts.get("lift", 0.0))
        failures, held = int(facts["failures"]), float(facts.get("held", np.nan))
        gaps = Gaps(*map(float, facts.get("gaps", ())))
        model = RunLife(
            members=tuple(members),
            failures=failures,
            share=share,
            lift=lift,
            held=held,
            gaps=gaps,
            **parts,
        )
        _fitting(model)
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        msg = f"the model is damaged: {error!r}"
        raise Refused(msg) from error
    return model


def _fact(given: Any) -> Any:
    return tuple(given) if isinstance(given, list) else given


def _lift(given: Any) -> Lift:
    """Read what is said at least; of older models it is one number, beyond the cap too."""
    return Lift(*map(float, given)) if isinstance(given, list) else Lift(float(given))


def _bounds(facts: Mapping[str, Any], arrays: Arrays) -> Bounds | None:
    if "bounds" not in facts:
        return None
    told = {name: float(facts["bounds"][name]) for name in _BOUNDS}
    quiet = _numbers(arrays["bounds.quiet"]) if "bounds.quiet" in arrays else None
    return Bounds(**told, still=_numbers(arrays["bounds.still"]), quiet=quiet)


def _borne(bounds: Bounds | None) -> list[NDArray[Any]]:
    """Return the bounds of each channel, as far as there are any."""
    each = [bounds.still, bounds.quiet] if bounds else []
    return [array for array in each if array is not None]


def _numbers(given: NDArray[Any]) -> NDArray[Any]:
    if given.dtype.kind not in "fi":
        msg = f"an array of {given.dtype} where numbers are wanted"
        raise ValueError(msg)
    return given.astype(np.float64)


def _member(arrays: Arrays, k: int) -> Member:
    wear = _numbers(arrays[f"member{k}.wear"])
    mine = _below(arrays, f"member{k}.")
    nets: list[network.Network] = []
    width = 1 + STEADY * len(wear)
    while net := _below(mine, f"net{len(nets)}."):
        nets.append(network.kept(net, width))
    return Member(wear, trees.kept(mine, 1 + PER_CHANNEL * (len(wear) + 1)), tuple(nets))


def _below(arrays: Arrays, prefix: str) -> Arrays:
    return {
        name.removeprefix(prefix): each for name, each in arrays.items() if name.startswith(prefix)
    }


def _fitting(model: RunLife) -> None:
    """Raise ValueError where facts are none, or shapes do not fit the names of the channels."""
    _sound(model)
    regimes, width = model.regimes, len(model.regimes.names)
    shapes = [
        (regimes.mean, (len(regimes.centre), width)),
        (regimes.scale, (len(regimes.centre), width)),
        (regimes.centre, (len(regimes.centre), len(regimes.operating))),
        (model.doubt.inverse, (width, width)),
        (model.doubt.middle, (width,)),
        *((each, (width,)) for each in _borne(model.doubt.bounds)),
        *((each, (width,)) for each in [regimes.leap] if each is not None),
        *((member.wear, (width,)) for member in model.members),
        *((each, model.spread.left.shape) for each in (model.spread.said, model.spread.weight)),
    ]
    for array, shape in shapes:
        if array.shape != shape:
            msg = f"an array of {array.shape} where {shape} is wanted"
            raise ValueError(msg)
    if not model.members or not len(model.spread.left):
        msg = "no members or no past"
        raise ValueError(msg)
    shares = model.lift.surely, model.lift.further
    if not all(0 <= share < 1 for share in shares):
        msg = f"{shares} are no shares of the past"
        raise ValueError(msg)
    if not 0 <= model.share <= 1 or (model.share and not all(m.nets for m in model.members)):
        msg = f"networks count for {model.share:g}, but there are none or that is no share"
        raise ValueError(msg)


def _sound(model: RunLife) -> None:
    """Raise ValueError where a fact is of the wrong kind, or no figure that there can be."""
    regimes, doubt, spread = model.regimes, model.doubt, model.spread
    for what in (regimes.names, regimes.operating, model.past.called):
        if not isinstance(what, tuple) or not all(isinstance(name, str) for name in what):
            msg = f"{what!r:.60} where names are wanted"
            raise ValueError(msg)
    least = {
        "cap": (spread.cap, 0.0), "usual": (spread.usual, 0.0), "failures": (model.failures, 0.0),
        "reach": (regimes.reach, 0.0), "far": (doubt.far, -1.0), "oldest": (doubt.oldest, -1.0),
    }  # fmt: skip
    pace, borne = model.gaps.pace, model.gaps.borne
    if not 0 <= pace < np.inf or not 0 <= borne < np.inf or model.held < 0 or model.held > 1:
        msg = f"{model.held:g} of the intervals held, rows are {pace:g} apart, {borne:g} borne"
        raise ValueError(msg)
    for name, (figure, above) in least.items():
        number = isinstance(figure, int | float) and not isinstance(figure, bool)
        if not number or not above < figure < np.inf:
            msg = f"{name} is {figure!r:.60}"
            raise ValueError(msg)
    if len(model.past.unit) and not 0 <= model.past.unit.max() < len(model.past.called):
        msg = f"{len(model.past.called)} units are named, which is too few"
        raise ValueError(msg)
