"""
`POST /migrate-session` on HTTP: what a request must be, and what the answer says.

One credential, in the `Authorization` header or in old cookies, and nowhere else; a size that is looked at before
anything is read; an origin that we know (threat T13: nobody migrates an attacker's token in a victim's browser). House
rule: nothing here verifies the credential; the answer tells a page just enough to go on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from segue.errors import RequestRefused, TokenMissing, TokenRefused
from segue.http.anti_csrf import AntiCsrfMode
from segue.http.attach import attach, attach_access, clear
from segue.http.cookies import read_cookies
from segue.http.device import device_of
from segue.http.message import NO_ACTIONS, Actions, HttpRequest, HttpResponse, json_response
from segue.http.old_cookies import read_old_cookies, require_own_page
from segue.http.routes import tenant_in_path
from segue.http.settings import HttpSettings
from segue.http.transport import ACCESS_COOKIE, Transport, carries_access, for_new_session
from segue.json import JsonObject, parse_object
from segue.migration.credential import BearerToken, Credential, OldCookies
from segue.migration.flows import Migrated, MigrationRequest
from segue.migration.once import parse_client_key
from segue.tokens.access import AccessToken
from segue.tokens.jws import MAX_LENGTH

MAX_BODY = 16 * 1024
"""Bytes of a body that we read; a provider's refresh token fits well."""

_NOTHING = (b"", b"{}")
_MAX_REFRESH_TOKEN = 8192
_MAX_NAME = 256
_AXIOS_HINT = (
    "the Authorization header came inside the JSON body: with axios the body is the second argument and the options "
    "are the third, axios.post(url, {}, {headers: {Authorization: ...}})"
)

Recognise = Callable[[str], AccessToken]


def read_migration(
    request: HttpRequest,
    settings: HttpSettings,
    *,
    trusted_origins: frozenset[str],
    old_cookies: frozenset[str],
    recognise: Recognise,
    now: datetime,
) -> MigrationRequest:
    """
    Read a request to be migrated.

    Args:
        request: as it came.
        settings: of the deployment.
        trusted_origins: of pages that may ask, besides website and API.
        old_cookies: names of those that providers read.
        recognise: an access token of ours from its text, its signature verified, its time maybe over.
        now: aware UTC instant.

    Raises:
        RequestRefused: method, origin, size or form.
        AntiCsrfRefused: cookies without the proof that our own page sent them.
        TokenMissing: no bearer token and no cookie; the text names the usual mistake if it was made.
    """
    if request.method != "POST":
        raise RequestRefused("only POST migrates")
    require_origin(request, settings, trusted_origins)
    body = _read_body(request)
    credential = _credential(request, body, old_cookies, recognise=recognise)
    if isinstance(credential, OldCookies):
        require_own_page(request)
    transport = for_new_session(request, settings)
    in_hand, in_cookies = _in_hand(body, recognise), _in_cookies(request, recognise)
    present = in_hand or in_cookies
    via_token = settings.anti_csrf_mode is AntiCsrfMode.VIA_TOKEN
    return MigrationRequest(
        credential=credential,
        provider=_named(body),
        client_key=parse_client_key(request.header("idempotency-key")),
        old_refresh_token=_old_refresh_token(body),
        present_session=present.claims.handle if present else None,
        present_access=None if in_hand else in_cookies,
        present_works=present is not None and now < present.claims.expires_at,
        tenant_id=tenant_in_path(request, settings),
        anti_csrf=via_token and transport is Transport.COOKIE,
        device=device_of(request, settings),
    )


def migrated_response(migrated: Migrated, request: HttpRequest, settings: HttpSettings) -> HttpResponse:
    """
    The answer to a migration that ended well, with the session's tokens on it.

    `endPreviousSession` tells the page that the new session is durable: once it has seen the session work, it may end
    the old one in the browser. The server's own part is under way already.
    """
    content: JsonObject = {
        "status": "OK",
        "result": migrated.result.value,
        "userId": migrated.user_id,
        "sessionHandle": migrated.handle,
        "endPreviousSession": True,
    }
    return json_response(200, content, actions=_actions(migrated, request, settings))


def _actions(migrated: Migrated, request: HttpRequest, settings: HttpSettings) -> Actions:
    if migrated.shown is not None:
        return attach_access(migrated.shown, request, settings, Transport.COOKIE)
    if migrated.issued is None:
        return NO_ACTIONS
    transport = for_new_session(request, settings)
    if transport is Transport.COOKIE:
        settings.require_cookies()
        return attach(migrated.issued, settings, transport)
    # The bearer header is the old token's; only cookies of ours could be in the way.
    stale = carries_access(request, read_cookies(request), Transport.COOKIE)
    cleared = clear([Transport.COOKIE], settings) if stale else NO_ACTIONS
    return cleared.then(attach(migrated.issued, settings, transport))


def is_from_here(request: HttpRequest, settings: HttpSettings, trusted: frozenset[str]) -> bool:
    """Whether a request comes from a page of ours, of a trusted origin, or from no page at all."""
    origins = request.all("origin")
    if not origins and request.header("sec-fetch-site") not in {"cross-site", "same-site"}:
        return True  # not a browser, or a page of the same origin
    if len(origins) != 1:
        return False
    return origins[0] in (settings.api_domain, settings.website_domain) or origins[0] in trusted


def require_origin(request: HttpRequest, settings: HttpSettings, trusted: frozenset[str]) -> None:
    """
    Refuse the pages of strangers (threat T13).

    Raises:
        RequestRefused: it is one.
    """
    if not is_from_here(request, settings, trusted):
        raise RequestRefused("a page of an origin that is not ours; add it to trusted_origins if it is")


def _read_body(request: HttpRequest) -> JsonObject:
    if len(request.body) > MAX_BODY:
        raise RequestRefused("the body is larger than 16 KiB")
    if request.body.strip() in _NOTHING:
        return {}
    try:
        return parse_object(request.body)
    except ValueError as error:
        raise RequestRefused("the body is not a JSON object") from error


def read_bearer(request: HttpRequest) -> str:
    """
    The one bearer token of a request (RFC 6750 §2.1).

    Raises:
        TokenMissing: there is none.
        RequestRefused: more than one, or too long.
    """
    values = request.all("authorization")
    if len(values) > 1:
        raise RequestRefused("more than one Authorization header")
    if not values:
        raise TokenMissing("no Authorization header")
    scheme, _, token = values[0].strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise TokenMissing("the Authorization header is not of the form: Bearer <token>")
    if len(token) > MAX_LENGTH:
        raise RequestRefused("the token is longer than 8 KiB")
    return token.strip()


def _credential(
    request: HttpRequest, body: JsonObject, old_cookies: frozenset[str], *, recognise: Recognise
) -> Credential:
    """
    One: a bearer token was put there by somebody, cookies are only there, so a bearer token is what counts.

    But not one of ours: a front end in header mode puts that on every request to which its page gave none.
    """
    if request.header("authorization") is None:
        if _has_misplaced_header(body):
            raise TokenMissing(_AXIOS_HINT)
        if (found := read_old_cookies(request, old_cookies)) is not None:
            return found
    bearer = BearerToken(text=read_bearer(request))
    if old_cookies and _first([bearer.text], recognise) is not None:
        return read_old_cookies(request, old_cookies) or bearer
    return bearer


def _named(body: JsonObject) -> str | None:
    """The provider that the caller means; which one it may be is for the flow to say."""
    name = body.get("provider")
    if name is None:
        return None
    if not isinstance(name, str) or not 0 < len(name) <= _MAX_NAME:
        raise RequestRefused("provider must be the name of one")
    return name


def _has_misplaced_header(body: JsonObject) -> bool:
    headers = body.get("headers")
    places = [body, headers] if isinstance(headers, dict) else [body]
    return any(name.lower() == "authorization" for place in places for name in place)


def _old_refresh_token(body: JsonObject) -> str | None:
    token = body.get("refreshToken")
    if token is None:
        return None
    if not isinstance(token, str) or not 0 < len(token) <= _MAX_REFRESH_TOKEN or not token.isprintable():
        raise RequestRefused("refreshToken must be text of at most 8 KiB")
    return token


def _in_cookies(request: HttpRequest, recognise: Recognise) -> AccessToken | None:
    return _first(read_cookies(request).all(ACCESS_COOKIE), recognise)


def _in_hand(body: JsonObject, recognise: Recognise) -> AccessToken | None:
    """
    The session of a page in header mode: the Authorization header is the old token's place here.

    Whoever presents it shows what he holds, and is told "yours" or "somebody else's" instead of getting another one: it
    buys nothing. What is no token of ours says nothing, as in a cookie.
    """
    shown = body.get("session")
    return _first([shown] if isinstance(shown, str) and len(shown) <= MAX_LENGTH else [], recognise)


def _first(texts: Sequence[str], recognise: Recognise) -> AccessToken | None:
    for text in texts:
        try:
            return recognise(text)
        except TokenRefused:
            continue
    return None
