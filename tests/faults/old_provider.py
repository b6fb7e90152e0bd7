"""
The previous provider's revocation endpoint (RFC 7009), as far as a migration needs it: it takes tokens and remembers.

It lives on the loop of the test. House rule: a token counts when the whole request has come, before it is answered.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


@dataclass(slots=True)
class RevocationEndpoint:
    """Which tokens were revoked."""

    revoked: set[str] = field(default_factory=set[str])
    port: int = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/revoke"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one request; a client that is killed halfway is nobody's fault."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                int(line.partition(b":")[2])
                for line in head.splitlines()
                if line.lower().startswith(b"content-length:")
            )
            form = parse_qs((await reader.readexactly(length)).decode())
            self.revoked.update(form["token"])
            writer.write(ANSWER)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()


@asynccontextmanager
async def revocation_endpoint() -> AsyncGenerator[RevocationEndpoint]:
    """One that listens on loopback."""
    endpoint = RevocationEndpoint()
    server = await asyncio.start_server(endpoint.serve, "127.0.0.1", 0)
    endpoint.port = server.sockets[0].getsockname()[1]
    try:
        yield endpoint
    finally:
        server.close()
        await server.wait_closed()
