"""
The refresh route: a refresh token in, new tokens out, by the way they came.

House rule: whatever refuses a refresh takes the tokens off the client, or it would come again and again; a fault of
ours takes nothing, or an outage would sign everybody out.
"""

from __future__ import annotations

from segue.errors import (
    AntiCsrfRefused,
    ConfigurationError,
    NoSession,
    RefreshMissing,
    SessionError,
)
from segue.http.anti_csrf import AntiCsrfMode, demand_header
from segue.http.attach import attach, clear, clear_old_refresh, clear_older
from segue.http.cookies import RequestCookies, read_cookies
from segue.http.message import HttpRequest, HttpResponse, json_response
from segue.http.origin import is_foreign
from segue.http.runtime import Runtime
from segue.http.status import Answer, answer_of, respond
from segue.http.transport import (
    ACCESS_COOKIE,
    ANTI_CSRF_HEADER,
    REFRESH_COOKIE,
    TransferMethod,
    Transport,
    candidates,
)
from segue.sessions.flows import NO_ANTI_CSRF, AntiCsrf

CLEARED_OLDER = (
    "The request contains multiple session cookies. We are clearing the cookie from olderCookieDomain. "
    "Session will be refreshed in the next refresh call."
)
"""The wire's own words, by which people find the answer on the web."""


async def refresh_session(request: HttpRequest, runtime: Runtime) -> HttpResponse:
    """Answer the refresh route: every refusal and every fault of ours becomes an answer that names its cause."""
    try:
        return await _refresh(request, read_cookies(request), runtime)
    except SessionError as error:
        if is_foreign(request, runtime.settings):
            return respond(Answer.NO_SESSION, error, request, runtime.settings)
        # Without proof a refresh is refused for good: there is nothing left that a client could refresh first.
        answer = Answer.SESSION_OVER if isinstance(error, AntiCsrfRefused) else answer_of(error)
        return respond(answer, error, request, runtime.settings)


async def _refresh(request: HttpRequest, cookies: RequestCookies, runtime: Runtime) -> HttpResponse:
    settings = runtime.settings
    doubled = cookies.doubled(ACCESS_COOKIE, REFRESH_COOKIE)
    if doubled and settings.token_transfer is not TransferMethod.HEADER:
        return _clear_doubled(doubled, runtime)
    found = candidates(request, cookies, REFRESH_COOKIE, settings.token_transfer)
    if not found:
        # Of cookies that were not read nobody knows whether ours is among them: nothing is over, nothing is cleared.
        raise NoSession("more cookies than are read") if cookies.excessive else RefreshMissing
    if len(found) > 1 and not runtime.sessions.may_refresh(found[0][1]):
        # A bearer that is not ours, as a page may still add a previous provider's, does not speak for the session.
        found = found[1:]
    transport, text = found[0]
    issued = await runtime.sessions.refresh(text, anti_csrf=_anti_csrf(request, transport, runtime))
    runtime.used(issued.session.handle)
    other = {way for way, _ in found} - {transport}
    actions = clear(other, settings).then(attach(issued, settings, transport))
    return json_response(200, {}, actions=actions.then(clear_old_refresh(request, settings)))


def _anti_csrf(request: HttpRequest, transport: Transport, runtime: Runtime) -> AntiCsrf:
    if transport is Transport.HEADER:
        return NO_ANTI_CSRF
    mode = runtime.settings.anti_csrf_mode
    demand_header(request, mode)
    return AntiCsrf(enabled=mode is AntiCsrfMode.VIA_TOKEN, presented=request.header(ANTI_CSRF_HEADER))


def _clear_doubled(doubled: tuple[str, ...], runtime: Runtime) -> HttpResponse:
    """Take the older cookies away and refresh nothing; the client's next refresh finds order."""
    domain = runtime.settings.older_cookie_domain
    if domain is None:
        raise ConfigurationError(
            f"a browser sent {' and '.join(doubled)} twice, as after a change of cookie_domain; set "
            "older_cookie_domain to its former value (empty text if there was none)"
        )
    return json_response(
        200, {"message": CLEARED_OLDER}, actions=clear_older(doubled, runtime.settings, domain=domain)
    )
