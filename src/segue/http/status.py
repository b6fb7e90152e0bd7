"""
Which answer an error becomes: one table for sessions, one for the migration route, both by error code.

What a refused client does next depends on it: 401 makes front ends of this protocol refresh and repeat, a front token
of `remove` makes them forget the session, anything else reaches the application. House rule: the tables are complete,
and no answer says more than they do.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import TypeVar

import msgspec

from segue.errors import ExchangeRefused, OldSignInRefused, SessionError, TooManyAttempts, Unavailable
from segue.http.attach import clear_all
from segue.http.cookies import read_cookies
from segue.http.message import NO_ACTIONS, HttpRequest, HttpResponse, json_response
from segue.http.settings import HttpSettings
from segue.http.transport import believes_in_session, is_header_client
from segue.json import JsonObject, JsonValue
from segue.sessions.claims import ClaimFailure

T = TypeVar("T")


class Answer(Enum):
    """How a session's error is answered."""

    NO_SESSION = auto()
    """There is none; nothing is cleared, since a parallel response may just be bringing one."""
    TRY_REFRESH = auto()
    """There may be one: refresh and come again."""
    SESSION_OVER = auto()
    """There was one, and it is over: forget it."""
    REUSE = auto()
    """As before, and the client learns why."""
    OLD_REFUSED = auto()
    """There is none of ours, and the old one does not count: the front end of the old one may know what to do."""
    INVALID_CLAIM = auto()
    TRY_LATER = auto()
    FAULT = auto()


SESSION_ANSWERS: Mapping[str, Answer] = {
    "session_error": Answer.FAULT,
    "TOKEN_REFUSED": Answer.TRY_REFRESH,
    "TOKEN_MISSING": Answer.NO_SESSION,
    "TOKEN_MALFORMED": Answer.NO_SESSION,
    "TOKEN_EXPIRED": Answer.TRY_REFRESH,
    "TOKEN_NOT_ACTIVE": Answer.TRY_REFRESH,
    "TOKEN_CLAIMS_INVALID": Answer.TRY_REFRESH,
    "TOKEN_KID_UNKNOWN": Answer.TRY_REFRESH,
    "TOKEN_SIGNATURE_INVALID": Answer.TRY_REFRESH,
    "anti_csrf_refused": Answer.TRY_REFRESH,
    "session_cookies_refused": Answer.TRY_REFRESH,
    "session_refused": Answer.NO_SESSION,
    "session_missing": Answer.NO_SESSION,
    "session_gone": Answer.SESSION_OVER,
    "session_claim_invalid": Answer.INVALID_CLAIM,
    "old_sign_in_refused": Answer.OLD_REFUSED,
    "refresh_refused": Answer.SESSION_OVER,
    "refresh_token_missing": Answer.SESSION_OVER,
    "refresh_token_unknown": Answer.SESSION_OVER,
    "refresh_token_expired": Answer.SESSION_OVER,
    "refresh_reuse_detected": Answer.REUSE,
    "UNAVAILABLE": Answer.TRY_LATER,
    "STORE_UNAVAILABLE": Answer.TRY_LATER,
    "KEYS_UNAVAILABLE": Answer.TRY_LATER,
    "STATE_UNAVAILABLE": Answer.TRY_LATER,
    "FETCH_FAILED": Answer.TRY_LATER,
    "CORE_UNAVAILABLE": Answer.TRY_LATER,
    "CONTENDED": Answer.TRY_LATER,
    "TOO_MANY_ATTEMPTS": Answer.TRY_LATER,
    "PAYLOAD_TOO_LARGE": Answer.FAULT,
    "CONFIGURATION_INVALID": Answer.FAULT,
    "KEY_INVALID": Answer.FAULT,
    "CORE_REFUSED": Answer.FAULT,
    "BEYOND_CORE": Answer.FAULT,
    "EXCHANGE_INVALID": Answer.FAULT,
    "CLIENT_REFUSED": Answer.FAULT,
    # A migration that is refused has a table of its own; on any other route it is a mistake of ours.
    "MIGRATION_REFUSED": Answer.FAULT,
    "REQUEST_INVALID": Answer.FAULT,
    "PROVIDER_UNCLEAR": Answer.FAULT,
    "MIGRATION_CLOSED": Answer.FAULT,
    "MIGRATION_NOT_YET": Answer.FAULT,
    "ALREADY_MIGRATED": Answer.FAULT,
    "USER_REFUSED": Answer.FAULT,
    "USER_UNKNOWN": Answer.FAULT,
    "USER_BLOCKED": Answer.FAULT,
    "USER_DELETED": Answer.FAULT,
    "IDENTITY_AMBIGUOUS": Answer.FAULT,
    "MAPPING_CONFLICT": Answer.FAULT,
    "RAW_USER_ID_COLLISION": Answer.FAULT,
    "SIGN_IN_REVOKED": Answer.FAULT,
    "SIGN_IN_TOO_OLD": Answer.FAULT,
    "OTHER_USER_SIGNED_IN": Answer.FAULT,
}

MIGRATION_STATUSES: Mapping[str, int] = {
    "session_error": 500,
    "TOKEN_REFUSED": 401,
    "TOKEN_MISSING": 401,
    "TOKEN_MALFORMED": 401,
    "TOKEN_EXPIRED": 401,
    "TOKEN_NOT_ACTIVE": 401,
    "TOKEN_CLAIMS_INVALID": 401,
    "TOKEN_KID_UNKNOWN": 401,
    "TOKEN_SIGNATURE_INVALID": 401,
    "anti_csrf_refused": 403,
    "session_cookies_refused": 400,
    "MIGRATION_REFUSED": 403,
    "REQUEST_INVALID": 400,
    "PROVIDER_UNCLEAR": 400,
    "MIGRATION_CLOSED": 403,
    "MIGRATION_NOT_YET": 403,
    "ALREADY_MIGRATED": 409,
    "USER_REFUSED": 403,
    "USER_UNKNOWN": 403,
    "USER_BLOCKED": 403,
    "USER_DELETED": 403,
    "IDENTITY_AMBIGUOUS": 403,
    "MAPPING_CONFLICT": 403,
    "RAW_USER_ID_COLLISION": 403,
    "SIGN_IN_REVOKED": 403,
    "SIGN_IN_TOO_OLD": 403,
    "OTHER_USER_SIGNED_IN": 409,
    "UNAVAILABLE": 503,
    "STORE_UNAVAILABLE": 503,
    "KEYS_UNAVAILABLE": 503,
    "STATE_UNAVAILABLE": 503,
    "FETCH_FAILED": 503,
    "CORE_UNAVAILABLE": 503,
    "CONTENDED": 503,
    "TOO_MANY_ATTEMPTS": 429,
    "PAYLOAD_TOO_LARGE": 500,
    "CONFIGURATION_INVALID": 500,
    "KEY_INVALID": 500,
    "CORE_REFUSED": 500,
    "BEYOND_CORE": 500,
    # The token endpoint answers these itself.
    "EXCHANGE_INVALID": 500,
    "CLIENT_REFUSED": 500,
    # Migrating asks nothing of a session that is there; these would be mistakes of ours.
    "session_refused": 500,
    "session_missing": 500,
    "session_gone": 500,
    "session_claim_invalid": 500,
    "old_sign_in_refused": 500,
    "refresh_refused": 500,
    "refresh_token_missing": 500,
    "refresh_token_unknown": 500,
    "refresh_token_expired": 500,
    "refresh_reuse_detected": 500,
}

_VAGUE = "USER_REFUSED"
VAGUE: Mapping[str, str] = {
    "USER_UNKNOWN": _VAGUE,
    "USER_BLOCKED": _VAGUE,
    "USER_DELETED": _VAGUE,
    "IDENTITY_AMBIGUOUS": _VAGUE,
    "MAPPING_CONFLICT": _VAGUE,
    "RAW_USER_ID_COLLISION": _VAGUE,
}
"""What a client sees instead: whether a user exists, and what became of him, is for the log alone (threat T20)."""
FAULT_CODE = "INTERNAL"
"""What a client sees of a mistake of ours, whatever it is."""


class _Plain(msgspec.Struct, frozen=True):
    message: str
    clears: bool = False


_PLAIN = {
    Answer.NO_SESSION: _Plain("unauthorised"),
    Answer.TRY_REFRESH: _Plain("try refresh token"),
    Answer.SESSION_OVER: _Plain("unauthorised", clears=True),
    Answer.REUSE: _Plain("token theft detected", clears=True),
}


def answer_of(error: Exception) -> Answer:
    """How an error is answered; an application's own subclass like its nearest ancestor, a stranger as a fault."""
    return _nearest(error, SESSION_ANSWERS, Answer.FAULT)


def error_response(error: Exception, request: HttpRequest, settings: HttpSettings) -> HttpResponse:
    """Turn an error of the session flows into an answer, with what it takes off the client."""
    return respond(answer_of(error), error, request, settings)


def respond(answer: Answer, error: Exception, request: HttpRequest, settings: HttpSettings) -> HttpResponse:
    """The same where a route answers an error in its own way, as a refresh does with a missing proof."""
    cause = error if isinstance(error, SessionError) else None
    plain = _PLAIN.get(answer)
    if plain is not None:
        return json_response(
            settings.session_expired_status,
            {"message": plain.message},
            actions=clear_all(request, settings) if plain.clears else NO_ACTIONS,
            cause=cause,
        )
    if answer is Answer.INVALID_CLAIM:
        content: JsonObject = {"message": "invalid claim", "claimValidationErrors": _failures(error)}
        return json_response(settings.invalid_claim_status, content, cause=cause)
    if answer is Answer.OLD_REFUSED:
        return _old_refusal(error, request, settings)
    if answer is Answer.TRY_LATER:
        status = 429 if isinstance(error, TooManyAttempts) else 503
        return json_response(status, {"message": "try again later"}, headers=_retry_after(error), cause=cause)
    return json_response(500, {"message": "internal error"}, cause=cause)


def migration_refusal(error: Exception, request: HttpRequest, settings: HttpSettings) -> HttpResponse:
    """Turn an error of the migration flow into an answer. It clears nothing: a session that is there stays."""
    status = _migration_status(error)
    # Front ends would refresh a session on this status and try again, up to ten times, for a token that is not ours.
    if status == settings.session_expired_status and _may_hold_session(request, settings):
        status = 403 if settings.session_expired_status != 403 else 400
    content: dict[str, JsonValue] = {
        "status": "REFUSED",
        "code": code_of(error),
        "retryable": isinstance(error, Unavailable),
    }
    if isinstance(error, Unavailable):
        content["retryAfter"] = error.retry_after  # the header is not always readable across origins
    return json_response(
        status,
        content,
        headers=_retry_after(error),
        cause=error if isinstance(error, SessionError) else None,
    )


_SPENT = frozenset({"ALREADY_MIGRATED", "MIGRATION_CLOSED", "SIGN_IN_REVOKED", "SIGN_IN_TOO_OLD"})
"""Of an old credential that was good once: there is nothing to it any more, as if it were expired."""
_INVALID_TOKEN = (("www-authenticate", 'Bearer error="invalid_token"'),)


def _old_refusal(error: Exception, request: HttpRequest, settings: HttpSettings) -> HttpResponse:
    """
    Nothing is cleared: it was not ours that was refused. 401 makes the old front end renew its token, and ours refresh
    if it believes in a session; where that could go on for ever, the status is another one.
    """
    reason, family = _reason(error)
    status = 401 if reason in _SPENT else MIGRATION_STATUSES[family]
    if status == 401 and believes_in_session(read_cookies(request)):
        status = settings.session_expired_status
    if status == settings.session_expired_status and is_header_client(request, settings):
        status = 403 if settings.session_expired_status == 401 else 401
    return json_response(
        status,
        {"message": "unauthorised", "code": VAGUE.get(reason, reason), "credential": "old"},
        headers=_INVALID_TOKEN if status == 401 else (),
        cause=error if isinstance(error, SessionError) else None,
    )


def _reason(error: Exception) -> tuple[str, str]:
    return (
        (error.reason, error.family) if isinstance(error, OldSignInRefused) else (FAULT_CODE, "session_error")
    )


def old_refused(error: SessionError) -> OldSignInRefused:
    """What the caller of a route hears of a migration's error where nobody was to be migrated."""
    family = next(
        (
            ancestor.code
            for ancestor in type(error).__mro__
            if issubclass(ancestor, SessionError) and ancestor.code in MIGRATION_STATUSES
        ),
        SessionError.code,
    )
    return OldSignInRefused(error.code, family, str(error))


def _may_hold_session(request: HttpRequest, settings: HttpSettings) -> bool:
    """In header mode a front end (`rid` tells it from others) holds what the old token's header leaves no room for."""
    in_hand = request.header("rid") is not None and is_header_client(request, settings)
    return in_hand or believes_in_session(read_cookies(request))


def code_of(error: Exception) -> str:
    """The code that the client of a migration sees."""
    if isinstance(error, ExchangeRefused):
        return error.code
    if not isinstance(error, SessionError) or _migration_status(error) == 500:
        return FAULT_CODE
    return VAGUE.get(error.code, error.code)


def _migration_status(error: Exception) -> int:
    return _nearest(error, MIGRATION_STATUSES, 500)


def _nearest(error: Exception, table: Mapping[str, T], otherwise: T) -> T:
    for ancestor in type(error).__mro__:
        if issubclass(ancestor, SessionError) and ancestor.code in table:
            return table[ancestor.code]
    return otherwise


def _retry_after(error: Exception) -> tuple[tuple[str, str], ...]:
    return (("retry-after", str(error.retry_after)),) if isinstance(error, Unavailable) else ()


def _failures(error: Exception) -> list[JsonValue]:
    return [failure.as_json() for failure in error.args if isinstance(failure, ClaimFailure)]
