"""The Mosquitto configuration that ships, in a folder of a test's own instead of /etc/mosquitto."""

from __future__ import annotations

import subprocess
from pathlib import Path

from simulators.broker import PrivateMosquitto, free_port
from tests.certificates import Authority
from tests.processes import ROOT

SHIPPED = ROOT / "configs" / "mosquitto"
USERS = ("ingest", "alerts", "karachi", "lahore", "edge-1", "display")


class ShippedMosquitto:
    """A broker as `configs/mosquitto` describes it; a user's password is its name backwards."""

    def __init__(self, folder: Path) -> None:
        self.authority = Authority(folder / "authority")
        self.port = free_port()
        self._etc = folder / "etc"
        (self._etc / "conf.d").mkdir(parents=True)
        self._install()
        extra = (f"include_dir {self._etc / 'conf.d'}",)
        self.broker = PrivateMosquitto(folder / "data", extra=extra)

    def _install(self) -> None:
        identity = self.authority.sign("broker")
        text = (SHIPPED / "millwright.conf").read_text(encoding="utf-8")
        changes = {
            "/etc/mosquitto/certs/broker.crt": identity.certificate,
            "/etc/mosquitto/certs/broker.key": identity.key,
            "/etc/mosquitto/millwright.": self._etc / "millwright.",
            "listener 8883": f"listener {self.port} 127.0.0.1",
        }
        for old, new in changes.items():
            assert old in text, old
            text = text.replace(old, str(new))
        (self._etc / "conf.d" / "millwright.conf").write_text(text, encoding="utf-8")
        acl = (SHIPPED / "millwright.acl").read_text(encoding="utf-8")
        shown = "user display\ntopic read millwright/#"
        assert "# user display\n# topic read millwright/#" in acl
        (self._etc / "millwright.acl").write_text(
            acl.replace("# user display\n# topic read millwright/#", shown), encoding="utf-8"
        )
        passwords = self._etc / "millwright.passwd"
        passwords.touch(0o600)
        for user in USERS:
            words = ("mosquitto_passwd", "-b", str(passwords), user, password(user))
            subprocess.run(words, check=True, capture_output=True)

    @property
    def url(self) -> str:
        return f"mqtts://127.0.0.1:{self.port}"


def password(user: str) -> str:
    return user[::-1]
