"""The form of a failure mode in `classes/*.yaml`: how it shows, and what to do."""

from __future__ import annotations

from pydantic import Field

from cli.plant_text import Name, Text
from core.deviation import Kind, Movement
from core.plant import FailureMode, Sign


class SignText(Text):
    """How one channel shows a failure mode."""

    goes: Movement = Movement.MOVES
    """Which way it goes: rises, falls, moves (either way), or stays steady."""
    kind: tuple[Kind, ...] = ()
    """In which way, where that matters: step, drift, oscillation, noise, stuck, spike."""


class FailureModeText(Text):
    """One way in which such machines fail, how it shows and what to do."""

    title: str
    """The words people know it by."""
    channels: tuple[str, ...] | dict[Name, Movement | SignText] = ()
    """The channels in which it shows, strongest first; as a mapping, each with how it goes."""
    source: str = ""
    """Where the signature comes from."""
    actions: tuple[str, ...] = Field(min_length=1)
    """What to do, in plain words, in order."""


def failure_mode(name: str, text: FailureModeText) -> FailureMode:
    """Make a failure mode of its text."""
    signs: tuple[Sign, ...] = ()
    channels = tuple(text.channels)
    if isinstance(text.channels, dict):
        signs = tuple(_sign(*one) for one in text.channels.items())
        channels = tuple(one.channel for one in signs if one.movement is not Movement.STEADY)
    return FailureMode(name, text.title, channels, text.actions, signs, text.source)


def _sign(channel: str, text: Movement | SignText) -> Sign:
    if isinstance(text, SignText):
        return Sign(channel, text.goes, text.kind)
    return Sign(channel, text)
