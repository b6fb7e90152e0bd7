"""The network ports of the demo: loopback only, and a clear word when one is taken."""

from __future__ import annotations

import errno
import socket

APP_PORT = 8040
PROVIDER_PORT = 8041
_V4, _V6 = "127.0.0.1", "::1"
_NO_IPV6 = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT}


class PortTaken(Exception):
    """Another program listens there."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.port = port

    def __str__(self) -> str:
        return f"port {self.port} is taken by another program"


def listen_on_localhost(port: int) -> list[socket.socket]:
    """
    Listen on both addresses that `localhost` may mean, the caller closes them; 0 takes a free port.

    A browser may try ::1 first: were it left free, another program could answer in our place.

    Raises:
        PortTaken: on either address.
    """
    first = _listen(_V4, port)
    chosen = first.getsockname()[1]
    try:
        return [first, _listen(_V6, chosen)]
    except PortTaken:
        first.close()
        if port != 0:
            raise
        return listen_on_localhost(0)
    except OSError as error:
        if error.errno in _NO_IPV6:
            return [first]
        first.close()
        raise


def require_free(port: int) -> None:
    """
    Make sure that another process of ours can listen there.

    Raises:
        PortTaken: it cannot.
    """
    if port != 0:
        _listen(_V4, port).close()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return listen(host, port, family=family)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(port) from None
        raise


def listen(host: str, port: int, *, family: socket.AddressFamily = socket.AF_INET) -> socket.socket:
    """A listening socket whose connections answer at once; OSError as `socket.create_server`."""
    listening = socket.create_server((host, port), family=family)
    # asyncio sets this only on sockets that name their protocol, which accepted ones here do not; without it an answer
    # of two writes waits 40 ms for a delayed acknowledgement. Connections inherit it.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening
