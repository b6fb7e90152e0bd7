"""
Which client asks at the token endpoint (RFC 6749 §2.3): by HTTP Basic, by form, or by name alone.

House rule: comparing takes the same time whatever is wrong, and an unknown client is compared too.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import unquote_plus

from segue.errors import ClientRefused, ExchangeRefused
from segue.http.exchange_settings import ExchangeClient, TokenExchange
from segue.http.message import HttpRequest

_NOBODY = ("",)


def require_client(request: HttpRequest, form: Mapping[str, str], exchange: TokenExchange) -> ExchangeClient:
    """
    The client that asks.

    Raises:
        ExchangeRefused: two ways at once.
        ClientRefused: unknown, or its secret is wrong, missing, or not one that it has.
    """
    name, secret = _presented(request, form)
    known = next((client for client in exchange.clients if client.client_id == name), None)
    # Compared before anything is said, so that an unknown name takes as long as a wrong secret.
    secrets = (known.confidential if known else ()) or _NOBODY
    right = sum(_same(secret or "", each) for each in secrets) > 0 and secret is not None
    if known is None:
        raise ClientRefused("unknown client")
    if known.confidential:
        if not right:
            raise ClientRefused(f"client {known.client_id} without its secret")
    elif secret is not None:
        raise ClientRefused(f"client {known.client_id} has no secret and sends one")
    return known


def _presented(request: HttpRequest, form: Mapping[str, str]) -> tuple[str, str | None]:
    line = request.header("authorization")
    if line is None:
        return form.get("client_id", ""), form.get("client_secret")
    if len(request.all("authorization")) > 1 or "client_secret" in form:
        raise ExchangeRefused("invalid_request", "a client authenticates in one way")
    scheme, _, text = line.strip().partition(" ")
    if scheme.lower() != "basic":
        raise ClientRefused("an Authorization header that is not Basic")
    try:
        name, colon, secret = base64.b64decode(text.strip(), validate=True).decode("ascii").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise ClientRefused("an Authorization header that is not Basic") from None
    name = unquote_plus(name)
    if not colon or form.get("client_id", name) != name:
        raise ClientRefused("Authorization header and client_id name two clients")
    return name, unquote_plus(secret)


def _same(given: str, known: str) -> bool:
    return hmac.compare_digest(_digest(given), _digest(known))


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="surrogatepass")).digest()
