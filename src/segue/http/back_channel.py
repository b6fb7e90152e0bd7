"""
`POST {base}/backchannel-logout` on HTTP: a provider's own server says that somebody has signed out there.

One form with one token (OpenID Connect Back-Channel Logout 1.0 §2.5), and an answer that no cache keeps (§2.8). House
rule: nothing here believes the token; whoever sends it learns whether it was taken, and of whom nothing.
"""

from __future__ import annotations

from urllib.parse import parse_qsl

from segue.errors import RequestRefused, SessionError, TokenMissing, Unavailable
from segue.http.message import HttpRequest, HttpResponse, json_response
from segue.http.status import FAULT_CODE, code_of
from segue.json import JsonValue
from segue.tokens.jws import MAX_LENGTH

_FORM = "application/x-www-form-urlencoded"
_MAX_BODY = 16 * 1024
_MAX_FIELDS = 8
_NEVER_STORED = (("cache-control", "no-store"), ("pragma", "no-cache"))


def read_logout_token(request: HttpRequest) -> str:
    """
    The logout token of a request.

    Raises:
        RequestRefused: no form, too large, or several tokens.
        TokenMissing: there is none.
    """
    kinds = request.all("content-type")
    if len(kinds) != 1 or kinds[0].partition(";")[0].strip().lower() != _FORM:
        raise RequestRefused(f"the body is a form: Content-Type: {_FORM}")
    if len(request.body) > _MAX_BODY:
        raise RequestRefused("the body is larger than 16 KiB")
    try:
        fields = parse_qsl(request.body.decode("ascii"), strict_parsing=True, max_num_fields=_MAX_FIELDS)
    except ValueError as error:
        raise RequestRefused("the body is not a form that we read") from error
    tokens = [value for name, value in fields if name == "logout_token"]
    if not tokens:
        raise TokenMissing("no logout_token")
    if len(tokens) > 1 or len(tokens[0]) > MAX_LENGTH:
        raise RequestRefused("one logout_token of at most 8 KiB")
    return tokens[0]


def taken_response() -> HttpResponse:
    """It was done, or had been done before (§2.8)."""
    return json_response(200, {"status": "OK"}, headers=_NEVER_STORED)


def logout_refusal(error: Exception) -> HttpResponse:
    """400 for what is not believed (§2.8); 503 where a retry may help."""
    code = code_of(error)
    content: dict[str, JsonValue] = {"error": "invalid_request", "code": code}
    headers, status = list(_NEVER_STORED), 400
    if isinstance(error, Unavailable):
        content["error"], status = "temporarily_unavailable", 503
        headers.append(("retry-after", str(error.retry_after)))
    elif code == FAULT_CODE:
        content["error"], status = "server_error", 500
    cause = error if isinstance(error, SessionError) else None
    return json_response(status, content, headers=tuple(headers), cause=cause)
