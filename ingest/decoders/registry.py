"""Which payload decoders there are, and how one is built from its settings.

Adding one is its own file and two lines here: its settings in the union, its factory in the dict.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeAlias

from pydantic import Field

from core.settings import Settings
from ingest.decoders.azure import AzureDecoder, AzureSettings
from ingest.decoders.broker import BrokerStateDecoder, BrokerStateSettings
from ingest.decoders.csv import CsvDecoder, CsvSettings
from ingest.decoders.last_will import StateDecoder, StateSettings
from ingest.decoders.line_protocol import LineProtocolDecoder, LineProtocolSettings
from ingest.decoders.mapping import MappingDecoder, MappingSettings
from ingest.decoders.msgpack import MsgpackDecoder, MsgpackSettings
from ingest.decoders.opcua import OpcUaDecoder, OpcUaSettings
from ingest.decoders.tasmota import TasmotaDecoder, TasmotaSettings
from ingest.decoders.value import ValueDecoder, ValueSettings
from ingest.decoders.waveform import WaveformDecoder, WaveformSettings
from ingest.sample import PayloadDecoder

DecoderSettings: TypeAlias = Annotated[
    AzureSettings
    | BrokerStateSettings
    | CsvSettings
    | StateSettings
    | LineProtocolSettings
    | MappingSettings
    | MsgpackSettings
    | OpcUaSettings
    | TasmotaSettings
    | ValueSettings
    | WaveformSettings,
    Field(discriminator="kind"),
]
"""The settings of any payload decoder, told apart by `kind`."""

DECODERS: dict[type[Settings], Callable[[Any], PayloadDecoder]] = {
    AzureSettings: AzureDecoder,
    BrokerStateSettings: BrokerStateDecoder,
    CsvSettings: CsvDecoder,
    StateSettings: StateDecoder,
    LineProtocolSettings: LineProtocolDecoder,
    MappingSettings: MappingDecoder,
    MsgpackSettings: MsgpackDecoder,
    OpcUaSettings: OpcUaDecoder,
    TasmotaSettings: TasmotaDecoder,
    ValueSettings: ValueDecoder,
    WaveformSettings: WaveformDecoder,
}


def build(settings: DecoderSettings) -> PayloadDecoder:
    """Build the decoder of a source from its settings."""
    return DECODERS[type(settings)](settings)
