"""A real HTTP server on this machine, for the tests of clients: it answers as told and counts what it was asked."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Generator


class LoopbackServer(ThreadingHTTPServer):
    """Answers every request with `answer`; `released` ends whatever an answer waits for."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, answer: Answer, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Exchange)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.answer = answer
        self.released = threading.Event()
        self.entered = threading.Semaphore(0)
        self.requests: list[tuple[str, dict[str, str], bytes]] = []

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients hang up on purpose here; a test sees what matters at its own end."""

    @property
    def url(self) -> str:
        """Where to reach it."""
        return f"http://127.0.0.1:{self.server_port}"


class Exchange(BaseHTTPRequestHandler):
    """One request and its answer."""

    protocol_version = "HTTP/1.1"
    server: LoopbackServer  # pyright: ignore[reportIncompatibleVariableOverride] - as its own docs do

    def do_GET(self) -> None:
        """Note the request, then answer as told."""
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.requests.append((self.path, headers, body))
        self.server.entered.release()
        self.close_connection = True
        self.server.answer(self)

    do_POST = do_DELETE = do_GET  # noqa: N815 - the names are BaseHTTPRequestHandler's

    def reply(self, status: int, body: bytes = b"", **headers: str) -> None:
        """Send a whole response."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def drip(self, *parts: bytes) -> None:
        """Send some bytes, then one more now and then until released or hung up on."""
        for part in parts:
            self.wfile.write(part)
        for _ in range(500):  # ten seconds: a test that waits for the end has failed
            if self.server.released.wait(0.02):
                return
            self.wfile.write(b" ")

    def hold(self) -> None:
        """Say nothing until released."""
        self.server.released.wait(10)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing on the console."""


Answer: TypeAlias = "Callable[[Exchange], None]"


@contextmanager
def serving(answer: Answer, *, tls: ssl.SSLContext | None = None) -> Generator[LoopbackServer]:
    """Run a server for the length of a block."""
    with LoopbackServer(answer, tls) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.released.set()
            server.shutdown()
            thread.join()
