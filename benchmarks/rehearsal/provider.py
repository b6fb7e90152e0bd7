"""
The previous provider of the rehearsal: discovery, keys, and revocation (RFC 7009), which can be rotated and cut off.

It lives on the loop of the client. House rule: a token counts as revoked when the whole request has come.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from urllib.parse import parse_qs

from cryptography.hazmat.primitives.asymmetric import ec

from segue.tokens.algorithms import Algorithm
from segue.tokens.jwk import public_jwk


class OldProvider:
    """One that listens on loopback."""

    def __init__(self) -> None:
        self.keys: dict[str, ec.EllipticCurvePrivateKey] = {}
        self.down = False
        """Every request is answered with 503, as by the proxy in front of a provider that is gone."""
        self.revoked: Counter[str] = Counter()
        self.asked: Counter[str] = Counter()
        """Requests by path, those during an outage under `down`."""
        self._server: asyncio.Server | None = None
        self.port = 0

    @property
    def issuer(self) -> str:
        """`iss` of its tokens."""
        return f"http://127.0.0.1:{self.port}"

    def rotate(self, key_id: str) -> None:
        """A new key, published beside the old ones."""
        self.keys[key_id] = ec.generate_private_key(ec.SECP256R1())

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 18)
        self.port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = head.lower().partition("content-length:")[2].partition("\r\n")[0]
                body = await reader.readexactly(int(length or 0))
                status, answer = self._answer(head.split(" ", 2)[1], body)
                writer.write(
                    f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\n"
                    f"content-length: {len(answer)}\r\n\r\n".encode()
                    + answer
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    def _answer(self, path: str, body: bytes) -> tuple[str, bytes]:
        self.asked["down" if self.down else path] += 1
        if self.down:
            return "503 Service Unavailable", b"{}"
        match path:
            case "/.well-known/openid-configuration":
                document = {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/jwks"}
                return "200 OK", json.dumps(document).encode()
            case "/jwks":
                keys = [
                    public_jwk(key.public_key(), key_id=key_id, algorithm=Algorithm.ES256)
                    for key_id, key in self.keys.items()
                ]
                return "200 OK", json.dumps({"keys": keys}).encode()
            case "/revoke":
                self.revoked.update(parse_qs(body.decode())["token"])
                return "200 OK", b""
            case _:
                return "404 Not Found", b""
