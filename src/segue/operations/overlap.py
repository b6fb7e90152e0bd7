"""
Requests of the time in which both count: a session of ours, or a previous provider's credential.

A session decides alone. Without one the old credential is looked at by the rules of a migration, and where the route
wishes, the answer turns it into a session; whatever comes of that, the request itself goes on. House rule: letting an
old credential speak is no attempt to migrate and is not recorded as one; only what looks like forging is counted.
"""

from __future__ import annotations

from msgspec.structs import replace

from segue.errors import (
    KeyUnknown,
    MigrationRefused,
    NoSession,
    OldSignInRefused,
    OtherUserSignedIn,
    SignatureRefused,
    TokenRefused,
)
from segue.http.message import HttpRequest
from segue.http.overlap import (
    KEY_BYTES,
    OldSignIn,
    OnTheSpot,
    attach_on_the_spot,
    client_key,
    hand_out_key,
    names_other_user,
    old_token,
    read_on_the_spot,
    way_of,
    without_bearer,
)
from segue.http.transport import Transport
from segue.http.verify import Authenticated, Source
from segue.migration.overlap import Accepted
from segue.operations.at_hand import AtHand
from segue.operations.migration import MigrationOperations
from segue.operations.sessions import SessionOperations


class OverlapOperations:
    """Old or new, of one app."""

    def __init__(self, at_hand: AtHand, sessions: SessionOperations, migration: MigrationOperations) -> None:
        """
        Args:
            at_hand: configuration, time, randomness.
            sessions: verifies ours.
            migration: verifies old ones, and moves them.
        """
        self._at_hand = at_hand
        self._sessions = sessions
        self._migration = migration

    async def authenticate_either(
        self,
        request: HttpRequest,
        *,
        required: bool,
        anti_csrf_check: bool | None,
        check_database: bool,
        migrate: OnTheSpot | None,
    ) -> Authenticated | OldSignIn | None:
        """See `Engine.authenticate_either`."""
        providers = self._at_hand.config.providers
        found = await self._ours(request, anti_csrf_check=anti_csrf_check, check_database=check_database)
        if found is not None:
            if found.transport is Transport.COOKIE and names_other_user(request, providers, found.user_id):
                raise OldSignInRefused(
                    OtherUserSignedIn("the old token beside the session is of another user")
                )
            return found
        token = old_token(request, providers)
        if token is None:
            if required:
                raise NoSession
            return None
        accepted = await self._accepted(request, token)
        old = OldSignIn(user_id=accepted.user_id, identity=accepted.identity)
        if accepted.moved or not accepted.included:
            return old
        return await self._moved(request, token, old, wanted=migrate)

    async def _ours(
        self, request: HttpRequest, *, anti_csrf_check: bool | None, check_database: bool
    ) -> Authenticated | None:
        if not check_database:
            found = self._at_hand.authenticate(
                request, session_required=False, anti_csrf_check=anti_csrf_check
            )
            if found is not None:
                return found
        verify = self._sessions.authenticate
        try:
            return await verify(
                request,
                session_required=False,
                anti_csrf_check=anti_csrf_check,
                check_database=check_database,
                validators=(),
            )
        except (KeyUnknown, SignatureRefused):
            # A provider's tokens may look like ours: another core's do.
            if old_token(request, self._at_hand.config.providers) is None:
                raise
        return await verify(
            without_bearer(request),
            session_required=False,
            anti_csrf_check=anti_csrf_check,
            check_database=check_database,
            validators=(),
        )

    async def _accepted(self, request: HttpRequest, token: str) -> Accepted:
        try:
            return await self._migration.accept(request, token)
        except (TokenRefused, MigrationRefused) as error:
            raise OldSignInRefused(error) from error

    async def _moved(
        self, request: HttpRequest, token: str, old: OldSignIn, *, wanted: OnTheSpot | None
    ) -> Authenticated | OldSignIn:
        """With a session if it can have one now; as it came otherwise."""
        config = self._at_hand.config
        settings = config.http
        transport = way_of(request, settings, config.trusted_origins, wanted=wanted)
        if transport is None:
            return old
        key = client_key(request, settings)
        if key is None and wanted is OnTheSpot.SAFELY:
            randomness = self._at_hand.random(KEY_BYTES)
            return replace(
                old, actions=hand_out_key(settings, now=self._at_hand.clock.now(), randomness=randomness)
            )
        asked = read_on_the_spot(request, settings, transport, token=token, key=key)
        migrated = await self._migration.try_to_move(request, asked)
        if migrated is None or migrated.issued is None:
            return old
        return Authenticated(
            access=migrated.issued.access,
            transport=transport,
            actions=attach_on_the_spot(migrated.issued, request, settings, transport),
            source=Source.MIGRATED,
        )
