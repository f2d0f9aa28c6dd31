"""What systemd is told of a service of `Type=notify`: datagrams to the socket that it names."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping


class NotifySocket:
    """Tells the system's service manager how we stand; tells nobody where there is none.

    `patience` is after how many seconds without `WATCHDOG=1` the manager ends us, 0 where it does
    not watch. The variables are those of sd_notify(3) and sd_watchdog_enabled(3).
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        for_us = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        micros = environment.get("WATCHDOG_USEC", "") if for_us else ""
        self.patience = int(micros) / 1e6 if micros.isdecimal() else 0.0

    @property
    def listened(self) -> bool:
        """Whether anybody wants to know."""
        return bool(self._address)

    def tell(self, *lines: str) -> None:
        """Send assignments such as `READY=1`; one that cannot be sent is no fault of ours."""
        if not self._address:
            return
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link:
            link.setblocking(False)
            link.sendto("\n".join(lines).encode(), self._address)
