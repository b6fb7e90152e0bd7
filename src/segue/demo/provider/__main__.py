"""
Run the provider as a process of its own: `python -m segue.demo.provider`.

It prints its issuer on standard output once it is ready, and ends when its standard input does: so it cannot outlive
the demo that started it, however that one ends.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import sys
from typing import TYPE_CHECKING

import uvicorn

from segue.clock import SystemClock
from segue.demo.ports import listen
from segue.demo.provider.app import provider_app
from segue.demo.provider.clients import demo_clients
from segue.demo.provider.ledger import Ledger
from segue.demo.provider.settings import Provider
from segue.demo.provider.tokens import new_signer

if TYPE_CHECKING:
    import socket

SECRET_VARIABLE = "SEGUE_DEMO_BACKEND_SECRET"  # noqa: S105 - the name of the variable, not the secret
HOST = "127.0.0.1"


def main() -> None:
    """Serve until standard input ends or a signal arrives."""
    parser = argparse.ArgumentParser(
        prog="python -m segue.demo.provider", description="The demo's previous provider."
    )
    parser.add_argument("--port", type=int, default=8041, help="0 takes a free one")
    parser.add_argument(
        "--app-origin", action="append", required=True, help="origin of the application's pages"
    )
    arguments = parser.parse_args()
    try:
        listening = listen(HOST, arguments.port)
    except OSError as error:
        parser.exit(1, f"cannot listen on {HOST}:{arguments.port}: {error.strerror}\n")
    issuer = f"http://{HOST}:{listening.getsockname()[1]}"
    asyncio.run(_serve(new_provider(issuer, tuple(arguments.app_origin)), listening))


def new_provider(issuer: str, app_origins: tuple[str, ...]) -> Provider:
    """A provider with an empty memory and a new key; the back end's secret comes from the environment."""
    backend_secret = os.environ.get(SECRET_VARIABLE) or secrets.token_urlsafe(32)
    return Provider(
        issuer=issuer,
        app_origins=app_origins,
        clients=demo_clients(app_origins=app_origins, backend_secret=backend_secret),
        ledger=Ledger(_new_secret),
        signer=new_signer(issuer, key_id=secrets.token_hex(4)),
        clock=SystemClock(),
        new_secret=_new_secret,
    )


def _new_secret() -> str:
    return secrets.token_urlsafe(24)


async def _serve(provider: Provider, listening: socket.socket) -> None:
    config = uvicorn.Config(
        provider_app(provider),
        log_level="warning",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)

    def end() -> None:
        if not os.read(sys.stdin.fileno(), 1024):
            server.should_exit = True

    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), end)
    # The socket listens already: whoever connects after this line is answered.
    sys.stdout.write(f"{provider.issuer}\n")
    sys.stdout.flush()
    await server.serve(sockets=[listening])


if __name__ == "__main__":
    main()
