"""
One keep-alive connection to a core, with as little client around it as an honest measurement allows.

House rule: an answer that is not 200, or whose status is not OK, ends the measurement; a fast refusal is no speed.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A core that somebody started."""

    url: str
    """Connection URI, perhaps with a base path."""
    api_key: str | None = None
    cdi_version: str = "5.4"
    """The protocol version of the published Node and Python SDKs."""


class Connection:
    """A connection that carries one request at a time."""

    def __init__(self, target: Target, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        parts = urlsplit(target.url)
        self._base = parts.path.rstrip("/")
        key = f"api-key: {target.api_key}\r\n" if target.api_key else ""
        self._head = (
            f"host: {parts.netloc}\r\ncontent-type: application/json; charset=utf-8\r\n"
            f"cdi-version: {target.cdi_version}\r\nrid: session\r\n{key}"
        )

    @classmethod
    async def open(cls, target: Target) -> Connection:
        """Connect."""
        parts = urlsplit(target.url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
        return cls(target, reader, writer)

    async def post(self, path: str, body: dict[str, object]) -> dict[str, Any]:
        """One request; its answer."""
        payload = json.dumps(body, separators=(",", ":")).encode()
        head = f"POST {self._base}{path} HTTP/1.1\r\n{self._head}content-length: {len(payload)}\r\n\r\n"
        self._writer.write(head.encode() + payload)
        lines = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = int(lines.partition(b"content-length:")[2].partition(b"\r\n")[0])
        answer = await self._reader.readexactly(length)
        assert lines.startswith(b"http/1.1 200"), (lines, answer)
        read = cast("dict[str, Any]", json.loads(answer))
        assert read["status"] == "OK", read
        return read

    async def close(self) -> None:
        """Hang up."""
        self._writer.close()
        await self._writer.wait_closed()
