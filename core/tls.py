"""TLS towards a broker: which files it takes, and the context that they make.

TLS 1.2 is the least, and the other side is verified always; there is no switch for less.
"""

from __future__ import annotations

import socket
import ssl
import stat
from pathlib import Path
from typing import Annotated, Any, Protocol, TypeAlias

from pydantic import Field, model_validator

from core.broker_address import BrokerAddress, broker_address
from core.settings import Settings

FileReference: TypeAlias = Annotated[str, Field(pattern="^file:.+$")]
"""A file of certificates or a key, written as `file:PATH`."""

_PREFIX = "file:"


class TlsFiles(Settings):
    """By what the broker is verified, and by what we show who we are.

    Without `ca` the authorities that the operating system trusts are asked. All three are PEM.
    """

    ca: FileReference | None = None
    certificate: FileReference | None = None
    key: FileReference | None = None

    @model_validator(mode="after")
    def _paired(self) -> TlsFiles:
        if (self.certificate is None) != (self.key is None):
            msg = "certificate and key belong together; give both or none"
            raise ValueError(msg)
        return self

    @property
    def given(self) -> tuple[str, ...]:
        """The keys that are set."""
        named = {"ca": self.ca, "certificate": self.certificate, "key": self.key}
        return tuple(name for name, file in named.items() if file is not None)


def check_sealed(url: str, files: TlsFiles) -> None:
    """Refuse files for an address without TLS, where nothing would be verified: ValueError."""
    if files.given and not broker_address(url).tls:
        msg = f"{files.given[0]} is for mqtts:// or wss://, and {url} goes without TLS"
        raise ValueError(msg)


class _Tidy(ssl.SSLContext):
    """Closes the socket of a handshake that fails, which the MQTT client does not."""

    def wrap_socket(self, sock: socket.socket, *args: Any, **options: Any) -> ssl.SSLSocket:
        options["do_handshake_on_connect"] = True
        return super().wrap_socket(sock, *args, **options)


def make_context(files: TlsFiles) -> ssl.SSLContext:
    """Make the context for a connection; ValueError names a file that is not usable, and why."""
    context = _Tidy(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if files.ca is None:
        context.load_default_certs()
    else:
        _load_authority(context, path_of(files.ca))
    if files.certificate is not None and files.key is not None:
        _load_identity(context, path_of(files.certificate), path_of(files.key))
    return context


class PahoLike(Protocol):
    """What an MQTT client has for TLS and WebSocket."""

    def tls_set_context(self, context: ssl.SSLContext | None = None) -> None:
        """Take the context of every connection to come."""
        ...

    def ws_set_options(self, path: str = "") -> None:
        """Take the path of a WebSocket."""
        ...


def prepare(client: PahoLike, address: BrokerAddress, context: ssl.SSLContext | None) -> None:
    """Let a client that is not connected yet reach an address, by TLS where there is a context."""
    if address.websocket:
        client.ws_set_options(path=address.path)
    if context is not None:
        client.tls_set_context(context)


def path_of(reference: FileReference) -> Path:
    """Return the path of a file reference."""
    return Path(reference.removeprefix(_PREFIX))


def _load_authority(context: ssl.SSLContext, path: Path) -> None:
    try:
        context.load_verify_locations(path)
    except ssl.SSLError:
        msg = f"ca file {path} holds no certificate in PEM form"
        raise ValueError(msg) from None
    except OSError as error:
        msg = f"ca file {path}: {error.strerror}"
        raise ValueError(msg) from error


def _load_identity(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    for what, path in (("certificate", certificate), ("key", key)):
        try:
            mode = path.stat().st_mode
            path.open("rb").close()
        except OSError as error:
            msg = f"{what} file {path}: {error.strerror}"
            raise ValueError(msg) from error
    if mode & stat.S_IROTH:
        msg = f"key file {key} is readable by everyone; chmod o-r {key}"
        raise ValueError(msg)
    asked: list[str] = []

    def no_password() -> str:
        asked.append("password")
        return ""

    try:
        context.load_cert_chain(certificate, key, no_password)
    except (ssl.SSLError, ValueError) as error:
        msg = f"certificate file {certificate} and key file {key} are no certificate with its key"
        if asked:
            msg = f"key file {key} is encrypted; decrypt it with: openssl pkey -in {key}"
        elif "KEY_VALUES_MISMATCH" in str(error):
            msg = f"key file {key} is not the key of certificate file {certificate}"
        raise ValueError(msg) from None
