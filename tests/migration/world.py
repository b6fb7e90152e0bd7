"""Everything around a migration: a store, the provider's web, the application's mapping, and flows run step by step."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from threading import Lock
from typing import Any, TypeVar

from segue.errors import FetchFailed, SessionError, StateUnavailable, StoreUnavailable
from segue.flow import Ask, Flow, drive, performer
from segue.ids import PUBLIC_APP, SessionHandle, TenantId, UserId
from segue.migration.credential import BearerToken
from segue.migration.endings import Revocation7009
from segue.migration.flows import RANDOMNESS, Migrated, MigrationRequest, migrate
from segue.migration.key_cache import KeyCache
from segue.migration.key_holder import KeyCacheHolder
from segue.migration.key_sources import LiveKeys
from segue.migration.kinds import AnyProvider
from segue.migration.minting import LocalMinting
from segue.migration.model import Delivery, DeliveryState, Identity
from segue.migration.once import ClientKey
from segue.migration.provider import Provider
from segue.migration.user_state import Standing
from segue.migration.verifying import Migration
from segue.migration.web import WebRequest, WebResponse
from segue.sessions import flows as session_flows
from segue.sessions.issuing import Issuance, NewSession
from segue.sessions.model import ByProvenance, Session
from segue.sessions.policy import Lifetimes
from segue.stores.memory.store import MemoryStore
from segue.tokens.algorithms import Algorithm
from segue.tokens.jwk import public_jwk
from segue.tokens.secrets import Secrets
from segue.tokens.signing_keys import KeyKind, KeyPlan
from tests.migration.issuer import ISSUER, NOW, key, provider
from tests.migration.issuer import token as good_token
from tests.support.keys import make_signing_key

T = TypeVar("T")

SECRETS = Secrets([bytes(range(32))])
NEWER_SECRETS = Secrets([bytes(range(100, 132)), bytes(range(32))])
"""The same deployment after a new secret was put first."""
OTHER_SECRETS = Secrets([bytes(range(100, 132))])
"""The same after the first one was dropped."""
CLIENT = ClientKey(text="0e0e7bd4-4dbb-4a6f-9f0a-0d3d6e3f2a51")
STRANGER = ClientKey(text="4f6a1c0e-9a3c-4a43-8a39-7a6f7a1d9b02")

LATER = NOW + timedelta(minutes=1)
REVOCATION = Revocation7009(url=f"{ISSUER}/revoke", client_id="page")

_SIGNING = make_signing_key(KeyKind.DYNAMIC, Algorithm.ES256, now=NOW - timedelta(hours=1), unique="")
_PLAN = KeyPlan(
    dynamic=_SIGNING,
    static=None,
    verifying=(_SIGNING,),
    outdated=(),
    make=(),
    next_change=NOW + timedelta(days=1),
)


def issuance(
    *, now: datetime = NOW, secrets: Secrets = SECRETS, plan: KeyPlan = _PLAN, **lifetimes: Any
) -> Issuance:
    """What our tokens are made with."""
    return Issuance(
        app_id=PUBLIC_APP,
        issuer="https://api.example/auth",
        secrets=secrets,
        lifetimes=Lifetimes(**lifetimes),
        keys=plan,
        now=now,
        luck=0.0,
    )


def random_bytes(number: int) -> bytes:
    """Randomness of the number-th call, different in every part."""
    return bytes((number * 7 + position) % 256 for position in range(RANDOMNESS))


class Issuer:
    """The provider on the web, while it answers."""

    def __init__(self) -> None:
        self.down = False
        self.seen: list[WebRequest] = []
        self.revocation = WebResponse(status=200)
        self.refuses: frozenset[str] = frozenset()
        """Fields of a form that make revocation a bad request."""

    def exchange(self, request: WebRequest) -> WebResponse:
        """Discovery, keys and revocation."""
        self.seen.append(request)
        if self.down:
            raise FetchFailed(request.place, "no answer in time")
        match request.url.removeprefix(ISSUER):
            case "/.well-known/openid-configuration":
                return _json({"issuer": ISSUER, "jwks_uri": f"{ISSUER}/jwks"})
            case "/jwks":
                return _json(
                    {"keys": [public_jwk(key().public_key(), key_id="k1", algorithm=Algorithm.ES256)]}
                )
            case "/revoke":
                fields = (request.body or b"").decode().split("&")
                return self.revocation if self.refuses.isdisjoint(fields) else WebResponse(status=400)
            case _:
                return WebResponse(status=404)


def _json(value: object) -> WebResponse:
    return WebResponse(status=200, body=json.dumps(value).encode())


class Users:
    """The application's own mapping."""

    def __init__(self) -> None:
        self.answer: Callable[[Identity], object] = lambda identity: f"user-of-{identity.subject}"

        self.by_email: dict[str, UserId] = {}
        self.created: list[tuple[str, UserId]] = []
        self.make: Callable[[Identity, UserId], object] = lambda _identity, proposed: proposed
        self.standing: object = Standing.ACTIVE
        self.since: object = None

    def map_user(self, identity: Identity) -> object:
        """Whatever the application's callable answers."""
        return self.answer(identity)

    def find_by_email(self, _identity: Identity, address: str) -> UserId | None:
        """The application's users by address."""
        return self.by_email.get(address)

    def create_user(self, identity: Identity, proposed: UserId) -> object:
        """The application makes a user, and notes it."""
        self.created.append((identity.subject, proposed))
        return self.make(identity, proposed)

    def check_user(self, _identity: Identity, _user_id: UserId) -> object:
        """Whatever the application says of the user."""
        return self.standing

    def valid_since(self, _identity: Identity) -> object:
        """Whatever the provider's cut-off is."""
        return self.since


@dataclass(kw_only=True)
class World:
    """One deployment, and what was asked of its ports."""

    store: MemoryStore = field(default_factory=MemoryStore)
    issuer: Issuer = field(default_factory=Issuer)
    users: Users = field(default_factory=Users)
    providers: tuple[AnyProvider, ...] = field(default_factory=lambda: (provider(),))
    asked: list[str] = field(default_factory=list[str])
    caches: dict[str, KeyCacheHolder] = field(default_factory=dict[str, KeyCacheHolder])

    def perform(self, step: Ask[Any]) -> Any:
        """Answer one ask."""
        self.asked.append(step.name)
        stores = dict.fromkeys(("Ledger", "Outbox", "Identities", "SessionStore", "SessionIndex"), self.store)
        return performer({**stores, "Web": self.issuer, "UserMapper": self.users, "UserState": self.users})(
            step
        )

    @property
    def migration(self) -> Migration:
        """What is configured, the caches of live keys being kept."""
        for each in self.providers:
            if (
                isinstance(each, Provider)
                and isinstance(each.keys, LiveKeys)
                and each.name not in self.caches
            ):
                self.caches[each.name] = KeyCacheHolder(KeyCache(rules=each.keys.rules), lock=Lock())
        return Migration(providers=self.providers, key_caches=self.caches, version="test")

    def flow(self, made: MigrationRequest, *, number: int = 1, by: Issuance | None = None) -> Flow[Migrated]:
        """A migration that has not begun."""
        return migrate(made, self.migration, LocalMinting(by or issuance()), randomness=random_bytes(number))

    def migrate(
        self, made: MigrationRequest | None = None, *, number: int = 1, by: Issuance | None = None
    ) -> Migrated:
        """A migration from beginning to end."""
        return self.drive(self.flow(made or request(), number=number, by=by))

    def drive(self, flow: Flow[T]) -> T:
        """Any flow from beginning to end."""
        return drive(flow, self.perform)

    def sessions(self, *, at: datetime = NOW) -> tuple[Session, ...]:
        """Every migrated session that lives."""
        return self.store.list_sessions(PUBLIC_APP, ByProvenance(issuer=ISSUER), at=at, limit=100)

    def deliveries(self, state: DeliveryState = DeliveryState.PENDING) -> tuple[Delivery, ...]:
        """The outbox."""
        return self.store.list_deliveries(state=state, limit=100)

    def session(self, handle: SessionHandle) -> Session:
        """A session that is there."""
        found = self.store.load_session(PUBLIC_APP, handle)
        if found is None:
            raise LookupError(handle)
        return found

    @contextmanager
    def nothing_written(self) -> Generator[None]:
        """Demand that the block leaves sessions and outbox as they are, and that alice may still migrate."""
        before = (self.sessions(), self.deliveries())
        yield
        if (self.sessions(), self.deliveries()) != before:
            raise AssertionError("something was written")


def request(token: str = "", **changes: Any) -> MigrationRequest:
    """What alice's page sends; with another *token*, or with whatever else."""
    made: dict[str, Any] = {
        "credential": BearerToken(text=token or good_token()),
        "client_key": CLIENT,
        "old_refresh_token": "old-refresh-token",
    }
    return MigrationRequest(**{**made, **changes})


def refresh_text(migrated: Migrated) -> str:
    """The refresh token that came of a migration."""
    if migrated.issued is None:
        raise LookupError("no tokens came of it")
    return migrated.issued.refresh.text


def mapped(identity: Identity) -> str:
    """Stands in the configuration; the world's `Users` answers for it."""
    return identity.subject


def revoking(**changes: Any) -> Provider:
    """A provider at which old sessions are ended."""
    return provider(**{"revocation": REVOCATION, **changes})


def signed_in(world: World, name: str, *, tenant: str = "public") -> SessionHandle:
    """A session of ours that somebody has without any migration."""
    new = NewSession(user_id=UserId(name), tenant_id=TenantId(tenant), payload={}, data={})
    randomness = bytes(range(100, 100 + session_flows.RANDOMNESS))
    return world.drive(session_flows.create(new, issuance(), randomness=randomness)).session.handle


# --- step by step ----------------------------------------------------------------------------------------------------


def interleave(
    flows: Mapping[str, Flow[Migrated]], order: tuple[str, ...], perform: Callable[[Ask[Any]], Any]
) -> dict[str, Migrated | str]:
    """
    Run flows at once, their asks in this order; what came of each, a refusal by its code.

    Letters of a flow that has ended are skipped; one that has not ended with its letters is an error.
    """
    ended: dict[str, Migrated | str] = {}
    waiting: dict[str, Ask[Any]] = {}

    def advance(name: str, move: Callable[[], Ask[Any]]) -> None:
        try:
            waiting[name] = move()
        except StopIteration as done:
            ended[name] = done.value
        except SessionError as error:
            ended[name] = error.code

    for name, flow in flows.items():
        advance(name, partial(flow.send, None))
    for name in order:
        if name not in ended:
            reply = perform(waiting[name])
            advance(name, partial(flows[name].send, reply))
    if len(ended) != len(flows):
        raise AssertionError("the order is too short")
    return ended


FAULTS: Mapping[str, SessionError] = {
    "Web": FetchFailed("old.example", "no answer in time"),
    "Ledger": StoreUnavailable("locked"),
    "Outbox": StoreUnavailable("locked"),
    "Identities": StoreUnavailable("locked"),
    "SessionStore": StoreUnavailable("locked"),
    "SessionIndex": StoreUnavailable("locked"),
    "UserMapper": StoreUnavailable("the application's own database"),
    "UserState": StoreUnavailable("the application's own database"),
    "OldApplication": StateUnavailable("shop", "find_session raised ConnectionError"),
    "CredentialVerifier": StateUnavailable("own", "verify raised ConnectionError"),
}
"""How each port fails."""


def run_with_fault(
    flow: Flow[Any], perform: Callable[[Ask[Any]], Any], *, at: int, done: bool, stopped: bool
) -> SessionError | None:
    """
    Run a flow whose ask number *at* goes wrong; how the flow ended, None if its process stopped.

    Args:
        flow: consumed.
        perform: answers the other asks.
        at: from 0.
        done: the port did what it was asked before things went wrong.
        stopped: the process ends there, instead of the port raising.
    """
    step: Ask[Any] = flow.send(None)
    for _ in range(at):
        step = flow.send(perform(step))
    if done:
        perform(step)
    if stopped:
        flow.close()
        return None
    try:
        flow.throw(FAULTS[step.port])
        while True:  # the flow may catch it and ask on
            step = flow.send(perform(step))
    except StopIteration:
        raise AssertionError("the fault was swallowed") from None
    except SessionError as error:
        return error
    finally:
        flow.close()
