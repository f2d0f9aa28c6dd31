"""A certificate authority of our own and a certificate for localhost, made by openssl."""

from __future__ import annotations

import subprocess
from pathlib import Path


def authority(folder: Path) -> tuple[Path, Path, Path]:
    """Make them; returns the authority's certificate, the server's, and the server's key."""
    ca, ca_key = folder / "ca.pem", folder / "ca.key"
    certificate, key = folder / "server.pem", folder / "server.key"
    new = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2")
    _run(*new, "-subj", "/CN=bench authority", "-keyout", str(ca_key), "-out", str(ca))
    _run(
        *new,
        *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
        *("-addext", "basicConstraints=critical,CA:FALSE"),
        *("-CA", str(ca), "-CAkey", str(ca_key), "-keyout", str(key), "-out", str(certificate)),
    )
    for path in (key, ca_key):
        path.chmod(0o644)  # Mosquitto may drop its rights before it reads it
    return ca, certificate, key


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
