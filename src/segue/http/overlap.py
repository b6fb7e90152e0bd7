"""
A request that may carry a session of ours or a previous provider's credential, and moving its user on the spot.

Which of the two speaks: ours, if one is there. What an answer may turn into a session: what comes from no other site
(threat T13: nobody signs a stranger's browser in), and from a client that shows that it will keep the session. House
rule: nothing is verified here; a credential that no configured provider could have made counts as none.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum
from typing import ClassVar, Final

from msgspec.structs import replace

from segue.discreet import Discreet
from segue.errors import ConfigurationError, RequestRefused, TokenMalformed, TokenRefused
from segue.http.anti_csrf import AntiCsrfMode
from segue.http.attach import attach, clear
from segue.http.cookies import read_cookies
from segue.http.device import device_of
from segue.http.message import NO_ACTIONS, Actions, Cookie, HttpRequest
from segue.http.migrate import is_from_here
from segue.http.settings import HttpSettings
from segue.http.transport import TransferMethod, Transport, asked_mode, bearer, carries_access
from segue.http.verify import Source
from segue.ids import TenantId, UserId
from segue.json import JsonObject
from segue.migration.flows import MigrationRequest
from segue.migration.kinds import AnyProvider, choose_by_issuer
from segue.migration.mapping import FromClaim, Prefixed, SameId
from segue.migration.model import Identity
from segue.migration.once import ClientKey, parse_client_key
from segue.migration.provider import Provider
from segue.migration.verification import read_issuer
from segue.sessions.issuing import Issued
from segue.tokens.jws import parse_jws

KEY_COOKIE: Final = "sMigrationKey"
KEY_LIFETIME: Final = timedelta(hours=1)
KEY_BYTES: Final = 24


class OnTheSpot(Enum):
    """When the answer to a request of the application's own turns an old credential into a session."""

    SAFELY = "safely"
    """
    With the first request that brings a key which this client alone has: an `Idempotency-Key`, or the cookie that the
    answer to its first request has set. So a lost answer is got again, and who keeps no cookies keeps the old sign-in.
    """
    AT_ONCE = "at_once"
    """
    With the first request, key or no key. Given up: if that answer is lost, the user has to sign in once more.
    """


class OldSignIn(Discreet, frozen=True, kw_only=True):
    """The user of a request, known by a previous provider's credential."""

    unshown: ClassVar = frozenset({"identity", "actions"})

    user_id: UserId
    """Ours, mapped as in a migration."""
    identity: Identity
    """Whom the provider's credential speaks of, verified."""
    actions: Actions = NO_ACTIONS
    """What the response must carry."""

    @property
    def source(self) -> Source:
        """What spoke for the user."""
        return Source.OLD

    @property
    def tenant_id(self) -> TenantId:
        """Where the user signed in."""
        return self.identity.tenant_id


def old_token(request: HttpRequest, providers: tuple[AnyProvider, ...]) -> str | None:
    """The bearer token, if it names one of the providers as its issuer; anything else is nobody's business here."""
    found = _provider_of(request, providers)
    return None if found is None else found[0]


def names_other_user(request: HttpRequest, providers: tuple[AnyProvider, ...], user_id: UserId) -> bool:
    """
    Whether the old token beside a session says that it is of somebody else.

    As far as it says so by itself, without being asked about; it is believed unverified, since it only ever refuses.
    """
    found = _provider_of(request, providers)
    if found is None:
        return False
    _, provider, claims = found
    match provider.map_user:
        case SameId():
            named = claims.get(provider.user_claim)
        case Prefixed(prefix=prefix):
            named = f"{prefix}{claims.get(provider.user_claim)}"
        case FromClaim(name=name):
            named = claims.get(name)
        case _:
            return False
    return named != user_id


def without_bearer(request: HttpRequest) -> HttpRequest:
    """A request as if its Authorization header were not there."""
    return replace(request, headers=tuple(line for line in request.headers if line[0] != "authorization"))


def way_of(
    request: HttpRequest, settings: HttpSettings, trusted_origins: frozenset[str], *, wanted: OnTheSpot | None
) -> Transport | None:
    """
    How the tokens of a session could ride on the answer to this request; None: its user is not to be moved by it.

    Headers are for clients that speak of them (`st-auth-mode`); all others get cookies.
    """
    if wanted is None or not is_from_here(request, settings, trusted_origins):
        return None
    mode = asked_mode(request)
    if settings.token_transfer is TransferMethod.HEADER or (
        settings.token_transfer is TransferMethod.ANY and mode == Transport.HEADER.value
    ):
        return Transport.HEADER if mode else None
    try:
        settings.require_cookies()
    except ConfigurationError:
        return None
    return Transport.COOKIE


def client_key(request: HttpRequest, settings: HttpSettings) -> ClientKey | None:
    """What this client alone has; one that cannot be read counts as none."""
    values = read_cookies(request).all(key_cookie_name(settings))
    given = request.header("idempotency-key") or (values[0] if len(values) == 1 else None)
    try:
        return parse_client_key(given)
    except RequestRefused:
        return None


def hand_out_key(settings: HttpSettings, *, now: datetime, randomness: bytes) -> Actions:
    """Give the browser a key of its own, by which the next request may be answered with a session."""
    cookie = Cookie(
        name=key_cookie_name(settings),
        value=randomness.hex(),
        path="/",
        expires_at=now + KEY_LIFETIME,
        domain=None,
        same_site=settings.same_site,
        secure=settings.secure,
    )
    return Actions(cookies=(cookie,))


def key_cookie_name(settings: HttpSettings) -> str:
    """With the prefix that keeps neighbours of the host from setting it (RFC 6265bis §4.1.3), where it is Secure."""
    return f"__Host-{KEY_COOKIE}" if settings.secure else KEY_COOKIE


def read_on_the_spot(
    request: HttpRequest,
    settings: HttpSettings,
    transport: Transport,
    *,
    token: str,
    key: ClientKey | None,
) -> MigrationRequest:
    """What a request of the application's own presents to be migrated."""
    via_token = settings.anti_csrf_mode is AntiCsrfMode.VIA_TOKEN
    return MigrationRequest(
        token=token,
        client_key=key,
        anti_csrf=via_token and transport is Transport.COOKIE,
        device=device_of(request, settings),
    )


def attach_on_the_spot(
    issued: Issued, request: HttpRequest, settings: HttpSettings, transport: Transport
) -> Actions:
    """Put a new session's tokens on the answer; cookies of a former one that would be in their way go."""
    stale = transport is Transport.HEADER and carries_access(request, read_cookies(request), Transport.COOKIE)
    cleared = clear([Transport.COOKIE], settings) if stale else NO_ACTIONS
    return cleared.then(attach(issued, settings, transport))


def _provider_of(
    request: HttpRequest, providers: tuple[AnyProvider, ...]
) -> tuple[str, Provider, JsonObject] | None:
    text = bearer(request)
    if text is None or not providers or len(request.all("authorization")) != 1:
        return None
    try:
        issuer, claims = read_issuer(parse_jws(text))
    except (TokenMalformed, TokenRefused):
        return None
    provider = choose_by_issuer(providers, issuer)
    return None if provider is None else (text, provider, claims)
