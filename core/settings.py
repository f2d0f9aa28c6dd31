"""The form of everything that comes in from configuration files."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """A frozen block of settings in which a misspelt key is an error.

    Each plug-in keeps its own subclass beside its implementation.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
