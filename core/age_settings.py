"""Settings of ages: by which known facts the lives of one class's machines differ."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, ConfigDict

from core.settings import Settings


def _check_once(names: tuple[str, ...]) -> tuple[str, ...]:
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        msg = f"{twice[0]} stands there twice"
        raise ValueError(msg)
    return names


class AgeSettings(Settings):
    """Facts that a life by age is told apart by: `attributes` of assets, and repairs before.

    Every asset of the class must have the attributes. What stands first is used first where
    failures are too few for all; `repairs` come last.
    """

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"by": ["model", "load"], "repairs": True}]}
    )

    by: Annotated[tuple[str, ...], AfterValidator(_check_once)] = ()
    repairs: bool = False

    @property
    def any(self) -> bool:
        """Whether lives are told apart at all."""
        return bool(self.by) or self.repairs


AGE_ALONE = AgeSettings()
"""Lives that are told apart by nothing but age."""
