"""Certificates for tests, made with openssl: an authority, and what it has signed."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.conftest import give_up

_CA_CONFIG = """\
[ca]
default_ca = here
[here]
database = {folder}/index
new_certs_dir = {folder}
rand_serial = yes
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
"""


def _run(*words: str | Path) -> None:
    done = subprocess.run(
        ["openssl", *map(str, words)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@dataclass(frozen=True)
class Identity:
    """A certificate and its key, as files."""

    certificate: Path
    key: Path

    @property
    def settings(self) -> dict[str, str]:
        return {"certificate": f"file:{self.certificate}", "key": f"file:{self.key}"}


class Authority:
    """Signs certificates; its own is `certificate`."""

    def __init__(self, folder: Path, name: str = "test authority") -> None:
        if shutil.which("openssl") is None:
            give_up("openssl")
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.certificate, self._key = folder / "ca.crt", folder / "ca.key"
        (folder / "index").touch()
        self._config = folder / "ca.cnf"
        self._config.write_text(_CA_CONFIG.format(folder=folder))
        _self_signed(name, self.certificate, self._key)

    @property
    def settings(self) -> dict[str, str]:
        return {"ca": f"file:{self.certificate}"}

    def sign(
        self,
        name: str,
        *,
        hosts: tuple[str, ...] = ("IP:127.0.0.1", "DNS:localhost"),
        since: timedelta = timedelta(days=-1),
        until: timedelta = timedelta(days=30),
    ) -> Identity:
        """Make a certificate for a broker or a client, valid from and until so long from now."""
        made = Identity(self.folder / f"{name}.crt", self.folder / f"{name}.key")
        request = self.folder / f"{name}.csr"
        names = ("-addext", f"subjectAltName={','.join(hosts)}")
        _run("req", "-new", *_new_key(made.key), "-subj", f"/CN={name}", *names, "-out", request)
        made.key.chmod(0o600)
        now = datetime.now(UTC)
        span = (
            ("-startdate", f"{now + since:%Y%m%d%H%M%SZ}"),
            ("-enddate", f"{now + until:%Y%m%d%H%M%SZ}"),
        )
        signer = ("-config", self._config, "-cert", self.certificate, "-keyfile", self._key)
        times = [word for pair in span for word in pair]
        _run("ca", "-batch", "-notext", *signer, *times, "-in", request, "-out", made.certificate)
        return made


def self_signed(folder: Path, name: str = "alone") -> Identity:
    """Make a certificate that nobody else has signed."""
    made = Identity(folder / f"{name}.crt", folder / f"{name}.key")
    _self_signed(name, made.certificate, made.key, "-addext", "subjectAltName=IP:127.0.0.1")
    return made


def _self_signed(name: str, certificate: Path, key: Path, *more: str) -> None:
    life = ("-days", "30", "-subj", f"/CN={name}")
    _run("req", "-x509", *_new_key(key), *life, *more, "-out", certificate)
    key.chmod(0o600)


def _new_key(key: Path) -> tuple[str, ...]:
    return "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", str(key)


def tls_listener(
    port: int, authority: Authority, broker: Identity, *, clients: bool = False
) -> tuple[str, ...]:
    """Write the lines that let Mosquitto listen with TLS, asking clients for theirs too."""
    return (
        f"listener {port} 127.0.0.1",
        f"certfile {broker.certificate}",
        f"keyfile {broker.key}",
        f"cafile {authority.certificate}",
        f"require_certificate {str(clients).lower()}",
    )
