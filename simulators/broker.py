"""A private MQTT broker on loopback: Mosquitto where it is installed."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Self

from core.errors import Unavailable


def mosquitto_path() -> str | None:
    """Find the Mosquitto program, also where Debian puts it out of a user's path."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


def free_port() -> int:
    """Ask the system for a port on loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class PrivateMosquitto:
    """A Mosquitto process of our own, with its data in `folder`.

    Starting raises `Unavailable` where Mosquitto is missing or does not come up.
    """

    def __init__(
        self,
        folder: Path,
        port: int | None = None,
        *,
        persistence: bool = True,
        extra: tuple[str, ...] = (),
    ) -> None:
        self.folder = folder
        self.port = port or free_port()
        self._extra = extra
        self._persistence = persistence
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process else None

    def start(self) -> Self:
        """Start the broker and wait until it accepts connections."""
        program = mosquitto_path()
        if program is None:
            msg = "mosquitto is not installed; apt-get install mosquitto"
            raise Unavailable(msg)
        self.folder.mkdir(parents=True, exist_ok=True)
        config = self._write_config()
        with (self.folder / "mosquitto.log").open("ab") as log:
            self._process = subprocess.Popen(
                [program, "-c", str(config)],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                process_group=0,  # a Ctrl-C is for us, who then stop the broker last
            )
        self._wait_until_up()
        return self

    def _write_config(self) -> Path:
        lines = [
            f"listener {self.port} 127.0.0.1",
            "allow_anonymous true",
            "max_inflight_messages 1000",
            "max_queued_messages 0",
            "max_queued_bytes 0",
            *self._extra,
        ]
        if self._persistence:
            lines += ["persistence true", f"persistence_location {self.folder.resolve()}/"]
        if not any(line.startswith("user ") for line in lines):
            lines.append("user root")
        config = self.folder / "mosquitto.conf"
        config.write_text("\n".join(lines) + "\n")
        return config

    def _wait_until_up(self, seconds: float = 10) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                break
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        self.kill()
        msg = f"mosquitto did not start; see {self.folder / 'mosquitto.log'}"
        raise Unavailable(msg)

    def stop(self) -> None:
        """Stop it the polite way, so that it writes its persistence."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Stop it as a power cut would."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(how)
        if self._process is not None:
            self._process.wait(timeout=30)
        self._process = None

    def __enter__(self) -> Self:
        """Start on entering."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop on leaving."""
        self.stop()
