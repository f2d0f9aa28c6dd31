"""Settings of a model of runs to failure as a source of remaining life of one class."""

from __future__ import annotations

from pathlib import Path

from pydantic import ConfigDict, Field

from core.clock import DAY, MINUTE
from core.quantity import Duration
from core.settings import Settings


class RunSettings(Settings):
    """A model made by `millwright life fit`, asked about machines as they run.

    Its rows are means over `every`, of when a machine ran. `channels` gives its columns the names
    that the class has for them, where they differ.
    """

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"model": "models/pump", "every": "1d", "unit": "1d"}]}
    )

    model: str = Field(min_length=1)
    failure_mode: str = "wear"
    every: Duration = Field(default=DAY, ge=MINUTE)
    unit: Duration | None = Field(default=None, gt=0)
    channels: dict[str, str] = Field(default_factory=dict)

    def within(self, folder: Path) -> RunSettings:
        """Look for the model from a folder on."""
        return self.model_copy(update={"model": str((folder / self.model).resolve())})
