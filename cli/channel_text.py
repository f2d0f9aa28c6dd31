"""The form of one channel of `classes/*.yaml`, as engineers write it."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import AfterValidator, Field, StringConstraints

from cli.plant_text import Text
from core.clock import HOUR
from core.plant import Reporting, Role, Treatment
from core.quantity import Duration

State: TypeAlias = Annotated[str, StringConstraints(pattern=r"\S")]
"""A state in the words of a payload; what is true or false there is `true` or `false` here."""


def _check_range(ends: tuple[float | None, float | None]) -> tuple[float | None, float | None]:
    low, high = ends
    if low is not None and high is not None and low >= high:
        msg = f"the lower end ({low:g}) must be below the upper end ({high:g})"
        raise ValueError(msg)
    return ends


class ChannelText(Text):
    """One measured quantity."""

    unit: str = ""
    """The unit it is kept, judged and shown in; "" is a number without dimension."""
    payload_unit: str | None = None
    """The unit that machines send, where it is another one."""
    range: Annotated[tuple[float | None, float | None], AfterValidator(_check_range)] = (None, None)
    """What is physically possible, [low, high] in `unit`; null leaves an end open."""
    max_rate: float | None = Field(None, gt=0)
    """The largest believable change, in `unit` per second."""
    role: Role = Role.CONDITION
    """Whether it is judged (condition), judged by (operating), or only counts (counter)."""
    reporting: Reporting = Reporting.PERIODIC
    """Whether it is sent again and again, or only when it changes; births may say the latter."""
    max_age: Duration = Field(HOUR, gt=0)
    """How long a value that is sent on change holds while its device is there."""
    states: dict[State, float] = Field(default_factory=dict)
    """What a payload says in words, or as true and false, as numbers in `unit`."""
    grade: Treatment | None = None
    """What models do with it, where their own grading is to be overruled."""
    over: str | None = None
    """The operating channel, in the same unit, that it follows one for one: the air around it."""
    title: str = ""
    """The words people know it by, in any language."""
