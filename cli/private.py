"""What `demo` and `replay` have of their own: a broker, and a configuration that points at it."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cli.configuration import Configuration


@contextlib.contextmanager
def private_broker(folder: Path) -> Iterator[dict[str, str]]:
    """Run a private broker while the context lasts, say which, and give its settings.

    Mosquitto where it is installed, else amqtt, which never answers to MQTT 5.
    """
    from simulators.amqtt_broker import PrivateAmqtt
    from simulators.broker import PrivateMosquitto, mosquitto_path

    if mosquitto_path():
        with PrivateMosquitto(folder) as mosquitto:
            print(f"broker: a private Mosquitto on port {mosquitto.port}", file=sys.stderr)
            yield {"url": f"mqtt://127.0.0.1:{mosquitto.port}"}
        return
    with PrivateAmqtt(folder) as amqtt:
        print(f"broker: Mosquitto is not installed; amqtt on port {amqtt.port}", file=sys.stderr)
        yield {"url": f"mqtt://127.0.0.1:{amqtt.port}", "protocol": "3.1.1"}


def private_copy(
    config: Configuration,
    folder: Path,
    broker: dict[str, str],
    page: int,
    history: dict[str, Any] | None = None,
) -> Configuration:
    """Copy a configuration into a folder, with this machine's broker and page and data beside it.

    Plant and classes stay as they are. Nothing of the copy reaches another broker or machine.
    """
    import shutil

    import yaml

    from cli.configuration import load

    copied = folder / "configuration"
    shutil.copytree(config.folder / "classes", copied / "classes")
    shutil.copy(config.folder / "plant.yaml", copied)
    service = {
        "data": "..",
        "broker": broker,
        "ingest": {"topic": config.service.ingest.plain_topic, "time": config.service.ingest.time},
        "history": history or {},
        "feed": {"port": page},
        "notifiers": [{"kind": "mqtt"}],
    }
    (copied / "service.yaml").write_text(yaml.safe_dump(service, allow_unicode=True), "utf-8")
    return load(copied)


def page_port(wanted: int) -> int:
    """Take the wanted port where it is free, else any other."""
    import socket

    from simulators.broker import free_port

    with socket.socket() as probe:
        taken = wanted == 0 or probe.connect_ex(("127.0.0.1", wanted)) == 0
    return free_port() if taken else wanted
