"""
Reading what clients and browsers send: forms, authorization requests, origins.

RFC 6749 §3.1: a parameter that comes twice makes a request invalid. House rule: what is wrong with the client or the
redirect URI is never told to the redirect URI.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from segue.demo.provider.ledger import Authorization

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from segue.demo.provider.clients import Client

FORM_LIMIT = 16 * 1024
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


class RequestInvalid(Exception):
    """The request cannot be read, or must not be answered with a redirect."""


class AuthorizationRefused(Exception):
    """An answer that goes back to the client by redirect (RFC 6749 §4.1.2.1)."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error, description)
        self.error = error
        self.description = description


def parse_form(text: str) -> dict[str, str]:
    """
    Parameters of a query or form body.

    Raises:
        RequestInvalid: too large, or a name comes twice.
    """
    if len(text) > FORM_LIMIT:
        raise RequestInvalid("too large")
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=40, errors="strict")
    except ValueError:
        raise RequestInvalid("not a form") from None
    if len(dict(pairs)) != len(pairs):
        raise RequestInvalid("a parameter comes twice")
    return dict(pairs)


async def read_form(request: Request) -> dict[str, str]:
    """The form body of a POST; raises as `parse_form`."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise RequestInvalid("not a form")
    return parse_form((await request.body()).decode(errors="replace"))


def redirect_target(query: Mapping[str, str], clients: Mapping[str, Client]) -> tuple[Client, str]:
    """
    The client of an authorization request and where its answer goes.

    Raises:
        RequestInvalid: no such client, or a redirect URI that it did not register to the letter.
    """
    client = clients.get(query.get("client_id", ""))
    if client is None:
        raise RequestInvalid("unknown client")
    redirect_uri = query.get("redirect_uri", "")
    if redirect_uri not in client.redirect_uris:
        raise RequestInvalid("redirect_uri is not registered for this client")
    return client, redirect_uri


def judge_authorization(query: Mapping[str, str], client: Client, redirect_uri: str) -> Authorization:
    """
    What the client asks for, if it asks properly.

    Raises:
        AuthorizationRefused: wrong response type, no openid scope, no PKCE with S256.
    """
    if query.get("response_type") != "code":
        raise AuthorizationRefused("unsupported_response_type", "only code is offered")
    if "openid" not in query.get("scope", "").split():
        raise AuthorizationRefused("invalid_scope", "scope must contain openid")
    challenge = query.get("code_challenge", "")
    if query.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(challenge):
        raise AuthorizationRefused("invalid_request", "PKCE with S256 is required")
    return Authorization(
        client_id=client.client_id,
        redirect_uri=redirect_uri,
        scope=query["scope"],
        nonce=query.get("nonce"),
        challenge=challenge,
    )


def comes_from(request: Request, origin: str) -> bool:
    """Whether a form was posted by a page of *origin*: stops another site from signing a browser in or out."""
    return request.headers.get("origin") == origin
