"""
`python -m benchmarks.servers.serve <name> […]`: serve one of the applications on a free port and print it.

Beside the paths of the application there are `/usage`, what the process has used so far, and `/tokens`, live access
tokens of the application's own engine.
"""

from __future__ import annotations

import importlib
import json
import resource
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from segue.adapters.asgi import ASGIApp, Receive, Scope, Send

APPLICATIONS = ("bare", "sessions", "with_fastapi", "with_starlette", "with_supertokens")


@dataclass(frozen=True, slots=True)
class Application:
    """What a module of this package makes."""

    paths: Mapping[str, ASGIApp]
    tokens: list[str]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        app = self.paths.get(scope["path"])
        if app is not None:
            await app(scope, receive, send)
        elif scope["path"] == "/usage":
            await answer(json.dumps(usage()).encode(), send)
        elif scope["path"] == "/tokens":
            await answer(json.dumps(self.tokens).encode(), send)
        else:
            await answer(b"{}", send, status=404)


def usage() -> dict[str, float]:
    """CPU seconds, resident and proportional memory in MiB."""
    rollup = Path("/proc/self/smaps_rollup")
    sizes = (
        {
            name: int(size.split()[0]) / 1024
            for name, _, size in (line.partition(":") for line in rollup.read_text().splitlines()[1:])
        }
        if rollup.exists()
        else {"Rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}
    )
    return {"cpu": time.process_time(), "rss": sizes["Rss"], "pss": sizes.get("Pss", sizes["Rss"])}


async def answer(body: bytes, send: Send, *, status: int = 200) -> None:
    """JSON with the headers that any framework sends."""
    length = (b"content-length", str(len(body)).encode())
    headers = [(b"content-type", b"application/json"), length]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def main() -> None:
    """Serve until killed."""
    name = sys.argv[1]
    assert name in APPLICATIONS
    application: Application = importlib.import_module(f"benchmarks.servers.{name}").application()
    listening = socket.create_server(("127.0.0.1", 0))
    print(listening.getsockname()[1], flush=True)
    config = uvicorn.Config(
        application,
        interface="asgi3",
        lifespan="off",
        ws="none",
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
