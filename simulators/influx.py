"""A private InfluxDB on loopback, where the program is to be found."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Self

from core.errors import Unavailable
from simulators.broker import free_port

VERSION = "2.7.12"


def influxd_path() -> str | None:
    """Find influxd: what MILLWRIGHT_INFLUXD names, in the PATH, or as `make servers` built it."""
    named = os.environ.get("MILLWRIGHT_INFLUXD")
    if named:
        return shutil.which(named)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    built = cache / "millwright-servers" / f"influxd-{VERSION}" / "influxd"
    return shutil.which("influxd") or shutil.which(str(built))


class PrivateInflux:
    """An influxd process of our own, with its data in `folder`.

    It is set up with one organisation, an operator's token and an empty bucket `telemetry`.
    Starting raises `Unavailable` where influxd is missing or does not come up.
    """

    org = "millwright"
    token = "of-a-private-influxdb-on-loopback"  # noqa: S105

    def __init__(self, folder: Path, port: int | None = None) -> None:
        self.folder = folder
        self.port = port or free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process else None

    def start(self) -> Self:
        """Start it, wait until it is well, and set it up where it is new."""
        program = influxd_path()
        if program is None:
            msg = (
                "influxd is not installed; install InfluxDB 2 from its maker's packages, run `make"
                " servers`, or name the program in MILLWRIGHT_INFLUXD"
            )
            raise Unavailable(msg)
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "influxd.log").open("ab") as log:
            self._process = subprocess.Popen(
                [program, *self._options()],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                process_group=0,  # a Ctrl-C is for us, who then stop it last
            )
        self._wait_until_up()
        self._set_up()
        return self

    def _options(self) -> list[str]:
        folder = self.folder.resolve()
        return [
            f"--http-bind-address=127.0.0.1:{self.port}",
            f"--bolt-path={folder / 'influxd.bolt'}",
            f"--engine-path={folder / 'engine'}",
            f"--sqlite-path={folder / 'influxd.sqlite'}",
            "--reporting-disabled",
            "--log-level=warn",
        ]

    def _wait_until_up(self, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.url}/health", timeout=5):  # noqa: S310
                    return
            except (OSError, urllib.error.URLError):
                time.sleep(0.02)
        self.kill()
        msg = f"influxd did not start; see {self.folder / 'influxd.log'}"
        raise Unavailable(msg)

    def _set_up(self) -> None:
        known = {"username": "millwright", "password": self.token, "token": self.token}
        request = urllib.request.Request(  # noqa: S310
            f"{self.url}/api/v2/setup",
            json.dumps(known | {"org": self.org, "bucket": "telemetry"}).encode(),
            {"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30):  # noqa: S310
                return
        except urllib.error.HTTPError as error:
            if error.code != 422:  # set up already, by an earlier run on the same data
                msg = f"influxd could not be set up: {error}"
                raise Unavailable(msg) from error
            error.close()

    def stop(self) -> None:
        """Stop it the polite way."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Stop it as a power cut would."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(how)
        if self._process is not None:
            self._process.wait(timeout=60)
        self._process = None

    def __enter__(self) -> Self:
        """Start on entering."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop on leaving."""
        self.stop()
