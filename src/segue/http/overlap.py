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
from segue.errors import AntiCsrfRefused, ConfigurationError, RequestRefused, TokenRefused
from segue.http.anti_csrf import AntiCsrfMode
from segue.http.attach import attach, clear
from segue.http.cookies import read_cookies
from segue.http.device import device_of
from segue.http.message import NO_ACTIONS, Actions, Cookie, HttpRequest
from segue.http.migrate import is_from_here
from segue.http.old_cookies import read_old_cookies
from segue.http.settings import HttpSettings
from segue.http.transport import TransferMethod, Transport, asked_mode, bearer, carries_access
from segue.http.verify import Source
from segue.ids import TenantId, UserId
from segue.migration.choosing import ChosenCookies, ChosenJwt, ChosenOpaque, ChosenOwn, choose_provider
from segue.migration.credential import BearerToken, Credential, OldCookies
from segue.migration.flows import MigrationRequest
from segue.migration.kinds import AnyProvider
from segue.migration.mapping import FromClaim, Prefixed, SameId
from segue.migration.model import Identity
from segue.migration.once import ClientKey, parse_client_key
from segue.sessions.issuing import Issued

KEY_COOKIE: Final = "sMigrationKey"
KEY_LIFETIME: Final = timedelta(hours=1)
KEY_BYTES: Final = 24
_SAFE: Final = frozenset({"GET", "HEAD"})


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


def old_credential(
    request: HttpRequest, providers: tuple[AnyProvider, ...], names: frozenset[str]
) -> Credential | None:
    """
    What a previous provider may have made: a bearer token that one of them reads, else cookies of theirs.

    A bearer token that none of them reads is nobody's business here; it may be another middleware's.

    Args:
        request: as it came.
        providers: those that are configured.
        names: of the cookies that they read.

    Raises:
        ProviderUnclear: several read it, and a request of the application's own cannot name one.
        RequestRefused: more cookies than are read.
        TokenMissing: an old cookie that came twice.
    """
    found = _chosen(request, providers)
    if found is not None:
        return BearerToken(text=found.text if isinstance(found, ChosenJwt) else bearer(request) or "")
    return read_old_cookies(request, names)


def require_own_request(
    request: HttpRequest,
    settings: HttpSettings,
    trusted_origins: frozenset[str],
    *,
    anti_csrf_check: bool | None,
) -> None:
    """
    Demand, beside old cookies, what shows that a page of ours sent them: their SameSite is not ours to know.

    Raises:
        AntiCsrfRefused: another site may have sent them.
    """
    wanted = request.method not in _SAFE if anti_csrf_check is None else anti_csrf_check
    if wanted and not _shows_own_page(request, settings, trusted_origins, visited=False):
        raise AntiCsrfRefused("old cookies, and neither a known Origin nor Sec-Fetch-Site: same-origin")


def _shows_own_page(
    request: HttpRequest, settings: HttpSettings, trusted_origins: frozenset[str], *, visited: bool
) -> bool:
    """By the browser's own word; *visited*: or that nobody but the user sent it."""
    enough = {"same-origin", "none"} if visited else {"same-origin"}
    shown = bool(request.all("origin")) or request.header("sec-fetch-site") in enough
    return shown and is_from_here(request, settings, trusted_origins)


def names_other_user(request: HttpRequest, providers: tuple[AnyProvider, ...], user_id: UserId) -> bool:
    """
    Whether the old token beside a session says that it is of somebody else.

    As far as it says so by itself, without being asked about; it is believed unverified, since it only ever refuses.
    """
    found = _chosen(request, providers)
    if not isinstance(found, ChosenJwt) or found.provider.rules.subject is not None:
        return False
    claims, subject = found.unverified.claims, found.provider.user_claim
    match found.provider.map_user:
        case SameId():
            named = claims.get(subject)
        case Prefixed(prefix=prefix):
            named = f"{prefix}{claims.get(subject)}"
        case FromClaim(name=name):
            named = claims.get(name)
        case _:
            return False
    return named != user_id


def without_bearer(request: HttpRequest) -> HttpRequest:
    """A request as if its Authorization header were not there."""
    return replace(request, headers=tuple(line for line in request.headers if line[0] != "authorization"))


def way_of(
    request: HttpRequest,
    settings: HttpSettings,
    trusted_origins: frozenset[str],
    *,
    credential: Credential,
    wanted: OnTheSpot | None,
) -> Transport | None:
    """
    How the tokens of a session could ride on the answer to this request; None: its user is not to be moved by it.

    Headers are for clients that speak of them (`st-auth-mode`); all others get cookies.
    """
    if wanted is None or not is_from_here(request, settings, trusted_origins):
        return None
    if isinstance(credential, OldCookies) and not _shows_own_page(
        request, settings, trusted_origins, visited=True
    ):
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
    credential: Credential,
    key: ClientKey | None,
) -> MigrationRequest:
    """What a request of the application's own presents to be migrated."""
    via_token = settings.anti_csrf_mode is AntiCsrfMode.VIA_TOKEN
    return MigrationRequest(
        credential=credential,
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


def _chosen(
    request: HttpRequest, providers: tuple[AnyProvider, ...]
) -> ChosenJwt | ChosenOpaque | ChosenOwn | None:
    text = bearer(request)
    if text is None or not providers or len(request.all("authorization")) != 1:
        return None
    try:
        chosen = choose_provider(providers, BearerToken(text=text), None)
    except TokenRefused:
        return None
    return None if isinstance(chosen, ChosenCookies) else chosen
