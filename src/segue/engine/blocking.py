"""`Engine`: the operations for blocking callers. House rule: a method is one line; `asynchronous` has the same."""

from __future__ import annotations

import os

from segue.application import Application, FetchClaim
from segue.clock import Clock, SystemClock
from segue.config import Config
from segue.engine.key_making import LocalKeyMaker
from segue.engine.ports import ports, require_home, require_web
from segue.errors import SessionError
from segue.flow import Flow, T, drive, performer
from segue.http.flows import Authenticated, Checked
from segue.http.message import Actions, HttpRequest, HttpResponse
from segue.http.overlap import OldSignIn, OnTheSpot
from segue.ids import SessionHandle, TenantId, UserId
from segue.json import JsonObject
from segue.migration.credential import Credential
from segue.migration.ending import DeliveryReport
from segue.migration.model import Identity
from segue.migration.pins import PinReport
from segue.migration.records import MintedCount
from segue.migration.report import Report
from segue.migration.rollout import Rollout
from segue.migration.web import Web
from segue.operations import Operations, Randomness
from segue.operations.attempts import OnEvent
from segue.operations.migration import OnPins
from segue.remote.wire import CoreWire
from segue.sessions.claims import ClaimValidator
from segue.sessions.issuing import Issued, NewSession
from segue.sessions.model import ByProvenance, Selection, SessionView
from segue.stores.ports import Store
from segue.tokens.access import AccessClaims
from segue.tokens.signing_keys import SigningKey


class Engine:
    """
    Sessions and migration for blocking callers, in as many threads as they like.

    Args:
        config: checked already.
        store: where sessions live, and the ledger of migrations; closed with the engine.
        core: a remote core in which sessions live instead; closed with the engine. Then a store is for migrations only.
        web: for providers with live keys or revocation; closed by whoever made it.
        fetch_claim: the application's values of session claims.
        on_event: told of every attempt to migrate, once, when it is over; on the caller's thread, so be quick.
        clock: tells the time of every operation.
        randomness: as many bytes as asked for; the machine's own unless a test replays.

    Raises:
        ConfigurationError: a provider needs *web* or a store, or there is neither store nor core.
    """

    def __init__(
        self,
        config: Config,
        *,
        store: Store | None = None,
        core: CoreWire | None = None,
        web: Web | None = None,
        fetch_claim: FetchClaim | None = None,
        on_event: OnEvent | None = None,
        clock: Clock | None = None,
        randomness: Randomness = os.urandom,
    ) -> None:
        require_web(config, web, "HttpWeb")
        require_home(config, store, core, blocking=True)
        application = Application(config.providers, fetch_claim)
        self.config = config
        self.store = store or _nothing_kept()
        remote = None if core is None else core.core
        operations = Operations(
            config, core=remote, clock=clock or SystemClock(), randomness=randomness, on_event=on_event
        )
        self._core = core
        self._at_hand = operations.at_hand
        self._sessions = operations.sessions
        self._migration = operations.migration
        self._overlap = operations.overlap
        self._routes = operations.routes
        self._oversight = operations.oversight
        self._upkeep = operations.upkeep
        self._perform = performer(ports(self.store, web, application, LocalKeyMaker(), core))

    def _run(self, flow: Flow[T]) -> T:
        return drive(flow, self._perform)

    def close(self) -> None:
        """Write down what attempts are not written yet, and close store and core."""
        self._run(self._migration.attempts.flush())
        self.store.close()
        if self._core is not None:
            self._core.close()

    def create_session(self, new: NewSession) -> Issued:
        """Create a session and its first tokens; the caller hands them out."""
        return self._run(self._sessions.create_session(new))

    def create_session_on(self, request: HttpRequest, new: NewSession) -> tuple[Issued, Actions]:
        """
        Create a session for whoever sent the request; the actions put its tokens on the response.

        Raises:
            ConfigurationError: the client wants cookies that browsers would drop.
        """
        return self._run(self._sessions.create_session_on(request, new))

    def authenticate(
        self,
        request: HttpRequest,
        *,
        session_required: bool = True,
        anti_csrf_check: bool | None = None,
        check_database: bool = False,
        validators: tuple[ClaimValidator, ...] = (),
    ) -> Authenticated | None:
        """
        Verify the session of a request; None: there is none, and none is required.

        Args:
            request: of any method but OPTIONS and TRACE, which carry no credentials.
            session_required: refuse a request without a session.
            anti_csrf_check: demand proof beside a cookie; None: for all methods but GET.
            check_database: ask the store whether the session still stands; otherwise no I/O.
            validators: claims that the session must have.

        Raises:
            SessionRefused, TokenRefused: `refuse` turns them into an answer.
            StoreUnavailable: the store was asked and does not answer.
        """
        if not (check_database or validators):
            found = self._at_hand.authenticate(
                request, session_required=session_required, anti_csrf_check=anti_csrf_check
            )
            if found is not None:
                return found
        return self._run(
            self._sessions.authenticate(
                request,
                session_required=session_required,
                anti_csrf_check=anti_csrf_check,
                check_database=check_database,
                validators=validators,
            )
        )

    def authenticate_either(
        self,
        request: HttpRequest,
        *,
        required: bool = True,
        anti_csrf_check: bool | None = None,
        check_database: bool = False,
        migrate: OnTheSpot | None = None,
    ) -> Authenticated | OldSignIn | None:
        """
        Who sends a request, by a session of ours or by a previous provider's credential; `source` says which.

        A session decides alone, and if it has expired, so that the client refreshes it, the old credential is not
        looked at. None: neither is there, and none is required.

        Args:
            request: whole, with the client's address; of any method but OPTIONS and TRACE.
            required: refuse a request with neither.
            anti_csrf_check: as for `authenticate`.
            check_database: as for `authenticate`; an old credential is always held against the store.
            migrate: when the answer to this very request makes a session of the old sign-in; None: never. What comes
                back then is the session, whose `actions` the response must carry, as it must those of an old sign-in.

        Raises:
            OldSignInRefused: the old credential speaks for nobody; the answer of `refuse` sends no client in circles.
            SessionRefused, TokenRefused: as for `authenticate`.
            Unavailable: store, provider or application do not answer.
        """
        return self._run(
            self._overlap.authenticate_either(
                request,
                required=required,
                anti_csrf_check=anti_csrf_check,
                check_database=check_database,
                migrate=migrate,
            )
        )

    def verify_access_token(self, text: str) -> AccessClaims:
        """
        Verify an access token without a request.

        Raises:
            TokenRefused: it does not hold (any more).
            SessionGone: its session was revoked.
            StoreUnavailable: what was revoked could not be asked for, and `stale_feed` says to refuse.
        """
        known = self._at_hand.verify(text)
        if known is not None:
            return known
        return self._run(self._sessions.verify_access_token(text))

    def watch_revocations(self) -> None:
        """
        Ask for what was revoked elsewhere, ahead of the requests that would ask otherwise.

        Raises:
            StoreUnavailable: it could not be asked for, and `stale_feed` says to refuse.
        """
        self._run(self._at_hand.watch_revocations())

    def refresh(self, refresh_token: str) -> Issued:
        """
        Exchange a refresh token for the next one and a new access token.

        Raises:
            RefreshRefused: unknown, expired, or reused; on reuse the session is revoked.
        """
        return self._run(self._sessions.refresh(refresh_token))

    def change_payload(
        self, request: HttpRequest, found: Authenticated, changes: JsonObject
    ) -> Authenticated:
        """
        Merge into the payload of a request's session; null takes a member away.

        Merges at the same time, in whatever processes, lose nothing of one another.

        Raises:
            SessionGone: there is no such session any more.
            Contended: others kept changing its payload.
        """
        return self._run(self._sessions.change_payload(request, found, changes))

    def check_claims(
        self, request: HttpRequest, found: Authenticated, validators: tuple[ClaimValidator, ...]
    ) -> Checked:
        """
        Judge claims of a request's session later than `authenticate`; those missing or too old are fetched and stored.

        The response must carry `session.actions` of the result, whether or not there are failures.

        Raises:
            SessionGone: there is no such session any more.
        """
        return self._run(self._sessions.check_claims(request, found, validators))

    def revoke_session(self, found: Authenticated) -> Actions:
        """End the session of a request; the actions take its tokens off the client."""
        return self._run(self._sessions.revoke_session(found))

    def load_session(self, handle: SessionHandle) -> SessionView | None:
        """The session as stored, while it lives."""
        return self._run(self._sessions.load_session(handle))

    def list_sessions(
        self,
        user_id: UserId,
        *,
        tenant_id: TenantId | None = None,
        limit: int = 100,
        after: SessionView | None = None,
    ) -> tuple[SessionView, ...]:
        """
        A user's living sessions, newest first; of one tenant or of all.

        Args:
            user_id: our id of the user.
            tenant_id: None for all tenants.
            limit: how many at most, 1 to 10 000.
            after: the last one of the page before, to go on from there.

        Raises:
            ValueError: a limit below 1 or above 10 000.
        """
        return self._run(self._sessions.list_sessions(user_id, tenant_id=tenant_id, limit=limit, after=after))

    def revoke(self, selection: Selection | SessionHandle) -> tuple[SessionHandle, ...]:
        """
        Revoke a session, or all that a selection names; the handles of those that lived.

        Many go in batches, each a transaction of its own. If that is broken off, what went stays gone: call again.
        """
        return self._run(self._sessions.revoke(selection))

    def replace_data(self, handle: SessionHandle, data: JsonObject) -> bool:
        """Replace what a session keeps on the server; whether the session is there."""
        return self._run(self._sessions.replace_data(handle, data))

    def list_signing_keys(self) -> tuple[SigningKey, ...]:
        """Our own keys that verify now: dynamic ones newest first, then static ones."""
        return self._run(self._upkeep.list_signing_keys())

    def revoke_signing_keys(self, key_ids: tuple[str, ...]) -> tuple[SigningKey, ...]:
        """
        Forget keys that others may know, and make new ones; the keys that verify afterwards.

        Access tokens signed by them are refused at once here and within half a minute in other processes, and clients
        refresh silently. Refresh tokens are not signed by these keys and stay good. Caches of our JWKS elsewhere keep
        a key as long as they were told to.

        Raises:
            LookupError: there is no such key; nothing was revoked.
        """
        return self._run(self._upkeep.revoke_signing_keys(key_ids))

    def verify_provider_token(self, token: str) -> Identity:
        """
        Verify a previous provider's token, and nothing else: whom does it speak of?

        Raises:
            TokenRefused: it does not hold.
            MigrationClosed: the provider's deadline has passed.
            KeysUnavailable: its keys cannot be had at the moment.
        """
        return self._run(self._migration.verify_provider_token(token))

    def verify_credential(self, credential: Credential, *, provider: str | None = None) -> Identity:
        """
        Verify a previous provider's credential of any kind, and nothing else: whom does it speak of?

        Args:
            credential: a `BearerToken`, or `OldCookies`.
            provider: the name of the one that is meant, where the credential leaves several.

        Raises:
            TokenRefused: it does not hold.
            MigrationRefused: the provider's deadline has passed, or it says that the sign-in is over.
            Unavailable: what proves it cannot be had at the moment.
        """
        return self._run(self._migration.verify_credential(credential, provider=provider))

    def warm_up(self) -> bool:
        """
        Have signing keys and the providers' live keys at hand before the first request.

        False: a provider did not answer; requests will ask again.
        """
        return self._run(self._upkeep.warm_up())

    def check_pins(self) -> tuple[PinReport, ...]:
        """
        Compare pinned keys with those that the providers publish now, where that is configured.

        A difference that is new is a warning in the log; nobody is refused for it.
        """
        return self._run(self._migration.check_pins())

    def report(self) -> Report:
        """How far the move has come, exact over all processes, and when the old provider can be switched off."""
        return self._run(self._oversight.report())

    def count_minted(self, minted: ByProvenance) -> MintedCount:
        """How many living sessions come from there: what `revoke` would end."""
        return self._run(self._oversight.count_minted(minted))

    def rollouts(self) -> dict[str, Rollout]:
        """The roll-out of every provider as it is in effect: the switch where one is set, else the configuration."""
        return self._run(self._oversight.rollouts())

    def set_rollout(self, provider: str, rollout: Rollout | None) -> None:
        """
        Set the switch of a provider, which every process sees within a second; None: as configured.

        Raises:
            ConfigurationError: there is no such provider.
        """
        self._run(self._oversight.set_rollout(provider, rollout))

    def listen(self, listener: OnEvent) -> None:
        """Tell *listener*, too, of every attempt to migrate."""
        self._migration.attempts.listen(listener)

    def listen_to_pins(self, listener: OnPins) -> None:
        """Tell *listener* of every comparison of a provider's keys with the pinned ones (`check_pins`)."""
        self._migration.listen_to_pins(listener)

    def flush(self) -> bool:
        """
        Write down the attempts that wait for it; False: the store does not answer, and they wait on.

        Attempts that made a session are written with it. Of the others those of the last second wait here; without
        `BackgroundWork`, which calls this every second, until the next attempt or `close`.
        """
        return self._run(self._oversight.flush())

    def deliver(self, *, limit: int = 20) -> DeliveryReport:
        """Tell providers to end old sessions: one round of what is due in the outbox."""
        return self._run(self._upkeep.deliver(limit=limit))

    def clean_up(self) -> int:
        """Delete one batch of what is over or removed; how many rows went, about. Zero: nothing is left to do."""
        return self._run(self._upkeep.clean_up())

    def answers(self, request: HttpRequest) -> bool:
        """Whether the request is for one of our routes; its body is not looked at."""
        return self._routes.answers(request)

    def respond(self, request: HttpRequest) -> HttpResponse:
        """Answer one of our routes; no refusal is raised."""
        return self._run(self._routes.respond(request))

    def inheriting(self, new: NewSession, identity: Identity) -> NewSession:
        """
        A session to be created that ends no later than the sign-in it stands on, and remembers where it came from.

        Raises:
            SignInTooOld: that is past already.
        """
        return self._migration.inheriting(new, identity)

    def refuse_migration(self, error: SessionError, request: HttpRequest) -> HttpResponse:
        """The answer to a migration that was refused with this error, which is logged."""
        return self._migration.refuse(error, request)

    def refuse(self, error: SessionError, request: HttpRequest) -> HttpResponse:
        """The answer to a request whose session was refused with this error."""
        return self._routes.refuse(error, request)


def _nothing_kept() -> Store:
    """Where all sessions live in a remote core and nobody is migrated."""
    from segue.stores.memory import MemoryStore  # noqa: PLC0415 - no other engine needs it: 10 ms of each start

    return MemoryStore()
