"""A server that answers like InfluxDB, or as badly as a test wants."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from tests.certificates import Identity


@dataclass
class Play:
    """One answer: an HTTP status with its body, or a connection that is left hanging or broken."""

    status: int = 204
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    hang: bool = False
    half: bool = False
    none: bool = False


def refusal(status: int, code: str, message: str, **headers: str) -> Play:
    """Answer as InfluxDB itself refuses."""
    body = json.dumps({"code": code, "message": message}).encode()
    return Play(status, body, headers={k.replace("_", "-"): v for k, v in headers.items()})


class ScriptedInflux:
    """Stores the lines of each request, as `judge` has it: it takes lines, and gives the answer.

    `stored` is what was taken; `writes` counts the lines of every request that came.
    """

    def __init__(self, identity: Identity | None = None) -> None:
        self.judge: Callable[[list[bytes]], Play] = self.take
        self.stored: list[bytes] = []
        self.writes: list[int] = []
        self._free = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._scheme = "http"
        if identity is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(identity.certificate, identity.key)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
            self._scheme = "https"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_port}"

    def take(self, lines: list[bytes]) -> Play:
        """Store all."""
        self.stored += lines
        return Play()

    def plays(self, *plays: Play) -> None:
        """Give these answers in turn, and store nothing meanwhile; then store all."""
        left = list(plays)
        self.judge = lambda lines: left.pop(0) if left else self.take(lines)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        scripted = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path.startswith("/api/v2/query"):
                    scripted.answer(self, Play(200, b"\r\n"))
                    return
                lines = body.splitlines()
                scripted.writes.append(len(lines))
                scripted.answer(self, scripted.judge(lines))

            def log_message(self, *_: object) -> None:
                pass

        return Handler

    def answer(self, handler: BaseHTTPRequestHandler, play: Play) -> None:
        if play.hang:
            self._free.wait(30)
        if play.hang or play.none:
            handler.close_connection = True
            return
        handler.send_response(play.status)
        for name, value in play.headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(play.body) + 100 * play.half))
        handler.end_headers()
        handler.wfile.write(play.body)
        handler.close_connection = play.half

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._free.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
