"""
The whole journey without a browser: what `segue demo --check` walks, over real HTTP, step by step.

Every step says what it expects and raises `Unexpected` when it meets something else. House rule: nothing is looked up
behind the servers' backs; what a browser could not see is not seen here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx2

from segue.demo.visitor import OldTokens, Unexpected, Visitor
from segue.json import parse_object
from segue.tokens.jws import parse_jws

if TYPE_CHECKING:
    from segue.json import JsonObject

PERSON = "Ada Lindqvist"
PATIENCE = 10.0
"""Seconds that the server may take to end the old session at the provider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """A step that went as it should."""

    title: str
    result: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step to take: what it is called, and what to do; returns what came of it in a few words."""

    title: str
    walk: Callable[[], Awaitable[str]]


class Journey:
    """One user's way from the old provider to a session here, and to its end."""

    def __init__(self, *, app: str, issuer: str, idempotency_key: str, verifier: str) -> None:
        self._app = app
        self._issuer = issuer
        self._key = idempotency_key
        self._verifier = verifier
        self._page = _client()
        self._old: OldTokens | None = None

    def steps(self) -> tuple[Step, ...]:
        """All steps in their order."""
        return (
            Step(title="Sign in at the old provider", walk=self._sign_in),
            Step(title="Move the session across", walk=self._migrate),
            Step(title="Use the new session", walk=self._call_api),
            Step(title="Lose the answer, ask again: the same session", walk=self._repeat),
            Step(title="Replay the old token from elsewhere: refused", walk=self._replay),
            Step(title="Old session is ended at the provider", walk=self._old_is_dead),
            Step(title="Let the access token expire", walk=self._expire),
            Step(title="Refresh silently", walk=self._refresh),
            Step(title="Shut the old provider down", walk=self._stop_provider),
            Step(title="The session lives on without it", walk=self._live_on),
            Step(title="Sign out", walk=self._sign_out),
        )

    async def walk(self) -> AsyncIterator[Walked]:
        """
        Take one step after the other.

        Raises:
            Unexpected: a step went wrong; nothing after it is tried.
            httpx2.HTTPError: a server did not answer.
        """
        async with self._page:
            for step in self.steps():
                began = time.perf_counter()
                result = await step.walk()
                yield Walked(title=step.title, result=result, seconds=time.perf_counter() - began)

    async def _sign_in(self) -> str:
        async with _client() as browser:
            self._old = await self._visitor(browser).signed_in(PERSON)
        return PERSON

    async def _migrate(self) -> str:
        answer = await self._post_migration(self._page, self._key)
        if answer.get("result") != "MIGRATED":
            raise Unexpected(f"migration was answered {answer}")
        return str(answer["userId"])

    async def _repeat(self) -> str:
        async with _client() as same_browser_without_answer:
            answer = await self._post_migration(same_browser_without_answer, self._key)
        if answer.get("result") != "REPEATED":
            raise Unexpected(f"the repetition was answered {answer}")
        return "REPEATED"

    async def _replay(self) -> str:
        async with _client() as thief:
            answer = await self._post_migration(thief, f"not-{self._key}")
            if thief.cookies or answer.get("status") != "REFUSED":
                raise Unexpected(f"the replay was answered {answer}")
        return str(answer.get("code"))

    async def _call_api(self) -> str:
        await self._expect("GET", "/api/me", 200)
        return "200"

    async def _old_is_dead(self) -> str:
        deadline = time.perf_counter() + PATIENCE
        while await self._provider_knows():
            if time.perf_counter() > deadline:
                raise Unexpected("the old session still lives at the provider")
            await asyncio.sleep(0.05)
        async with _client() as browser:
            refused = await self._visitor(browser).refresh(self._tokens().refresh)
        if refused.status_code != 400:
            raise Unexpected(f"the old refresh token was answered {refused.status_code}")
        return str(refused.json()["error"])

    async def _expire(self) -> str:
        await self._expect("POST", "/demo/expire", 200)
        await self._expect("GET", "/api/me", 401)
        return "401"

    async def _refresh(self) -> str:
        await self._expect("POST", "/auth/session/refresh", 200)
        await self._expect("GET", "/api/me", 200)
        return "200"

    async def _stop_provider(self) -> str:
        await self._expect("POST", "/demo/stop-provider", 200)
        async with _client() as browser:
            try:
                await browser.get(f"{self._issuer}/jwks")
            except httpx2.ConnectError:
                return "nobody answers there any more"
        raise Unexpected("the old provider still answers")

    async def _live_on(self) -> str:
        await self._call_api()
        await self._expire()
        return await self._refresh()

    async def _sign_out(self) -> str:
        await self._expect("POST", "/auth/signout", 200)
        await self._expect("GET", "/api/me", 401)
        return "401"

    async def _post_migration(self, browser: httpx2.AsyncClient, key: str) -> JsonObject:
        response = await browser.post(
            f"{self._app}/auth/migrate-session",
            json={"refreshToken": self._tokens().refresh},
            headers={"authorization": f"Bearer {self._tokens().access}", "idempotency-key": key},
        )
        answer: JsonObject = response.json()
        return answer

    async def _provider_knows(self) -> bool:
        sid = parse_object(parse_jws(self._tokens().access).payload)["sid"]
        state = await self._page.get(f"{self._app}/demo/state", params={"sid": str(sid)})
        return bool(state.json()["provider"]["hasTokens"])

    async def _expect(self, method: str, path: str, status: int) -> None:
        response = await self._page.request(method, f"{self._app}{path}")
        if response.status_code != status:
            raise Unexpected(f"{method} {path} was answered {response.status_code}, not {status}")

    def _visitor(self, browser: httpx2.AsyncClient) -> Visitor:
        home = f"{self._app}/"
        return Visitor(browser=browser, issuer=self._issuer, redirect_uri=home, verifier=self._verifier)

    def _tokens(self) -> OldTokens:
        if self._old is None:
            raise Unexpected("nobody signed in")
        return self._old


def _client() -> httpx2.AsyncClient:
    # What the front-end protocol's clients send with every request.
    headers = {"rid": "anti-csrf", "st-auth-mode": "cookie"}
    return httpx2.AsyncClient(headers=headers, follow_redirects=False, timeout=PATIENCE, trust_env=False)
