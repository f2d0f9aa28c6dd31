"""The part of the API that ranks open cases by what waiting is expected to cost."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from service import api_forms
from service.advice import ranking
from service.feed import Feed
from service.metrics import open_alerts
from service.outlook import renewed


def add_waiting(router: APIRouter, feed: Feed) -> None:
    """Add the route."""

    @router.get("/waiting")
    def waiting() -> dict[str, Any]:
        """Rank open cases: first those that waiting for the next stop costs most.

        Those that cannot be weighed come after, with the reason in their `advice`; it is null
        where a case is not about the machine itself.
        """
        last, now = feed.casefile.last_event(), feed.clock()
        cases = renewed(open_alerts(feed.casefile), feed.casefile.statuses())
        found = ranking(cases, feed.plant, now)
        ranked = [api_forms.short(alert, feed.plant, now) for alert, _ in found]
        return {"alerts": ranked, "last_event": last}
