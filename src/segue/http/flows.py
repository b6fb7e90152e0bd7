"""
The life of a session on HTTP: create, authenticate, change, assert claims, sign out.

Each is a flow: it judges the request, asks `Sessions` where it must, and says as `Actions` what goes on the response.
House rule: refusals are raised; `segue.http.status` alone turns them into answers.
"""

from __future__ import annotations

import msgspec
from msgspec import structs
from msgspec.structs import replace

from segue.errors import ClaimInvalid, NoSession
from segue.http.anti_csrf import AntiCsrfMode
from segue.http.attach import attach, attach_access, clear, longest_access
from segue.http.cookies import read_cookies
from segue.http.device import device_of
from segue.http.message import Actions, HttpRequest, HttpResponse, json_response
from segue.http.runtime import Runtime
from segue.http.transport import Transport, carries_access, for_new_session
from segue.http.verify import Authenticated, verify_request
from segue.json import JsonObject
from segue.sessions.claims import ClaimFailure, ClaimValidator, failures, refetch
from segue.sessions.issuing import Issued, NewSession
from segue.sessions.model import ByHandle, Device
from segue.tokens.access import AccessToken

__all__ = [
    "Authenticated",
    "Checked",
    "authenticate",
    "change_payload",
    "check_claims",
    "create_session",
    "must_confirm",
    "revoke_session",
    "sign_out",
    "take_over",
]


async def create_session(request: HttpRequest, new: NewSession, runtime: Runtime) -> tuple[Issued, Actions]:
    """
    Create a session for whoever sent this request, and say how its tokens reach them.

    Args:
        request: decides how the tokens ride.
        new: whose session; key kind and anti-CSRF token follow the settings, whatever it says. Without a device it
            gets that of the request.
        runtime: configuration, keys, time.

    Raises:
        ConfigurationError: the client wants cookies that browsers would drop.
        PayloadTooLarge: its access token would be one of those, or longer than verification takes.
    """
    settings, transport = runtime.settings, for_new_session(request, runtime.settings)
    if transport is Transport.COOKIE:
        settings.require_cookies()
    device = new.device if new.device != Device() else device_of(request, settings)
    wanted = replace(
        new,
        static_key=settings.use_static_keys,
        anti_csrf=_by_token(runtime, transport),
        device=device,
    )
    issued = await runtime.sessions.create(wanted, longest=longest_access(settings, transport))
    return issued, take_over(request, runtime, transport).then(attach(issued, settings, transport))


def take_over(request: HttpRequest, runtime: Runtime, transport: Transport) -> Actions:
    """Take an earlier session off the client if its tokens rode the other way; the new ones overwrite it else."""
    stale = transport.other if carries_access(request, read_cookies(request), transport.other) else None
    return clear((stale,) if stale else (), runtime.settings)


def _by_token(runtime: Runtime, transport: Transport) -> bool:
    return transport is Transport.COOKIE and runtime.settings.anti_csrf_mode is AntiCsrfMode.VIA_TOKEN


async def authenticate(
    request: HttpRequest,
    runtime: Runtime,
    *,
    session_required: bool = True,
    anti_csrf_check: bool | None = None,
    check_database: bool = False,
    validators: tuple[ClaimValidator, ...] = (),
) -> Authenticated | None:
    """
    Verify the session of a request; None: there is none, and none is required.

    Args:
        request: methods in `UNAUTHENTICATED_METHODS` must not come here.
        runtime: configuration, keys, time.
        session_required: refuse a request without a session.
        anti_csrf_check: demand proof beside a cookie; None: for all methods but GET.
        check_database: ask whoever keeps the session whether it still stands.
        validators: claims that the session must have.

    Raises:
        NoSession, CookiesRefused, TokenExpired, SignatureRefused, AntiCsrfRefused, SessionGone: as `verify_request`.
        KeyUnknown: likewise; with newer keys a second try may succeed.
        ClaimInvalid: its arguments are the `ClaimFailure`s. A fetched claim is stored but not shown to the client.
        TokenExpired, SessionGone: as `Sessions.confirm`.
    """
    found = verify_request(
        request,
        runtime.settings,
        runtime.verifier,
        now=runtime.now,
        revoked=runtime.revoked,
        session_required=session_required,
        anti_csrf_check=anti_csrf_check,
    )
    if found is None:
        return None
    if check_database or must_confirm(found):
        fresh = await runtime.sessions.confirm(found.access, check_database=check_database)
        found = found if fresh is None else _renewed(request, found, fresh, runtime)
    if not validators:
        return found
    checked = await check_claims(request, found, validators, runtime)
    if checked.failures:
        raise ClaimInvalid(*checked.failures)
    return checked.session


def must_confirm(found: Authenticated) -> bool:
    """Whether to ask whoever keeps the session, whatever the route says."""
    # A token with a parent is one whose rotation may still be undone, as cores up to version 5.5 make them: its first
    # use settles that, and has to be told.
    return found.access.claims.parent_hash is not None


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """A session after its claims were judged."""

    session: Authenticated
    failures: tuple[ClaimFailure, ...]


async def check_claims(
    request: HttpRequest, found: Authenticated, validators: tuple[ClaimValidator, ...], runtime: Runtime
) -> Checked:
    """
    Fetch claims that are missing or too old, store them, and judge.

    Later than in `authenticate`, the response carries `session.actions` even when the answer is a refusal.
    """
    changes = await refetch(validators, found.access.claims, now=runtime.now)
    if changes:
        found = await change_payload(request, found, changes, runtime)
    payload = {**found.access.claims.payload, **changes}
    return Checked(session=found, failures=failures(validators, payload, now=runtime.now))


async def change_payload(
    request: HttpRequest, found: Authenticated, changes: JsonObject, runtime: Runtime
) -> Authenticated:
    """
    Merge into a session's payload, and give the client an access token that shows it.

    Args:
        request: the one that was authenticated.
        found: its session.
        changes: top-level members to set; null takes one away. Protected names are silently ignored.
        runtime: configuration, keys, time.

    Raises:
        SessionGone: there is no such session any more.
        Contended: others kept changing its payload.
        PayloadTooLarge: the access token would be longer than a browser or verification takes.
    """
    longest = longest_access(runtime.settings, found.transport)
    fresh = await runtime.sessions.merge_payload(found.access, changes, longest=longest)
    return found if fresh is None else _renewed(request, found, fresh, runtime)


def _renewed(
    request: HttpRequest, found: Authenticated, fresh: AccessToken, runtime: Runtime
) -> Authenticated:
    actions = attach_access(fresh, request, runtime.settings, found.transport)
    return structs.replace(found, access=fresh, actions=found.actions.then(actions))


async def revoke_session(found: Authenticated, runtime: Runtime) -> Actions:
    """End the session of a request, and take its tokens off the client."""
    await runtime.sessions.revoke(ByHandle(handles=(found.access.claims.handle,)))
    return clear((found.transport,), runtime.settings)


async def sign_out(request: HttpRequest, runtime: Runtime) -> HttpResponse:
    """
    Answer the sign-out route. A session that is revoked already is signed out just as well.

    Raises:
        SessionRefused, TokenRefused: as `authenticate`; claims are not judged.
    """
    found = await authenticate(request, runtime)
    if found is None:
        raise NoSession
    return json_response(200, {"status": "OK"}, actions=await revoke_session(found, runtime))
