"""
HTTP/1.1 as thin as it goes, so that the servers are what is busy and a kill finds many requests under way.

House rule: whatever comes short of a whole answer is `Unanswered`; nothing is sent twice here.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

REPLY_SECONDS = 20.0


class Unanswered(Exception):
    """The request may have been acted on or not."""


class Unreachable(Unanswered):
    """It was not: nobody took the connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer."""

    status: int
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    """Empty unless it is a JSON object."""


class Connections:
    """Kept open to the loopback ports that they lead to."""

    def __init__(self) -> None:
        self._idle: defaultdict[int, list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]
        self._idle = defaultdict(list)

    def close(self) -> None:
        """Close those that are idle."""
        while self._idle:
            _, connections = self._idle.popitem()
            for _, writer in connections:
                writer.close()

    async def request(self, port: int, method: str, path: str, headers: Mapping[str, str]) -> Reply:
        """
        Send a request without a body.

        Raises:
            Unanswered: there is no telling what became of it.
        """
        reader, writer = await self._connected(port)
        lines = [f"{method} {path} HTTP/1.1", f"host: 127.0.0.1:{port}", "content-length: 0"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        try:
            writer.write("\r\n".join([*lines, "", ""]).encode())
            async with asyncio.timeout(REPLY_SECONDS):
                reply = await _read(reader)
        except BaseException as error:
            writer.close()
            if isinstance(
                error, OSError | EOFError
            ):  # a time-out is an `OSError`, an early end an `EOFError`
                raise Unanswered from error
            raise
        self._idle[port].append((reader, writer))
        return reply

    async def _connected(self, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while self._idle[port]:
            reader, writer = self._idle[port].pop()
            if not reader.at_eof() and not writer.is_closing():
                return reader, writer
            writer.close()
        try:
            return await asyncio.open_connection("127.0.0.1", port)
        except OSError as error:
            raise Unreachable from error


async def _read(reader: asyncio.StreamReader) -> Reply:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    fields = (line.partition(":") for line in head[1:] if line)
    headers = {name.lower(): value.strip() for name, _, value in fields}
    content = await reader.readexactly(int(headers.get("content-length", "0")))
    body: Mapping[str, Any] = json.loads(content) if content.startswith(b"{") else {}
    return Reply(status=int(head[0].split()[1]), headers=headers, body=body)
