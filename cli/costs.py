"""From what engineers write of costs to what cases are weighed by."""

from __future__ import annotations

from cli.plant_text import PlantText
from core.clock import DAY, HOUR
from core.cost import CostClass


def costs_of(plant: PlantText) -> dict[str, CostClass]:
    """Make the classes of costs, by name."""
    return {
        name: CostClass(
            text.planned,
            text.failure,
            text.per_day,
            text.stand_now / DAY,
            text.stand_failure / DAY,
            None if text.lasts is None else text.lasts / HOUR,
        )
        for name, text in plant.costs.items()
    }
