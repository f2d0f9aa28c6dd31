"""The form of `import.yaml`: where a plant's past lies, and what of ours it is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from cli.plant_text import Text
from core.document import read
from core.errors import ConfigError
from core.validation import validate
from ingest.past_mapping import SeriesSettings
from storage.past_csv import PastCsvSettings
from storage.past_influx import PastInfluxSettings


class ImportSettings(Text):
    """The whole of `import.yaml`."""

    source: Annotated[PastCsvSettings | PastInfluxSettings, Field(discriminator="kind")]
    """Where the past lies."""
    series: tuple[SeriesSettings, ...] = Field(min_length=1)
    """Whose it is, and which channels; the first entry that fits is taken."""


def read_settings(path: Path) -> ImportSettings:
    """Read and check the file; ConfigError holds every fault in it."""
    document, faults = read(path)
    if document is None:
        raise ConfigError(*faults)
    found, wrong = validate(ImportSettings, document)
    if found is None or faults or wrong:
        raise ConfigError(*faults, *wrong)
    return found
