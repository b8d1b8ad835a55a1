"""An end to connections that go on for too long."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

__all__ = ["Watch"]


class Watch(threading.Thread):
    """Breaks a connection off when its time is up.

    A socket's own timeout is for each read, so a server that sends a byte now and then would never meet it.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(daemon=True)
        self._seconds = seconds
        self._done = threading.Event()
        self._connections: list[Any] = []
        self._sockets: list[Any] = []
        self.expired = False

    def watching(self, make: Callable[..., Any]) -> Callable[..., Any]:
        """``make``, whose connections are watched from now on."""

        def watched(*args: Any, **kwargs: Any) -> Any:
            connection = make(*args, **kwargs)
            connect = connection.connect

            def connected() -> None:
                connect()
                # A connection forgets its socket where the answer is the last on it, and yet it is read from.
                self._sockets.append(connection.sock)

            connection.connect = connected
            self._connections.append(connection)
            return connection

        return watched

    def run(self) -> None:
        """Wait, and break off what is still open then."""
        pause = self._seconds
        while not self._done.wait(pause):
            self.expired = True
            # Again and again, for a connection that is only being made now has no socket to break off yet.
            pause = 0.05
            for found in [*self._sockets, *(connection.sock for connection in self._connections)]:
                with suppress(OSError, TypeError):
                    # The plain socket's method: a TLS socket's own would first drop its state under the reader's feet.
                    plain = getattr(found, "socket", found)  # TLS within a proxy's TLS
                    socket.socket.shutdown(plain, socket.SHUT_RDWR)

    def stop(self) -> None:
        """Watch no longer."""
        self._done.set()
        self.join()
