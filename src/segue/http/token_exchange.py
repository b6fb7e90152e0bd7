"""
`POST {base}/token` on HTTP: token exchange (RFC 8693) for mobile apps and services, which have no page to migrate from.

The answer carries a refresh token although §2.2.1 has it as unusual: what is issued *is* a session, and it ends no
later than the old sign-in (threat T10). House rules: one form, read strictly; what we would have to ignore to go on (an
actor, a scope, another audience) is refused; no cookie is ever set here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl

from segue.errors import (
    ClientRefused,
    ExchangeRefused,
    RequestRefused,
    SessionError,
    TokenMissing,
    TooManyAttempts,
    Unavailable,
)
from segue.http.attach import attach
from segue.http.device import device_of
from segue.http.exchange_clients import require_client
from segue.http.exchange_settings import ExchangeClient, TokenExchange
from segue.http.message import NO_ACTIONS, HttpRequest, HttpResponse, json_response
from segue.http.migrate import MAX_BODY, require_origin
from segue.http.routes import GRANT, tenant_in_path
from segue.http.settings import HttpSettings
from segue.http.status import FAULT_CODE, code_of
from segue.http.transport import Transport, asked_mode
from segue.json import JsonValue
from segue.migration.choosing import Chosen, ChosenJwt, choose_provider
from segue.migration.credential import BearerToken
from segue.migration.flows import MigrationRequest
from segue.migration.kinds import AnyProvider
from segue.migration.once import ClientKey, parse_client_key
from segue.migration.provider import CredentialKind
from segue.sessions.issuing import Issued
from segue.tokens.jws import MAX_LENGTH

_TYPES = "urn:ietf:params:oauth:token-type:"
ACCESS_TOKEN: Final = f"{_TYPES}access_token"
ID_TOKEN: Final = f"{_TYPES}id_token"
JWT: Final = f"{_TYPES}jwt"

_MAX_FIELDS = 32
_REPEATABLE = frozenset({"audience", "resource"})
_FORM = "application/x-www-form-urlencoded"


def read_exchange(
    request: HttpRequest,
    settings: HttpSettings,
    exchange: TokenExchange,
    *,
    providers: tuple[AnyProvider, ...],
    trusted_origins: frozenset[str],
) -> MigrationRequest:
    """
    Read a request for an exchange, its client authenticated.

    Raises:
        ExchangeRefused: form, grant, type, audience, scope, or a client for which this provider is not.
        ClientRefused: not one of our clients.
        RequestRefused: a page of a stranger's origin; a key that can be guessed.
        TokenRefused: a subject token that no provider reads.
    """
    require_origin(request, settings, trusted_origins)
    form, targets = _read_form(request)
    client = require_client(request, form, exchange)
    if form.get("grant_type") != GRANT:
        raise ExchangeRefused("unsupported_grant_type", f"the grant_type is {GRANT} here")
    _require_nothing_else(form)
    known = {settings.api_domain, settings.issuer, *exchange.audiences}
    if not known.issuperset(targets):
        raise ExchangeRefused("invalid_target", "audience and resource can name this API alone")
    subject = form.get("subject_token", "")
    if not subject:
        raise TokenMissing("no subject_token")
    if len(subject) > MAX_LENGTH:
        raise RequestRefused("the subject_token is longer than 8 KiB")
    credential, named = BearerToken(text=subject), form.get("provider")
    chosen = choose_provider(providers, credential, named)
    _require_type(chosen, form.get("subject_token_type"))
    if client.providers is not None and chosen.provider.name not in client.providers:
        raise ExchangeRefused("unauthorized_client", f"client {client.client_id} is not for this provider")
    old_refresh_token = form.get("old_refresh_token")
    return MigrationRequest(
        credential=credential,
        provider=named,
        client_key=_client_key(request, client, old_refresh_token),
        old_refresh_token=old_refresh_token,
        tenant_id=tenant_in_path(request, settings),
        device=device_of(request, settings),
    )


def exchanged_response(
    issued: Issued, request: HttpRequest, settings: HttpSettings, *, now: datetime
) -> HttpResponse:
    """The session's tokens (RFC 8693 §2.2.1); to SuperTokens' mobile SDKs in the headers that they know, too."""
    speaks_of_headers = asked_mode(request) == Transport.HEADER.value
    remaining = issued.access.claims.expires_at - now
    return json_response(
        200,
        {
            "access_token": issued.access.text,
            "issued_token_type": ACCESS_TOKEN,
            "token_type": "Bearer",
            "expires_in": max(0, int(remaining.total_seconds())),
            "refresh_token": issued.refresh.text,
        },
        headers=_NEVER_STORED,
        actions=attach(issued, settings, Transport.HEADER) if speaks_of_headers else NO_ACTIONS,
    )


def exchange_refusal(error: Exception, request: HttpRequest) -> HttpResponse:
    """
    An error in the words of RFC 6749 §5.2 and RFC 8693 §2.2.2; `code` is the stable one, `retryable` says the rest.

    401 only where the protocol demands it: clients refresh a session on it.
    """
    word, status = _word_of(error)
    headers = list(_NEVER_STORED)
    if word == "invalid_client" and request.header("authorization") is not None:
        status = 401
        headers.append(("www-authenticate", 'Basic realm="token"'))
    content: dict[str, JsonValue] = {
        "error": word,
        "error_description": _described(error),
        "code": code_of(error),
        "retryable": isinstance(error, Unavailable),
    }
    if isinstance(error, Unavailable):
        headers.append(("retry-after", str(error.retry_after)))
        content["retryAfter"] = error.retry_after
    cause = error if isinstance(error, SessionError) else None
    return json_response(status, content, headers=tuple(headers), cause=cause)


_NEVER_STORED = (("cache-control", "no-store"), ("pragma", "no-cache"))


def _word_of(error: Exception) -> tuple[str, int]:
    match error:
        case ClientRefused():
            return "invalid_client", 400
        case ExchangeRefused():
            return error.word, 400
        case TooManyAttempts():
            return "temporarily_unavailable", 429
        case Unavailable():
            return "temporarily_unavailable", 503
        case SessionError() if code_of(error) != FAULT_CODE:
            return (
                "invalid_request",
                400,
            )  # so RFC 8693 §2.2.2 has it of a subject token, and not invalid_grant
        case _:
            return "server_error", 500


def _described(error: Exception) -> str:
    """What a developer may know: of the request's form all, of token and user no more than the code."""
    if isinstance(error, ClientRefused):
        return "this client is not known, or did not prove who it is"
    if isinstance(error, ExchangeRefused):
        return error.detail
    if isinstance(error, RequestRefused):
        return ": ".join(str(part) for part in error.args) or code_of(error)
    return f"the subject_token was not exchanged: {code_of(error)}"


def _read_form(request: HttpRequest) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """Fields by name, and all values of those that may come several times."""
    kinds = request.all("content-type")
    if len(kinds) != 1 or kinds[0].partition(";")[0].strip().lower() != _FORM:
        raise ExchangeRefused("invalid_request", f"the body is a form: Content-Type: {_FORM}")
    if len(request.body) > MAX_BODY:
        raise ExchangeRefused("invalid_request", "the body is larger than 16 KiB")
    try:
        pairs = parse_qsl(
            request.body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(request.body),
            errors="strict",
            max_num_fields=_MAX_FIELDS,
        )
    except ValueError as error:
        raise ExchangeRefused("invalid_request", "the body is not a form that we read") from error
    names = [name for name, _ in pairs if name not in _REPEATABLE]
    if len(names) != len(set(names)):
        raise ExchangeRefused("invalid_request", "a parameter comes twice (RFC 6749 §3.2)")
    targets = tuple(value for name, value in pairs if name in _REPEATABLE)
    # An empty value counts as left out (RFC 6749 §3.2).
    return {name: value for name, value in pairs if value and name not in _REPEATABLE}, targets


def _require_nothing_else(form: Mapping[str, str]) -> None:
    if "actor_token" in form or "actor_token_type" in form:
        raise ExchangeRefused("invalid_request", "nobody acts for somebody else here: no actor_token")
    if "scope" in form:
        raise ExchangeRefused("invalid_scope", "sessions have no scopes")
    if form.get("requested_token_type", ACCESS_TOKEN) != ACCESS_TOKEN:
        raise ExchangeRefused("invalid_request", f"the requested_token_type is {ACCESS_TOKEN} or left out")


def _require_type(chosen: Chosen, named: str | None) -> None:
    """One kind of token is never taken for another (threat T2), also not by the client's word."""
    is_jwt = isinstance(chosen, ChosenJwt)
    is_id_token = isinstance(chosen, ChosenJwt) and chosen.provider.credential is CredentialKind.ID_TOKEN
    fits = {ACCESS_TOKEN: not is_id_token, ID_TOKEN: is_id_token, JWT: is_jwt}
    if named not in fits:
        raise ExchangeRefused(
            "invalid_request", "the subject_token_type is that of an access_token, id_token or jwt"
        )
    if not fits[named]:
        raise ExchangeRefused("invalid_request", "this provider's tokens are not of the subject_token_type")


def _client_key(request: HttpRequest, client: ExchangeClient, old_refresh_token: str | None) -> ClientKey:
    """What this client alone has: by it a lost answer is got again, and nobody else's (threat T16)."""
    given = parse_client_key(request.header("idempotency-key"))
    if given is not None:
        return given
    if old_refresh_token is not None:
        return _derived("refresh token", client.client_id, old_refresh_token)
    if client.confidential:
        return _derived("secret", client.client_id, client.confidential[-1])
    raise ExchangeRefused(
        "invalid_request",
        "a public client sends an Idempotency-Key, the same with every retry, or old_refresh_token",
    )


def _derived(*parts: str) -> ClientKey:
    text = "\x00".join(("token exchange", *(f"{len(part)}:{part}" for part in parts)))
    return ClientKey(text=hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest())
