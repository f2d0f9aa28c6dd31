"""The form of `health:` in `classes/*.yaml`: one degradation model, or a list of several."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Discriminator, Field, Tag

from models.registry import HealthSettings


def _how_many(health: object) -> str:
    return "several" if isinstance(health, list | tuple) else "one"


HealthText: TypeAlias = Annotated[
    Annotated[HealthSettings, Tag("one")]
    | Annotated[tuple[HealthSettings, ...], Field(min_length=1), Tag("several")],
    Discriminator(_how_many),
]
"""One degradation model, or one for each of several failure modes."""
