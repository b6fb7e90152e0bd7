"""The cases' world over the flows directly: no framework, no socket, a clock by hand and chance by count."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from segue.engine.key_making import LocalKeyMaker
from segue.errors import ClaimInvalid, KeyUnknown, SessionError, StoreUnavailable
from segue.flow import Ask, Flow, drive, performer
from segue.http import flows
from segue.http.message import HttpRequest, HttpResponse, json_response
from segue.http.refresh import refresh_session
from segue.http.routes import Route, discovery_response, jwks_response, route
from segue.http.runtime import Runtime
from segue.http.status import error_response
from segue.http.transport import for_new_session
from segue.http.verify import UNAUTHENTICATED_METHODS, Authenticated
from segue.ids import PUBLIC_APP, SessionHandle, TenantId, UserId
from segue.json import JsonObject, parse_object
from segue.sessions import flows as sessions
from segue.sessions.issuing import Issuance, NewSession
from segue.sessions.key_flows import ATTEMPTS, RANDOMNESS, load_keys
from segue.sessions.local import LocalSessions
from segue.sessions.policy import Lifetimes
from segue.stores.memory import MemoryStore
from segue.tokens.access import AccessVerifier
from segue.tokens.algorithms import Algorithm
from segue.tokens.secrets import Secrets
from segue.tokens.signing_keys import KeyPlan, KeyPolicy
from tests.http.keys import access_by, key_of_another, signed_with
from tests.http.world import Cases, Paths, Reply, Setup, World

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segue.http.settings import HttpSettings
    from segue.json import JsonValue

T = TypeVar("T")

START = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
LIFETIMES = Lifetimes(access=timedelta(hours=1), access_jitter=0, refresh=timedelta(days=100))
POLICY = KeyPolicy(
    algorithm=Algorithm.ES256, update_interval=timedelta(hours=168), access_lifetime=LIFETIMES.access
)
SECRETS = Secrets([b"the first deployment secret, long enough"])


class FlowWorld(World):
    """A back end without a framework: our routes, the application's, and one driver for both."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.store = MemoryStore()
        self.now = START
        self.asked: list[str] = []
        self._broken = False
        self._revoked = frozenset[SessionHandle]()
        self._drawn = 0
        self._plan = self._load_keys()
        self._verifier = AccessVerifier(self._plan.verifying)

    # --- what the cases use ------------------------------------------------------------------------------------------

    def send(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Reply:
        """Send a request."""
        request = HttpRequest(
            method=method, path=path, headers=tuple((headers or {}).items()), body=body, client_ip="::1"
        )
        response = self._answer(request)
        return Reply(status=response.status, lines=response.lines(), body=response.body)

    def advance(self, span: timedelta) -> None:
        """Let time pass."""
        self.now += span

    def reconfigure(self, http: HttpSettings) -> None:
        """Restart with other settings on the same store."""
        self.setup.http = http

    def revoke(self, handle: str) -> None:
        """End a session behind the client's back."""
        assert self._run(sessions.revoke(PUBLIC_APP, SessionHandle(handle), at=self.now))

    def read_feed(self) -> None:
        """Let the back end learn which sessions were revoked."""
        self._revoked = frozenset(entry.handle for entry in self.store.revocations_after(0, limit=100))

    def put_payload(self, handle: str, payload: JsonObject) -> None:
        """Replace a session's payload behind the client's back."""
        assert self.store.update_session(PUBLIC_APP, SessionHandle(handle), payload=payload, data=None)

    def stored_payload(self, handle: str) -> JsonObject:
        """The payload as stored."""
        session = self.store.load_session(PUBLIC_APP, SessionHandle(handle))
        assert session is not None
        return session.payload

    def kind_of_key(self, handle: str) -> str:
        """The kind of key with which a session was created, as stored."""
        session = self.store.load_session(PUBLIC_APP, SessionHandle(handle))
        assert session is not None
        return "static" if session.static_key else "dynamic"

    def exists(self, handle: str) -> bool:
        """Whether the store still has a session."""
        return self.store.load_session(PUBLIC_APP, SessionHandle(handle)) is not None

    def break_store(self) -> None:
        """From now on the store does not answer."""
        self._broken = True

    def sign(self, header: JsonObject, claims: JsonObject, *, static: bool = False) -> str:
        """A JWT signed with our present key; *header* and *claims* stand in for what we would write."""
        return signed_with(self._plan, header, claims, static=static)

    def rotate_keys_elsewhere(self) -> str:
        """Another instance makes a new dynamic key and signs a session's token with it."""
        key, sealed = key_of_another(self.now, SECRETS)
        newest = self._plan.dynamic
        assert newest is not None
        assert self.store.add_signing_key(PUBLIC_APP, sealed, if_newest=newest.key_id)
        issued = self._run(
            sessions.create(new_session({}), self._issuance(self.now), randomness=self.draw(32))
        )
        return access_by(key, issued, now=self.now, lifetime=LIFETIMES.access)

    # --- the back end ------------------------------------------------------------------------------------------------

    def _answer(self, request: HttpRequest) -> HttpResponse:
        try:
            try:
                return self._run(self._handle(request, self._runtime()))
            except KeyUnknown:
                self._plan = self._load_keys()
                self._verifier = AccessVerifier(self._plan.verifying)
                return self._run(self._handle(request, self._runtime()))
        except SessionError as error:
            return error_response(error, request, self.setup.http)

    async def _handle(self, request: HttpRequest, runtime: Runtime) -> HttpResponse:
        match route(request, runtime.settings):
            case Route.REFRESH:
                return await refresh_session(request, runtime)
            case Route.SIGN_OUT:
                return await flows.sign_out(request, runtime)
            case Route.JWKS:
                return jwks_response(self._plan.published(), now=runtime.now)
            case Route.DISCOVERY:
                return discovery_response(runtime.settings)
            case Route.MIGRATE | Route.TOKEN | Route.BACK_CHANNEL_LOGOUT | None:
                return await self._application(request, runtime)

    async def _application(self, request: HttpRequest, runtime: Runtime) -> HttpResponse:
        if request.path in {Paths.SIGN_IN, Paths.SIGN_IN_TWICE}:
            first = await self._sign_in(request, runtime)
            if request.path == Paths.SIGN_IN:
                return first
            second = await self._sign_in(request, runtime)
            return json_response(200, {"status": "OK"}, actions=first.actions.then(second.actions))
        if request.method in UNAUTHENTICATED_METHODS:
            return json_response(200, {"session": None})
        demands = self._demands(request.path)
        if demands is None:
            return await self._with_session(request, runtime)
        return told(await flows.authenticate(request, runtime, **demands))

    def _demands(self, path: str) -> dict[str, Any] | None:
        known: dict[str, dict[str, Any]] = {
            Paths.PRIVATE: {},
            Paths.OPTIONAL: {"session_required": False},
            Paths.PROVEN: {"anti_csrf_check": True},
            Paths.STRICT: {"check_database": True},
            Paths.CLAIMS: {"validators": self.setup.validators},
        }
        return known.get(path)

    async def _with_session(self, request: HttpRequest, runtime: Runtime) -> HttpResponse:
        if request.path not in {Paths.MERGE, Paths.LEAVE, Paths.CLAIMS_LATER, Paths.REFRESH_AND_LEAVE}:
            return json_response(404, {"message": "not here"})
        if request.path == Paths.REFRESH_AND_LEAVE:
            return await self._refresh_and_leave(request, runtime)
        found = await flows.authenticate(request, runtime)
        assert found is not None
        if request.path == Paths.MERGE:
            changes = dict(parse_object(request.body))
            slow = changes.pop("slow", None)
            if slow:  # the handler takes its time
                runtime = self._runtime_at(runtime.now + LIFETIMES.access)
            return told(await flows.change_payload(request, found, changes, runtime))
        if request.path == Paths.LEAVE:
            return json_response(200, {}, actions=await flows.revoke_session(found, runtime))
        checked = await flows.check_claims(request, found, self.setup.validators, runtime)
        if checked.failures:
            refusal = error_response(ClaimInvalid(*checked.failures), request, runtime.settings)
            return HttpResponse(status=refusal.status, body=refusal.body, actions=checked.session.actions)
        return told(checked.session)

    async def _refresh_and_leave(self, request: HttpRequest, runtime: Runtime) -> HttpResponse:
        refreshed = await refresh_session(request, runtime)
        text = dict(refreshed.actions.headers).get("st-access-token") or refreshed.actions.cookies[0].value
        access = self._verifier.verify(text, now=runtime.now)
        transport = for_new_session(request, runtime.settings)
        left = await flows.revoke_session(Authenticated(access=access, transport=transport), runtime)
        return json_response(200, {}, actions=refreshed.actions.then(left))

    async def _sign_in(self, request: HttpRequest, runtime: Runtime) -> HttpResponse:
        payload = parse_object(request.body).get("payload")
        assert isinstance(payload, dict)
        issued, actions = await flows.create_session(request, new_session(payload), runtime)
        return json_response(200, {"status": "OK", "handle": issued.session.handle}, actions=actions)

    # --- ports and values --------------------------------------------------------------------------------------------

    def fetch_claim(self, claim: str, *, user_id: UserId, tenant_id: TenantId) -> JsonValue:
        """The application's own source of claims."""
        assert (user_id, tenant_id) == ("ada", "public")
        return self.setup.claims.get(claim)

    def draw(self, count: int) -> bytes:
        """Bytes that look like chance and are the same in every run."""
        self._drawn += 1
        return hashlib.shake_256(str(self._drawn).encode()).digest(count)

    def _runtime(self) -> Runtime:
        return self._runtime_at(self.now)

    def _runtime_at(self, now: datetime) -> Runtime:
        return Runtime(
            settings=self.setup.http,
            verifier=self._verifier,
            sessions=LocalSessions(self._issuance(now), draw=self.draw),
            now=now,
            revoked=self._revoked,
        )

    def _issuance(self, now: datetime) -> Issuance:
        return Issuance(
            app_id=PUBLIC_APP,
            issuer=self.setup.http.issuer,
            secrets=SECRETS,
            lifetimes=LIFETIMES,
            keys=self._plan,
            now=now,
            luck=0.5,
            static_keys=self.setup.http.use_static_keys,
        )

    def _load_keys(self) -> KeyPlan:
        randomness = self.draw(ATTEMPTS * 2 * RANDOMNESS)
        return self._run(load_keys(PUBLIC_APP, POLICY, SECRETS, now=self.now, randomness=randomness))

    def _run(self, flow: Flow[T]) -> T:
        ports = performer(
            {
                "SessionStore": self.store,
                "SessionIndex": self.store,
                "SigningKeyStore": self.store,
                "ClaimSource": self,
                "KeyMaker": LocalKeyMaker(),
            }
        )

        def perform(step: Ask[Any]) -> Any:
            self.asked.append(step.name)
            if self._broken:
                raise StoreUnavailable("broken by the case")
            return ports(step)

        return drive(flow, perform)


class OverFlows(Cases):
    """Opens worlds without a framework."""

    def open(self, setup: Setup) -> World:
        """A fresh back end."""
        return FlowWorld(setup)


def new_session(payload: JsonObject) -> NewSession:
    """Ada's, in the public tenant."""
    return NewSession(user_id=UserId("ada"), payload=payload, data={})


def told(found: Authenticated | None) -> HttpResponse:
    """What the application says of the session that it was given."""
    if found is None:
        return json_response(200, {"session": None})
    claims = found.access.claims
    content: JsonObject = {"session": claims.handle, "userId": claims.user_id, "payload": dict(claims.custom)}
    return json_response(200, content, actions=found.actions)
