"""The part of the API that tells what was said of a machine's life, and draws it as a fan."""

from __future__ import annotations

from typing import Any

import msgspec
from anyio.to_thread import run_sync
from fastapi import APIRouter, HTTPException
from fastapi.responses import Response

from core.clock import iso
from core.life import LifeEstimate
from service import api_forms
from service.calibration_plot import calibrations, draw
from service.estimates import POINTS
from service.fan import Fan, fan, lives_of
from service.feed import Feed
from service.plotter import PLOT_HEADERS, PLOT_WIDTH
from service.scorecard import lives, scorecard


def add_life(router: APIRouter, feed: Feed) -> None:
    """Add the routes."""

    @router.get("/life", response_class=Response)
    def life(asset: str, failure_mode: str = "") -> Response:
        """Tell how long a machine lasts, and what was said of that since it was last mended.

        In one failure mode; in that which ends soonest, where none is given.
        """
        now_said = _life_of(feed, asset, failure_mode)
        found = fan(asset, now_said.failure_mode, feed.casefile, feed.clock())
        said = {"now": api_forms.life(now_said, feed.plant, feed.clock())}
        body = told(found, feed.plant.assets[asset].label) | said
        return Response(msgspec.json.encode(body), media_type="application/json")

    @router.get("/life/plot.svg", response_class=Response)
    async def plot(asset: str, failure_mode: str = "", width: int = PLOT_WIDTH) -> Response:
        """Draw when its life was said to end, over the time at which that was said."""
        found = await run_sync(_life_of, feed, asset, failure_mode)
        svg = await feed.plotter.draw_life(asset, found.failure_mode, width)
        if svg is None:
            raise HTTPException(404, f"nothing was said of the life of {asset} yet")
        return Response(svg, media_type="image/svg+xml", headers=PLOT_HEADERS)

    @router.get("/life/calibration.svg", response_class=Response)
    def calibration(asset_class: str, failure_mode: str) -> Response:
        """Draw how often lives ended below each level of what was said, against the level."""
        found = scorecard(lives(feed.plant, feed.casefile))
        wanted = (asset_class, failure_mode)
        lines = [one for one in found if (one.asset_class, one.failure_mode) == wanted]
        drawn = calibrations(lines, feed.plant)
        if not drawn:
            said = f"{asset_class[:100]} in {failure_mode[:100]}"
            raise HTTPException(404, f"no life of {said} has been graded yet")
        return Response(draw(drawn), media_type="image/svg+xml", headers=PLOT_HEADERS)


def told(found: Fan, label: str) -> dict[str, Any]:
    """Write a fan as JSON shows it: hours left, as columns; what is not known becomes null."""
    columns = found.told.values.T.tolist()
    return {
        "asset": found.asset,
        "label": label,
        "failure_mode": found.failure_mode,
        "at": [iso(at) for at in found.told.at.tolist()],
        "hours": dict(zip(POINTS, columns, strict=True)),
    }


def _life_of(feed: Feed, asset: str, failure_mode: str) -> LifeEstimate:
    if asset not in feed.plant.assets:
        raise HTTPException(404, f"asset: there is no {asset[:100]!r}; see /api/v1/assets")
    found = lives_of(asset, feed.casefile)
    wanted = [one for one in found if failure_mode in {"", one.failure_mode}]
    if found and not wanted:
        known = ", ".join(one.failure_mode for one in found)
        raise HTTPException(404, f"failure_mode: {asset} is followed in {known}")
    if not wanted:
        raise HTTPException(404, f"nothing is known of the life of {asset} yet")
    return wanted[0]
