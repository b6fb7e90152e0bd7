"""
One request of the core protocol from beginning to end: whom it is for, whether it is let in, which route answers.

The order of the checks is the protocol's (§2, §3): path, app, address, key, version, method, tenant. House rule: what
a caller sends never becomes a 5xx; what goes wrong here is in the log and not in the answer.
"""

from __future__ import annotations

import asyncio
import logging
import os
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from segue.clock import Clock, SystemClock
from segue.core.apps import Apps, KnownApp
from segue.core.context import Context
from segue.core.keys_at_hand import Randomness
from segue.errors import ConfigurationError, Unavailable
from segue.flow import Flow, T, drive_async, performer_async
from segue.ids import PUBLIC_TENANT, AppId
from segue.service.core.answers import Answer, Refused, tenant_not_found, text_answer
from segue.service.core.call import Call, Route, Through
from segue.service.core.headers import chosen_dialect, demand_address, demand_key
from segue.service.core.paths import Target, target_of
from segue.service.core.routes.general import hello
from segue.service.core.routes.table import OPEN, TABLE
from segue.stores.ports import AsyncStore
from segue.tokens.algorithms import Algorithm
from segue.tokens.signing_keys import PrivateKey

logger = logging.getLogger("segue")

_HELLO_FOR = timedelta(milliseconds=200)
_PORTS = (
    "SessionStore",
    "SessionIndex",
    "SigningKeyStore",
    "AppStore",
    "Removals",
    "UserIdMappings",
    "Users",
    "Ledger",
)


class AsyncKeyMaker(Protocol):
    """The `KeyMaker` port for an event loop."""

    async def make_private_key(self, algorithm: Algorithm) -> PrivateKey:
        """See the port."""
        ...


class CoreRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What the protocol looks at in a request."""

    method: str
    path: str
    """Decoded."""
    query: bytes = b""
    body: bytes = b""
    api_key: str | None = None
    authorization: str | None = None
    cdi_version: str | None = None
    client_ip: str | None = None

    def __repr__(self) -> str:
        return f"<CoreRequest {self.method}>"


class CoreService:
    """The core protocol on a store, for one event loop."""

    def __init__(
        self,
        apps: Apps,
        *,
        store: AsyncStore,
        keys: AsyncKeyMaker,
        base_path: str = "",
        clock: Clock | None = None,
        randomness: Randomness = os.urandom,
    ) -> None:
        """
        Args:
            apps: with the settings and secrets of the deployment.
            store: closed by whoever made it.
            keys: makes signing keys.
            base_path: see `target_of`.
            clock: tells the time of every operation.
            randomness: as many bytes as asked for.
        """
        self.apps = apps
        self._perform = performer_async({**dict.fromkeys(_PORTS, store), "KeyMaker": keys})
        self._base_path = base_path
        self._clock = clock or SystemClock()
        self._random = randomness
        self._looking = asyncio.Lock()
        self._loading: dict[AppId, asyncio.Lock] = {}
        self._said: tuple[datetime, Answer] | None = None

    async def answer(self, request: CoreRequest) -> Answer:
        """Answer one request."""
        target = target_of(request.path, base_path=self._base_path, served=TABLE)
        if target is None:
            return text_answer(404, "Not found")
        try:
            return await self._answer(request, target)
        except Refused as refused:
            return text_answer(refused.status, refused.text)
        except Unavailable as error:
            logger.warning("%s cannot be answered: %s", target.path, error)
            return text_answer(503, "The database does not answer; try again")
        except ConfigurationError as error:
            logger.error("%s of app %s: %s", target.path, target.app_id, error)  # noqa: TRY400 - facts suffice
            return text_answer(500, "The settings of this app do not work; see the log")

    def now(self) -> datetime:
        """The present instant."""
        return self._clock.now()

    async def run(self, flow: Flow[T]) -> T:
        """Drive a flow with this service's ports."""
        return await drive_async(flow, self._perform)

    async def ready(self, known: KnownApp, now: datetime) -> None:
        """Have an app's keys at hand; of many who want that at once, one does the work."""
        if known.keys.due(now):
            async with self._loading.setdefault(known.app_id, asyncio.Lock()):
                if known.keys.due(now):
                    await self.run(known.keys.reload(now, self._random))

    async def _answer(self, request: CoreRequest, target: Target) -> Answer:
        now = self._clock.now()
        route = TABLE[target.path].get(request.method)
        known = await self._app(target, now)
        self._demand(request, known, target, route)
        context = Context(app=known, now=now, random=self._random)
        dialect = chosen_dialect(known.settings, request.cdi_version, strictly=_strict(route))
        if target.tenant_id != PUBLIC_TENANT and not dialect.has_tenants:
            return text_answer(404, "Not found")
        if route is None:
            return _wrong_method(target)
        call = Call(
            context,
            dialect,
            apps=self.apps,
            tenant_id=target.tenant_id,
            body=request.body,
            query=request.query,
        )
        if route.through is Through.APP:
            call.demand_public_tenant()
        if route.handler is hello:
            return await self._hello(call)
        await self.ready(known, now)
        return await self.run(_handled(route, call))

    async def _app(self, target: Target, now: datetime) -> KnownApp:
        """
        The app of a path; one look into the store serves all who wait for it.

        Raises:
            Refused: there is none.
        """
        known = self.apps.at_hand(target.app_id, now=now)
        if known is None:
            async with self._looking:
                known = await self.run(self.apps.find(target.app_id, now=now))
        if known is None:
            raise tenant_not_found()
        return known

    def _demand(self, request: CoreRequest, known: KnownApp, target: Target, route: Route | None) -> None:
        demand_address(known.settings, request.client_ip)
        if target.path not in OPEN and (route is None or not route.open):
            demand_key(known.settings, request.api_key, request.authorization)

    async def _hello(self, call: Call) -> Answer:
        """Ask the store at most five times a second, for anybody may ask here."""
        now, said = call.context.now, self._said
        if said is None or not said[0] <= now < said[0] + _HELLO_FOR:
            said = self._said = (now, await self.run(hello(call)))
        return said[1]


def _wrong_method(target: Target) -> Answer:
    allowed = ", ".join(sorted(TABLE[target.path])).encode()
    return text_answer(405, "Method not supported", headers=((b"allow", allowed),))


def _strict(route: Route | None) -> bool:
    return route is None or not (route.open or route.any_version)


async def _handled(route: Route, call: Call) -> Answer:
    if route.through is Through.TENANT:
        await call.demand_tenant(call.tenant_id)
    return await route.handler(call)
