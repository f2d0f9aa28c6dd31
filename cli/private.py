"""A broker of our own for `demo` and `replay`: Mosquitto where it is installed, else amqtt."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def private_broker(folder: Path) -> Iterator[int]:
    """Run a private broker while the context lasts, say which, and give its port."""
    from simulators.amqtt_broker import PrivateAmqtt
    from simulators.broker import PrivateMosquitto, mosquitto_path

    if mosquitto_path():
        with PrivateMosquitto(folder) as mosquitto:
            print(f"broker: a private Mosquitto on port {mosquitto.port}", file=sys.stderr)
            yield mosquitto.port
        return
    with PrivateAmqtt(folder) as amqtt:
        print(f"broker: Mosquitto is not installed; amqtt on port {amqtt.port}", file=sys.stderr)
        yield amqtt.port
