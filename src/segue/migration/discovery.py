"""
Where an issuer says its keys are (OpenID Connect Discovery 1.0 §4).

The document must speak of exactly the issuer that was configured (§4.3: otherwise one provider can pass off another's
keys as its own), and may send us only to the issuer's own host or to hosts that the operator has listed. House rule:
a discovery document is a stranger's text; nothing else in it is believed.
"""

from __future__ import annotations

from segue.errors import FetchFailed
from segue.migration.urls import UrlRefused, parse_url
from segue.migration.web import WebRequest, WebResponse, read_json

WELL_KNOWN = "/.well-known/openid-configuration"


def discovery_url(issuer: str) -> str:
    """The document's URL; a `/` that ends the issuer is not doubled (§4.1)."""
    return issuer.removesuffix("/") + WELL_KNOWN


def discovery_request(url: str, *, issuer: str, flight: object | None = None) -> WebRequest:
    """Ask for the document."""
    return WebRequest(
        url=url,
        purpose=f"discovery of {issuer}",
        headers=(("accept", "application/json"),),
        flight=flight,
    )


def read_discovery(request: WebRequest, response: WebResponse, *, issuer: str, hosts: frozenset[str]) -> str:
    """
    The JWKS URL in the document.

    Args:
        request: what was asked.
        response: what came.
        issuer: as configured; compared to the character.
        hosts: where the keys may be, as `Destination.authority` writes them.

    Raises:
        FetchFailed: not a discovery document of this issuer, or it points where we do not follow.
    """
    document = read_json(request, response)
    if document.get("issuer") != issuer:
        raise FetchFailed(request.place, f"the discovery document is not the one of {issuer}")
    url = document.get("jwks_uri")
    if not isinstance(url, str):
        raise FetchFailed(request.place, "the discovery document has no jwks_uri")
    try:
        authority = parse_url(url).authority
    except UrlRefused as error:
        raise FetchFailed(request.place, f"jwks_uri is refused: {error}") from error
    if authority not in hosts:
        raise FetchFailed(
            request.place,
            f"jwks_uri points to {authority}; if that is right, add it to allowed_hosts of {issuer}",
        )
    return url
