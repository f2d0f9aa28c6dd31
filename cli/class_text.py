"""The form of `classes/*.yaml`: what all machines of one kind share, as engineers write it."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from cli.channel_text import ChannelText
from cli.failure_text import FailureModeText
from cli.health_text import HealthText
from cli.plant_text import Name, Text
from core.age_settings import AGE_ALONE, AgeSettings
from core.clock import HOUR, MINUTE
from core.plant import Severity
from core.quantity import Duration, Share
from core.run_settings import RunSettings
from models.registry import DetectorSettings
from service.finding import DATA, DEVICE, LINK, NOTE, SENSOR, SESSION, SITE


def _check_group(group: str) -> str:
    if group in {DATA, LINK, SESSION} or group.startswith((NOTE, SENSOR, DEVICE, SITE)):
        msg = f'group "{group}" is kept for cases about data and the service; choose another'
        raise ValueError(msg)
    return group


class ModesText(Text):
    """How an operating channel tells what a machine is doing."""

    channel: str
    """The channel that tells."""
    off_below: float
    """Below this the machine is off."""
    running_above: float | None = None
    """From this on it is running, and idle below; `off_below` where it is not given."""
    starting_for: Duration = Field(0, ge=0)
    """How long it counts as starting after it came up."""

    @model_validator(mode="after")
    def _in_order(self) -> ModesText:
        if self.running_above is not None and self.running_above < self.off_below:
            msg = (
                f"running_above ({self.running_above:g}) must not be below"
                f" off_below ({self.off_below:g})"
            )
            raise ValueError(msg)
        return self


class RegimesText(Text):
    """How running regimes are told apart, and when one that was never seen is said."""

    channels: tuple[str, ...] | None = None
    """The channels that tell; all operating ones but temperatures where left out, [] for none."""
    settle: Duration | None = Field(default=None, ge=0)
    """How long a machine takes to settle after a change of regime; learned where left out."""
    new_after: Duration = Field(default=30 * MINUTE, ge=0)
    """How long it must have run as it never did before it is said that it cannot be judged."""


class RuleText(Text):
    """When a score becomes a finding, and which case it belongs to."""

    detector: str
    """The detector whose score it watches: one of this file's `detectors`."""
    severity: Severity = Severity.WARNING
    """How soon a person should look."""
    group: Annotated[Name, AfterValidator(_check_group)] = "machine"
    """Findings of one asset and group share one case."""
    at_score: float = Field(1.0, gt=0)
    """The score from which on it holds; 1 is the warning line, 2 the alarm line of a limit."""
    on_delay: Duration = Field(0, ge=0)
    """How long the score must have been there before the rule comes on."""
    off_delay: Duration = Field(0, ge=0)
    """How long it must have been back before the rule goes off."""
    deadband: Share = 0.05
    """How far below `at_score` it must fall to count as back."""
    title: str = ""
    """The trouble in a few words; `{channel}` in it stands for the most blamed channel."""
    action: str = ""
    """What to do about it, ahead of what the failure modes say."""


class ClassText(Text):
    """The whole of one file in `classes/`."""

    name: Name | None = None
    """What assets call it; the file's name where it is not given."""
    title: str = ""
    """The words people know it by, in any language."""
    channels: dict[Name, ChannelText] = Field(min_length=1)
    """What is measured, by the name payloads have for it."""
    modes: ModesText | None = None
    """How to tell what a machine is doing; without it, it always counts as running."""
    regimes: RegimesText = RegimesText()
    """How to tell in which of its usual ways a machine runs, or in none."""
    detectors: dict[Name, DetectorSettings] = Field(default_factory=dict)
    """What judges the readings, by the name rules have for it."""
    rules: dict[Name, RuleText] = Field(default_factory=dict)
    """When a score becomes an alert."""
    failure_modes: dict[Name, FailureModeText] = Field(default_factory=dict)
    """How such machines fail, and what to do."""
    health: HealthText | None = None
    """What the health index and the remaining life are read from; a list where several are."""
    runs: RunSettings | None = None
    """A model of `millwright life fit` that remaining life is told by, too."""
    ages: AgeSettings = AGE_ALONE
    """By which known facts lives differ, beside age."""
    silent_after: Duration = Field(15 * MINUTE, gt=0)
    """How long an asset may say nothing before that is a case."""
    stuck_after: Duration = Field(6 * HOUR, gt=0)
    """How long a channel may stand still, while others move, before that is a case."""
    catching_up_after: Duration = Field(5 * MINUTE, gt=0)
    """How old a reading may be on arrival before it counts as backlog, whose notices wait."""
    false_alerts: float = Field(0.1, ge=0.05, le=100)
    """How many false alerts of an asset within thirty days are put up with."""
    costs: str = ""
    """What work on such machines costs: one of `costs` in plant.yaml; else `standard`."""
