"""WebSocket before a broker that has none: frames in, the bytes of MQTT out, and back."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from typing import Self

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve
from websockets.typing import Subprotocol


class WebsocketGateway:
    """Relays what comes by WebSocket to a broker at `target`."""

    def __init__(self, target: int, context: ssl.SSLContext | None = None) -> None:
        self._target = target
        self.paths: list[str] = []
        self._server = serve(
            self._relay, "127.0.0.1", 0, ssl=context, subprotocols=[Subprotocol("mqtt")]
        )
        self.port: int = self._server.socket.getsockname()[1]
        self._thread = threading.Thread(target=self._server.serve_forever)

    def _relay(self, caller: ServerConnection) -> None:
        assert caller.request is not None
        self.paths.append(caller.request.path)
        with socket.create_connection(("127.0.0.1", self._target)) as broker:
            back = threading.Thread(target=self._bring_back, args=(broker, caller))
            back.start()
            with contextlib.suppress(ConnectionClosed, OSError):
                for frame in caller:
                    broker.sendall(frame if isinstance(frame, bytes) else frame.encode())
            with contextlib.suppress(OSError):
                broker.shutdown(socket.SHUT_RDWR)
            back.join()

    @staticmethod
    def _bring_back(broker: socket.socket, caller: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed, OSError):
            while data := broker.recv(4096):
                caller.send(data)
        caller.close()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join(20)
