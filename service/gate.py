"""The gate before every request: host, size, who asks, from which page, and what goes out with it.

Refuses what a browser may be tricked into: a foreign name that points here (DNS rebinding), and
changes sent by a foreign page (CSRF).
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.auth import Doorkeeper

MOST_BODY = 64_000
TOO_LARGE = f"a request's body may have at most {MOST_BODY} bytes"
OPEN_PATHS = frozenset({"/livez", "/readyz", "/login", "/logout", "/favicon.ico"})
LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
FORM_PATHS = frozenset({"/login", "/logout"})

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",  # with none at all, forms are sent with "Origin: null"
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}


class Gate:
    """ASGI middleware; `hosts` are the names it answers to, any where it is empty."""

    def __init__(self, app: ASGIApp, doorkeeper: Doorkeeper, hosts: Iterable[str] = ()) -> None:
        self._app = app
        self._doorkeeper = doorkeeper
        self._hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with the reason why not."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(scope, headers)
        guarded = _with_headers(send)
        if refusal is not None:
            await refusal(scope, receive, guarded)
            return
        await self._app(scope, _bounded(receive), guarded)

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        host = _host(headers.get("host", ""))
        if self._hosts and host not in self._hosts:
            words = f"this feed does not answer to the host name {host!r}; see feed.names"
            return _error(421, words)
        if int(_digits(headers.get("content-length", "0"))) > MOST_BODY:
            return _error(413, TOO_LARGE)
        if scope["method"] not in {"GET", "HEAD"}:
            refusal = _foreign(scope["path"], headers)
            if refusal is not None:
                return refusal
        return self._stranger(scope, headers)

    def _stranger(self, scope: Scope, headers: Headers) -> Response | None:
        path = scope["path"]
        if path in OPEN_PATHS or path.startswith("/static/") or self._doorkeeper.admits(headers):
            return None
        if scope["method"] == "GET" and "text/html" in headers.get("accept", ""):
            return RedirectResponse(f"/login?next={quote(path)}", 303)
        words = "a token is needed: send it as 'Authorization: Bearer TOKEN', or log in at /login"
        return _error(401, words, {"www-authenticate": "Bearer"})


def _foreign(path: str, headers: Headers) -> Response | None:
    """Refuse a change that another site's page sends, and bodies that a plain form can send."""
    if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return _error(403, "a page of another origin may not change anything here")
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != headers.get("host", "").lower():
        return _error(403, f"a page of {origin[:100]!r} may not change anything here")
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if path not in FORM_PATHS and kind != "application/json":
        return _error(415, f"content type {kind[:60]!r} is not taken; send application/json")
    return None


def _with_headers(send: Send) -> Send:
    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return guarded


def _bounded(receive: Receive) -> Receive:
    seen = 0

    async def bounded() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > MOST_BODY:
            raise HTTPException(413, TOO_LARGE)
        return message

    return bounded


def _error(status: int, words: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": words}, status, headers)


def _host(header: str) -> str:
    """Take the name out of a Host header, without port and brackets."""
    name = header.strip().lower()
    if name.startswith("["):
        return name[1:].partition("]")[0]
    return name.partition(":")[0]


def _digits(text: str) -> str:
    return text if text.isascii() and text.isdigit() and len(text) < 18 else str(MOST_BODY + 1)
