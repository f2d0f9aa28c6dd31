"""The form of `service.yaml`: the settings of every room, in one file."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, model_validator

from cli.plant_text import Text
from core.plant import Place
from ingest.settings import BrokerSettings, IngestSettings
from service.settings import FeedSettings, ForwardSettings, ModelSettings, NotifierSettings
from storage.settings import BlockSettings, HistorySettings, JournalSettings


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
    blocks: BlockSettings = Field(default_factory=lambda: BlockSettings.model_validate({}))
    """The raw blocks of vibration."""
    models: ModelSettings = Field(default_factory=lambda: ModelSettings.model_validate({}))
    """When models are learned anew from history by themselves."""
    feed: FeedSettings = Field(default_factory=lambda: FeedSettings.model_validate({}))
    """The API and the operator page."""
    place: Place = Place.SITE
    """Where this Millwright stands; it judges the assets that are judged there."""
    forward: ForwardSettings | None = None
    """The centre that this site's journal goes to."""
    notifiers: tuple[NotifierSettings, ...] = ()
    """Where alerts go besides the page."""

    @model_validator(mode="after")
    def _logged_in(self) -> ServiceSettings:
        blocks: dict[str, BrokerSettings | NotifierSettings] = {
            "broker": self.broker,
            **{f"notifiers.{n.name}": n for n in self.notifiers},
        }
        for place, block in blocks.items():
            if block.password is not None and block.username is None:
                msg = f"{place}: a password without a username is never sent; give both"
                raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _told_apart(self) -> ServiceSettings:
        """Refuse two of one name, whose notices would be taken for one, or of one session."""
        names: set[str] = set()
        sessions = {(self.broker.url, self.broker.client_id): "ingest"}
        if self.ingest.sparkplug is not None:
            sessions[self.broker.url, f"{self.broker.client_id}-sparkplug"] = "ingest.sparkplug"
        for one in self.notifiers:
            if one.name in names:
                msg = f'notifiers: two are called "{one.name}"; give each a name of its own'
                raise ValueError(msg)
            names.add(one.name)
            client = one.client_id or f"{self.broker.client_id}-alerts"
            other = sessions.setdefault((one.url or self.broker.url, client), one.name)
            if other != one.name:
                msg = (
                    f'notifiers: "{one.name}" and {other} are both "{client}" at one broker,'
                    " where each would end the other's session; give it a client_id of its own"
                )
                raise ValueError(msg)
        return self
