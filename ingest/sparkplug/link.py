"""The host's own connection: a clean session, with a will that says that the host is gone."""

from __future__ import annotations

import time
from typing import ClassVar

from paho.mqtt.client import Client
from paho.mqtt.enums import MQTTErrorCode

from ingest.connection import Connection
from ingest.settings import BrokerSettings
from ingest.sparkplug.effect import Publish
from ingest.sparkplug.settings import SparkplugSettings
from ingest.sparkplug.topic import filters

SUFFIX = "-sparkplug"
"""What stands behind the client id of ingest in that of the host."""

_ROOM_FOR_TOPIC = 70_000
_FAREWELL_WITHIN = 2.0
_TURN = 0.05


class HostLink(Connection):
    """A connection of the host application, from CONNECT to its end."""

    clean: ClassVar[bool] = True

    def __init__(
        self,
        broker: BrokerSettings,
        settings: SparkplugSettings,
        will: Publish,
        *,
        version_5: bool,
    ) -> None:
        self._will = will
        self.client_id = broker.client_id + SUFFIX
        named = broker.model_copy(update={"client_id": self.client_id})
        longest = settings.max_payload + _ROOM_FOR_TOPIC
        topics = (will.topic, *filters(settings.groups))
        super().__init__(named, topics, longest, version_5=version_5)

    def publish(self, message: Publish) -> bool:
        """Send a message; false where the connection is gone."""
        sent = self._client.publish(message.topic, message.payload, message.qos, message.retain)
        return sent.rc is MQTTErrorCode.MQTT_ERR_SUCCESS

    def farewell(self, death: Publish) -> None:
        """Publish the death certificate, and wait a little until the broker has it."""
        sent = self._client.publish(death.topic, death.payload, death.qos, death.retain)
        deadline = time.monotonic() + _FAREWELL_WITHIN
        while time.monotonic() < deadline and not sent.is_published():
            if not self.turn(_TURN):
                return

    def _make_client(self) -> Client:
        client = super()._make_client()
        will = self._will
        client.will_set(will.topic, will.payload, will.qos, will.retain)
        return client
