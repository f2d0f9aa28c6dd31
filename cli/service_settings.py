"""The form of `service.yaml`: the settings of every room, in one file."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from cli.plant_text import Text
from ingest.settings import BrokerSettings, IngestSettings
from service.settings import FeedSettings, NotifierSettings
from storage.settings import HistorySettings, JournalSettings


class ServiceSettings(Text):
    """The whole of `service.yaml`; every block and every key has a default."""

    data: Path = Path("data")
    """The folder for everything that must last; relative to this file."""
    broker: BrokerSettings = Field(default_factory=lambda: BrokerSettings.model_validate({}))
    """The broker, and the session it keeps for us."""
    ingest: IngestSettings = Field(default_factory=lambda: IngestSettings.model_validate({}))
    """Which messages are telemetry, and how they say their time."""
    journal: JournalSettings = Field(default_factory=lambda: JournalSettings.model_validate({}))
    """The durable record of everything that came in."""
    history: HistorySettings = Field(default_factory=lambda: HistorySettings.model_validate({}))
    """The telemetry store that plots and people read."""
    feed: FeedSettings = Field(default_factory=lambda: FeedSettings.model_validate({}))
    """The API and the operator page."""
    notifiers: tuple[NotifierSettings, ...] = ()
    """Where alerts go besides the page."""
