"""A private broker for the demo where Mosquitto is missing: amqtt, a pure Python one.

It forgets what was queued when it restarts and knows MQTT 3.1.1 only: for a demo, not for a plant.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

from core.errors import Unavailable
from simulators.broker import free_port

_CONFIG = """\
listeners:
  default:
    type: tcp
    bind: 127.0.0.1:{port}
plugins:
  amqtt.plugins.authentication.AnonymousAuthPlugin:
    allow_anonymous: true
"""


class PrivateAmqtt:
    """An amqtt process of our own; the same calls as `PrivateMosquitto`."""

    def __init__(self, folder: Path, port: int | None = None) -> None:
        self.folder = folder
        self.port = port or free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Start the broker and wait until it accepts connections."""
        self.folder.mkdir(parents=True, exist_ok=True)
        config = self.folder / "amqtt.yaml"
        config.write_text(_CONFIG.format(port=self.port))
        program = Path(sys.executable).with_name("amqtt")
        if not program.exists():
            msg = "neither mosquitto nor amqtt is installed; pip install 'millwright[broker]'"
            raise Unavailable(msg)
        with (self.folder / "amqtt.log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(program), "-c", str(config)],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                process_group=0,  # a Ctrl-C is for us, who then stop the broker last
            )
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline and self._process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.05)
        self.stop()
        msg = f"amqtt did not start; see {self.folder / 'amqtt.log'}"
        raise Unavailable(msg)

    def stop(self) -> None:
        """Stop it."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
        if self._process is not None:
            self._process.wait(timeout=30)
        self._process = None

    def __enter__(self) -> Self:
        """Start on entering."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop on leaving."""
        self.stop()
