"""Whether history is kept for as long as the models look back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cli.footing import Examined
from core.quantity import span_text

if TYPE_CHECKING:
    from cli.configuration import Configuration
    from core.clock import Span
    from core.plant import AssetClass


def retention(config: Configuration) -> Examined:
    """Tell whether `history.keep` covers what each class's models learn from and look back on."""
    keep = config.service.history.keep
    needs = [need for made in config.plant.classes.values() for need in looked_back(made)]
    if not needs:
        return Examined("retention", "ok", f"{span_text(keep)}; no model looks back")
    longest, where = max(needs)
    found = f"{span_text(keep)}; the longest look back is {span_text(longest)}, {where}"
    if keep >= longest:
        return Examined("retention", "ok", found)
    mend = f"set history.keep to at least {span_text(longest)}, or look back less in the class"
    return Examined("retention", "warning", found, mend)


def looked_back(asset_class: AssetClass) -> Iterator[tuple[Span, str]]:
    """List how far the models of a class look back, each with the key that says so."""
    for named in asset_class.detectors:
        span = getattr(getattr(named.settings, "learn", None), "span", None)
        if isinstance(span, int):
            yield span, f"{asset_class.name}: detectors.{named.name}.learn.span"
    for settings in asset_class.healths:
        window = getattr(settings, "window", None)
        if isinstance(window, int):
            yield window, f"{asset_class.name}: health.window"
