"""The form of a file that holds the settings of one detector."""

from __future__ import annotations

from core.settings import Settings
from models.registry import DetectorSettings


class DetectorText(Settings):
    """One detector's settings, whatever its kind."""

    detector: DetectorSettings
