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
    old_credential,
    read_on_the_spot,
    require_own_request,
    way_of,
    without_bearer,
)
from segue.http.status import old_refused
from segue.http.transport import Transport
from segue.http.verify import Authenticated, Source
from segue.migration.credential import Credential, OldCookies
from segue.migration.kinds import cookie_names
from segue.migration.once import ClientKey
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
        self._old_cookies = frozenset[str]().union(*map(cookie_names, at_hand.config.providers))

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
                raise old_refused(OtherUserSignedIn("the old token beside the session is of another user"))
            return found
        config = self._at_hand.config
        credential = self._presented(request, anti_csrf_check)
        if credential is None:
            if required:
                raise NoSession
            return None
        way = way_of(request, config.http, config.trusted_origins, credential=credential, wanted=migrate)
        key = None if way is None else client_key(request, config.http)
        accepted = await self._accepted(request, credential, key)
        old = OldSignIn(user_id=accepted.user_id, identity=accepted.identity)
        if way is None or not (accepted.own or (accepted.included and not accepted.moved)):
            return old
        if key is None and migrate is OnTheSpot.SAFELY:
            randomness = self._at_hand.random(KEY_BYTES)
            return replace(
                old, actions=hand_out_key(config.http, now=self._at_hand.clock.now(), randomness=randomness)
            )
        moved = await self._moved(request, credential, way, key)
        if moved is None and accepted.own:
            await self._accepted(
                request, credential, None
            )  # as everybody else: within the grace, or not at all
        return moved or old

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
            if old_credential(request, self._at_hand.config.providers, frozenset()) is None:
                raise
        return await verify(
            without_bearer(request),
            session_required=False,
            anti_csrf_check=anti_csrf_check,
            check_database=check_database,
            validators=(),
        )

    def _presented(self, request: HttpRequest, anti_csrf_check: bool | None) -> Credential | None:
        config = self._at_hand.config
        try:
            credential = old_credential(request, config.providers, self._old_cookies)
            if isinstance(credential, OldCookies):
                require_own_request(
                    request, config.http, config.trusted_origins, anti_csrf_check=anti_csrf_check
                )
        except (TokenRefused, MigrationRefused) as error:
            raise old_refused(error) from error
        return credential

    async def _accepted(
        self, request: HttpRequest, credential: Credential, key: ClientKey | None
    ) -> Accepted:
        try:
            return await self._migration.accept(request, credential, key)
        except (TokenRefused, MigrationRefused) as error:
            raise old_refused(error) from error

    async def _moved(
        self, request: HttpRequest, credential: Credential, way: Transport, key: ClientKey | None
    ) -> Authenticated | None:
        settings = self._at_hand.config.http
        asked = read_on_the_spot(request, settings, way, credential=credential, key=key)
        migrated = await self._migration.try_to_move(request, asked)
        if migrated is None or migrated.issued is None:
            return None
        return Authenticated(
            access=migrated.issued.access,
            transport=way,
            actions=attach_on_the_spot(migrated.issued, request, settings, way),
            source=Source.MIGRATED,
        )
