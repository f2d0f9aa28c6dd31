"""The part of the API that tells what machines measured, over a day to a year."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from anyio.to_thread import run_sync
from fastapi import APIRouter, HTTPException, Query
from fastapi.responses import Response

from core.clock import HOUR, MINUTE, iso
from core.history import Columns
from core.plant import AssetClass
from core.readings import Quality
from service.course import SPANS, Course, SpanName, course, resolution
from service.feed import Feed
from service.plotter import PLOT_HEADERS, PLOT_WIDTH

_RESOLUTIONS = {None: "reading", MINUTE: "minute", HOUR: "hour"}


def add_history(router: APIRouter, feed: Feed) -> None:
    """Add the routes."""

    @router.get("/history", response_class=Response)
    def history(
        asset: str,
        span: SpanName = SpanName.WEEK,
        channel: Annotated[list[str] | None, Query()] = None,
    ) -> Response:
        """Tell what a machine measured up to now, as columns.

        A day comes as readings, longer spans as steps: `resolution` is `reading`, `minute` or
        `hour`. A day with too many readings comes as minutes.
        """
        asset_class = _class_of(feed, asset)
        known, wanted = asset_class.channel_names, channel or ()
        if unknown := [name for name in wanted if name not in known]:
            said = f"channel: {asset} has no {unknown[0][:60]!r}; known: {', '.join(known)}"
            raise HTTPException(404, said)
        length = SPANS[span][0]
        found = course(asset, feed.plant, feed.history, feed.clock(), length, wanted)
        body = msgspec.json.encode(told(found, feed.plant.assets[asset].label))
        return Response(body, media_type="application/json")

    @router.get("/history/plot.svg", response_class=Response)
    async def plot(asset: str, span: SpanName = SpanName.WEEK, width: int = PLOT_WIDTH) -> Response:
        """Draw what a machine measured up to now; what is a mean, within lowest and highest."""
        await run_sync(_class_of, feed, asset)
        svg = await feed.plotter.draw_course(asset, span, width)
        if svg is None:
            raise HTTPException(404, f"{asset} has measured nothing within {SPANS[span][1]}")
        return Response(svg, media_type="image/svg+xml", headers=PLOT_HEADERS)


def told(found: Course, label: str) -> dict[str, Any]:
    """Write a course as JSON shows it; a NaN becomes null on the way."""
    return {
        "asset": found.asset,
        "label": label,
        "start": iso(found.start),
        "stop": iso(found.stop),
        "resolution": _RESOLUTIONS[found.step],
        "shows": resolution(found.step),
        "at": [iso(at) for at in found.found.at.tolist()],
        "channels": [
            {"name": channel.name, "label": channel.label, "unit": channel.unit}
            | _columns(found, k)
            for k, channel in enumerate(found.channels)
        ],
    }


def _columns(found: Course, k: int) -> dict[str, Any]:
    columns = found.found
    if not isinstance(columns, Columns):
        parts = {"mean": columns.mean, "low": columns.low, "high": columns.high}
        means = {name: part[:, k].tolist() for name, part in parts.items()}
        return {**means, "count": columns.count[:, k].tolist()}
    told: dict[str, Any] = {"values": columns.values[:, k].tolist()}
    if columns.quality is not None and columns.quality[:, k].any():
        told["quality"] = [Quality(mark).name.lower() for mark in columns.quality[:, k].tolist()]
    return told


def _class_of(feed: Feed, asset: str) -> AssetClass:
    if asset not in feed.plant.assets:
        raise HTTPException(404, f"asset: there is no {asset[:100]!r}; see /api/v1/assets")
    return feed.plant.class_of(asset)
