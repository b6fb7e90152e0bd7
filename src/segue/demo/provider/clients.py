"""
Who may talk to the provider: one public client for pages, one confidential client for back ends (RFC 6749 §2.1).

House rule: redirect URIs are compared as strings, whole and exact (RFC 9700 §4.1.3).
"""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

if TYPE_CHECKING:
    from collections.abc import Mapping

PAGE_CLIENT = "demo-page"
BACKEND_CLIENT = "demo-backend"
AUDIENCE = "demo-api"


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One registered client; `secret_digest` is None for a public one."""

    client_id: str
    redirect_uris: frozenset[str] = frozenset()
    after_logout_uris: frozenset[str] = frozenset()
    secret_digest: bytes | None = None
    acts_for: frozenset[str] = frozenset()
    """Clients whose tokens this one may revoke and introspect: the same application's other half."""

    def may_act_on(self, client_id: str) -> bool:
        """Whether a token issued to *client_id* is this client's business."""
        return client_id == self.client_id or client_id in self.acts_for


def demo_clients(*, app_origins: tuple[str, ...], backend_secret: str) -> Mapping[str, Client]:
    """The two halves of the demo's application, by client id."""
    home = frozenset(f"{origin}/" for origin in app_origins)
    page = Client(client_id=PAGE_CLIENT, redirect_uris=home, after_logout_uris=home)
    backend = Client(
        client_id=BACKEND_CLIENT,
        secret_digest=sha256(backend_secret.encode()).digest(),
        acts_for=frozenset({PAGE_CLIENT}),
    )
    return {client.client_id: client for client in (page, backend)}


def authenticate(
    clients: Mapping[str, Client], authorization: str | None, form: Mapping[str, str]
) -> Client | None:
    """
    The client that speaks, by HTTP Basic or form fields (RFC 6749 §2.3.1); None when it does not prove itself.

    A public client names itself and proves nothing. One that sends both Basic and a form secret is refused.
    """
    if authorization is None:
        client_id, secret = form.get("client_id", ""), form.get("client_secret")
    elif "client_secret" in form or (basic := _basic(authorization)) is None:
        return None
    else:
        client_id, secret = basic
    client = clients.get(client_id)
    if client is None or client.secret_digest is None:
        return client
    proof = sha256((secret or "").encode()).digest()
    return client if hmac.compare_digest(proof, client.secret_digest) else None


def _basic(authorization: str) -> tuple[str, str] | None:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (unquote_plus(name), unquote_plus(secret)) if colon else None
