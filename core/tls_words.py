"""What went wrong with TLS, in words that say what to do about it."""

from __future__ import annotations

import contextlib
import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from core.broker_address import BrokerAddress
from core.tls import TlsFiles, make_context

_WITHIN = 5.0
_ALERT_WITHIN = 1.0
_NO_CHECK_TIME = 0x200000
"""OpenSSL's X509_V_FLAG_NO_CHECK_TIME, which Python does not name."""

_NOT_YET, _EXPIRED = 9, 10
_ITSELF = {18}
_UNKNOWN_AUTHORITY = {2, 19, 20, 21}
_OTHER_NAME = {62, 64}

_NO_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNEXPECTED_EOF", "RECORD_LAYER_FAILURE")
_TOO_OLD = ("PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL", "NO_PROTOCOLS_AVAILABLE")
_OURS = {
    "ALERT_CERTIFICATE_EXPIRED": "it has expired",
    "ALERT_CERTIFICATE_REVOKED": "it is revoked",
    "ALERT_UNKNOWN_CA": "no authority that the broker knows has signed it",
}
_REFUSED = ("ALERT_BAD_CERTIFICATE", "ALERT_CERTIFICATE_UNKNOWN", "ALERT_UNSUPPORTED_CERTIFICATE")
_WANTED = ("ALERT_CERTIFICATE_REQUIRED", "ALERT_HANDSHAKE_FAILURE", "ALERT_ACCESS_DENIED")


@dataclass(frozen=True, slots=True)
class Seen:
    """A broker that was verified: the version spoken, and its certificate's last day."""

    version: str
    until: datetime


def inspect(address: BrokerAddress, files: TlsFiles) -> Seen:
    """Connect, verify and leave; OSError as `why` takes it."""
    with _opened(address, make_context(files)) as link:
        _await_alert(link)
        return Seen(str(link.version()), _moment(_certificate(link)["notAfter"]))


def why(error: BaseException, address: BrokerAddress, files: TlsFiles) -> str:
    """Say why a connection failed; an error that has nothing to do with TLS says it itself.

    For the date or the names of a certificate the broker is connected to once more.
    """
    if not address.tls:
        return str(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        return _of_broker(error, address, files)
    if isinstance(error, ssl.SSLError):
        return _of_reason(error, address, files)
    if isinstance(error, ConnectionResetError | BrokenPipeError):
        return f"the broker ended the TLS handshake; {_plain(address)}"
    return str(error)


def tls_scheme(address: BrokerAddress) -> str:
    """Tell how an address is written that does the same with TLS."""
    return "wss://" if address.websocket else "mqtts://"


def wants_tls(address: BrokerAddress) -> bool:
    """Try whether TLS is spoken at an address that is configured without; nothing is sent there."""
    try:
        _opened(address, make_context(TlsFiles())).close()
    except ssl.SSLCertVerificationError:
        return True  # verified or not, it is TLS
    except OSError:
        return False
    return True


def refusal(address: BrokerAddress, files: TlsFiles) -> str:
    """Say why a broker ends a connection that seemed to stand; empty where TLS is not why.

    With TLS 1.3 a broker judges our certificate after our side of the handshake is done.
    """
    if not address.tls:
        return ""
    try:
        inspect(address, files)
    except ssl.SSLError as error:
        return why(error, address, files)
    except (OSError, ValueError):
        pass
    return ""


def _of_broker(error: ssl.SSLCertVerificationError, address: BrokerAddress, files: TlsFiles) -> str:
    code = error.verify_code
    if code in {_EXPIRED, _NOT_YET}:
        return _of_time(address, files, expired=code == _EXPIRED)
    if code in _OTHER_NAME:
        names = _names(_look(address, files))
        known = f"; it is for {', '.join(names)}" if names else ""
        return f"the broker's certificate is not for {address.host}{known}"
    if code in _ITSELF:
        return f"the broker's certificate is signed by itself only; {_authority(files)}"
    if code in _UNKNOWN_AUTHORITY:
        return f"the broker's certificate is of an authority not known here; {_authority(files)}"
    return f"the broker's certificate cannot be verified: {error.verify_message}"


def _of_time(address: BrokerAddress, files: TlsFiles, *, expired: bool) -> str:
    found = _look(address, files)
    now = datetime.now(UTC)
    if expired:
        end = _moment(found["notAfter"]) if found else now
        if end < now:
            return f"the broker's certificate expired on {end:%Y-%m-%d}"
        return "the certificate of the broker's authority has expired"
    begin = _moment(found["notBefore"]) if found else now
    if begin > now:
        words = f"the broker's certificate is valid only from {begin:%Y-%m-%d %H:%M} UTC on"
        return f"{words}, and this machine's clock says {now:%Y-%m-%d %H:%M}"
    return "the certificate of the broker's authority is not valid yet"


def _of_reason(error: ssl.SSLError, address: BrokerAddress, files: TlsFiles) -> str:
    said = f"{error.reason or ''} {error}".upper()
    for part, reason in _OURS.items():
        if part in said:
            return f"the broker refused our certificate: {reason}"
    if any(part in said for part in _WANTED) and files.certificate is None:
        return "the broker wants a certificate from us; set certificate and key"
    if any(part in said for part in (*_REFUSED, *_WANTED)):
        return "the broker refused our certificate"
    if any(part in said for part in _NO_TLS):
        return f"what listens at port {address.port} does not speak TLS; {_plain(address)}"
    if any(part in said for part in _TOO_OLD):
        return "the broker speaks no TLS 1.2 or newer"
    return f"TLS failed: {error.reason or error}"


def _plain(address: BrokerAddress) -> str:
    scheme = "ws" if address.websocket else "mqtt"
    return f"write {scheme}:// for a port without TLS, or the port that has it"


def _authority(files: TlsFiles) -> str:
    if files.ca is None:
        return "set ca to the file of the authority that signed it"
    return f"it is not in ca ({files.ca})"


def _look(address: BrokerAddress, files: TlsFiles) -> dict[str, Any]:
    """Get the certificate of a broker of our authority, whatever its date and name; or nothing."""
    with contextlib.suppress(OSError, ValueError):
        context = make_context(files)
        context.check_hostname = False
        context.verify_flags |= _NO_CHECK_TIME
        with _opened(address, context) as link:
            return _certificate(link)
    return {}


def _opened(address: BrokerAddress, context: ssl.SSLContext) -> ssl.SSLSocket:
    plain = socket.create_connection((address.host, address.port), timeout=_WITHIN)
    try:
        return context.wrap_socket(plain, server_hostname=address.host)
    except BaseException:
        plain.close()
        raise


def _await_alert(link: ssl.SSLSocket) -> None:
    """Wait a moment for the broker to refuse; it has nothing else to say yet."""
    link.settimeout(_ALERT_WITHIN)
    with contextlib.suppress(TimeoutError):
        link.recv(1)


def _certificate(link: ssl.SSLSocket) -> dict[str, Any]:
    return dict(link.getpeercert() or {})


def _names(certificate: dict[str, Any]) -> list[str]:
    return [str(name) for _, name in certificate.get("subjectAltName", ())]


def _moment(text: str) -> datetime:
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(text), UTC)
