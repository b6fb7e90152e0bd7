"""
The demo's outer application: the page, and the levers that only a demo has.

Everything else (session routes, migration, the API) is the application of the present scene, `segue.demo.scene`, as
anybody would build it. House rule: a lever is pulled by this page only, never by another site in the same browser.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from segue.demo.provider.clients import PAGE_CLIENT

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from segue.demo.stage import Stage
    from segue.json import JsonValue

Endpoint = Callable[[Request], Coroutine[Any, Any, Response]]
STATIC = Path(__file__).with_name("static")
STATUS_TIMEOUT = 1.0


def demo_app(stage: Stage) -> Starlette:
    """The page and its levers around the scene that *stage* shows."""
    levers = Levers(stage)

    async def scene(scope: Scope, receive: Receive, send: Send) -> None:
        await stage.scene.app(scope, receive, send)

    return Starlette(
        routes=[
            Route("/", levers.page, methods=["GET"]),
            Mount("/static", StaticFiles(directory=STATIC)),
            Route("/demo/about", levers.about, methods=["GET"]),
            Route("/demo/state", levers.state, methods=["GET"]),
            Route("/demo/expire", _pulled(levers.expire), methods=["POST"]),
            Route("/demo/stop-provider", _pulled(levers.stop_provider), methods=["POST"]),
            Route("/demo/start-again", _pulled(levers.start_again), methods=["POST"]),
            Mount("/", scene),
        ],
        # A page of a foreign name that resolves to this machine must not reach it (DNS rebinding).
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["localhost"])],
    )


class Levers:
    """Handlers of the page and the demo's own routes."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    async def page(self, _: Request) -> Response:
        """The page, under a policy that lets it run its own files and speak to two servers."""
        policy = (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
            f"connect-src 'self' {self._stage.provider.issuer}; "
            "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
        )
        headers = {
            "content-security-policy": policy,
            "referrer-policy": "no-referrer",
            "cache-control": "no-cache",
        }
        return FileResponse(STATIC / "index.html", headers=headers)

    async def about(self, _: Request) -> Response:
        """Where the old provider is, who the page is there, and which beginning this is."""
        return JSONResponse(
            {"run": self._stage.scene.run, "issuer": self._stage.provider.issuer, "clientId": PAGE_CLIENT}
        )

    async def state(self, request: Request) -> Response:
        """What time it is here, how the provider is, and what happened since the page last asked."""
        provider = await self._provider(request.query_params.get("sid", ""))
        # From here on nothing is awaited: an event between the list and its last number would never be told.
        scene = self._stage.scene
        after = request.query_params.get("after", "")
        events = scene.feed.since(int(after) if after.isdecimal() else None)
        return JSONResponse(
            {
                "run": scene.run,
                "now": int(scene.clock.now().timestamp() * 1000),
                "accessLifetime": int(scene.access_lifetime.total_seconds()),
                "provider": provider,
                "events": [event.for_page() for event in events],
                "lastEvent": scene.feed.last,
            }
        )

    async def expire(self, _: Request) -> Response:
        """Move the clock on by one access token's life."""
        scene = self._stage.scene
        scene.clock.move_on(scene.access_lifetime)
        ahead = int(scene.clock.ahead.total_seconds() * 1000)
        return JSONResponse({"ahead": ahead, "seconds": int(scene.access_lifetime.total_seconds())})

    async def stop_provider(self, _: Request) -> Response:
        """End the provider's process for good, or until the demo starts again."""
        await self._stage.provider.stop()
        return JSONResponse({"running": False})

    async def start_again(self, _: Request) -> Response:
        """Forget everything and put both servers back to the beginning."""
        await self._stage.start_again()
        return JSONResponse({"running": True})

    async def _provider(self, sid: str) -> dict[str, JsonValue]:
        provider = self._stage.provider
        found: dict[str, JsonValue] = {"signedIn": False, "hasTokens": False}
        if provider.pid is not None:
            try:
                async with asyncio.timeout(STATUS_TIMEOUT):
                    answer = await self._stage.http.get(f"{provider.issuer}/status", params={"sid": sid})
                    found = dict(answer.json())
            except (httpx2.HTTPError, TimeoutError):
                pass  # it is on its way out
        running = provider.pid is not None
        return found | {
            "running": running,
            "pid": provider.pid,
            "address": provider.issuer.partition("//")[2],
        }


def _pulled(lever: Endpoint) -> Endpoint:
    async def checked(request: Request) -> Response:
        # Another site's page cannot send this header without a preflight, and nothing here answers those.
        if "rid" not in request.headers:
            return JSONResponse({"message": "only this page may do that"}, status_code=403)
        return await lever(request)

    return checked
