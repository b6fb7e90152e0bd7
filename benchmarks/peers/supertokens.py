"""
supertokens-python verifying the very tokens that we verify.

Its core is asked for the key set once and for nothing else, so a few lines stand in for it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from supertokens_python import InputAppInfo, SupertokensConfig, init
from supertokens_python.recipe import session

from benchmarks.scene import API, WEBSITE


@contextmanager
def core(jwks: bytes) -> Iterator[str]:
    """The address of a core with this key set."""
    answers = {"/.well-known/jwks.json": jwks, "/apiversion": json.dumps({"versions": ["5.4"]}).encode()}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = answers.get(self.path.partition("?")[0], b"{}")
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def set_up(core_address: str) -> None:
    """`init`, once a process."""
    init(
        app_info=InputAppInfo(
            app_name="bench", api_domain=API, website_domain=WEBSITE, api_base_path="/auth"
        ),
        supertokens_config=SupertokensConfig(connection_uri=core_address),
        framework="fastapi",
        recipe_list=[session.init(anti_csrf="NONE")],
        mode="asgi",
        telemetry=False,
    )


def verifying(tokens: list[str]) -> Callable[[int], None]:
    """`get_session_without_request_response` on a running event loop."""
    import asyncio  # noqa: PLC0415 - with the peer, not with us

    from supertokens_python.recipe.session.asyncio import get_session_without_request_response  # noqa: PLC0415

    loop = asyncio.new_event_loop()

    async def verify(count: int) -> None:
        for number in range(count):
            found = await get_session_without_request_response(tokens[number % len(tokens)])
            assert found is not None

    return lambda count: loop.run_until_complete(verify(count))
