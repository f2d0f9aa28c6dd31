"""Which payload decoders there are, and how one is built from its settings.

Adding one is its own file and two lines here: its settings in the union, its factory in the dict.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeAlias

from pydantic import Field

from core.settings import Settings
from ingest.decoders.mapping import MappingDecoder, MappingSettings
from ingest.decoders.value import ValueDecoder, ValueSettings
from ingest.decoders.waveform import WaveformDecoder, WaveformSettings
from ingest.sample import PayloadDecoder

DecoderSettings: TypeAlias = Annotated[
    MappingSettings | ValueSettings | WaveformSettings,
    Field(discriminator="kind"),
]
"""The settings of any payload decoder, told apart by `kind`."""

DECODERS: dict[type[Settings], Callable[[Any], PayloadDecoder]] = {
    MappingSettings: MappingDecoder,
    ValueSettings: ValueDecoder,
    WaveformSettings: WaveformDecoder,
}


def build(settings: DecoderSettings) -> PayloadDecoder:
    """Build the decoder of a source from its settings."""
    return DECODERS[type(settings)](settings)
