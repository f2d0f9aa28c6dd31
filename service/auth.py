"""Who may read the feed: a token in a header, or a cookie that a login form gave for it."""

from __future__ import annotations

import hashlib
import hmac
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers

from core.clock import DAY, SECOND, Clock

COOKIE = "millwright_session"
LASTS = 30 * DAY


class Doorkeeper:
    """Knows the token; without one everybody who reaches the feed may come in."""

    def __init__(self, token: str, clock: Clock) -> None:
        self._token = token.encode()
        self._clock = clock

    @property
    def asks(self) -> bool:
        """Whether a token is needed at all."""
        return bool(self._token)

    def admits(self, headers: Headers) -> bool:
        """Tell whether a request carries the token, or a cookie that was given for it."""
        if not self.asks:
            return True
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self.knows(given.strip()):
            return True
        return self._valid(_cookie(headers.get("cookie", "")))

    def knows(self, given: str) -> bool:
        """Compare a token without telling by the time it takes how far it was right."""
        return hmac.compare_digest(given.encode("utf-8", "replace"), self._token)

    def cookie(self, *, secure: bool) -> str:
        """Write the cookie of a new session; it ends by itself, or when the token changes."""
        until = (self._clock() + LASTS) // SECOND
        kept = "; Secure" if secure else ""
        return (
            f"{COOKIE}={until}.{self._sign(until)}; Path=/; Max-Age={LASTS // SECOND}; "
            f"HttpOnly; SameSite=Strict{kept}"
        )

    def _valid(self, value: str) -> bool:
        until, _, signature = value.partition(".")
        if not (until.isascii() and until.isdigit() and len(until) < 16):
            return False
        fresh = int(until) * SECOND > self._clock()
        return fresh and hmac.compare_digest(signature.encode(), self._sign(int(until)).encode())

    def _sign(self, until: int) -> str:
        return hmac.new(self._token, f"session {until}".encode(), hashlib.sha256).hexdigest()


FORGET = f"{COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict"
"""The cookie that ends a session."""


def _cookie(header: str) -> str:
    try:
        jar = SimpleCookie(header)
    except CookieError:
        return ""
    return jar[COOKIE].value if COOKIE in jar else ""
