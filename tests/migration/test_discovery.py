"""Where an issuer says its keys are, and how far it is believed."""

from __future__ import annotations

import json

import pytest

from segue.errors import FetchFailed
from segue.migration.discovery import discovery_request, discovery_url, read_discovery
from segue.migration.web import MAX_BODY, WebResponse

ISSUER = "https://issuer.example/realms/a"
HOSTS = frozenset({"issuer.example", "keys.example:8443"})
REQUEST = discovery_request(discovery_url(ISSUER), issuer=ISSUER)


def read(document: object, *, status: int = 200) -> str:
    """The JWKS URL that a document yields."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return read_discovery(REQUEST, WebResponse(status=status, body=body), issuer=ISSUER, hosts=HOSTS)


@pytest.mark.parametrize("issuer", ["https://issuer.example/a", "https://issuer.example/a/"])
def test_well_known_place(issuer: str) -> None:
    """The document lies under the issuer's path, and a slash at its end is not doubled."""
    assert discovery_url(issuer) == "https://issuer.example/a/.well-known/openid-configuration"


@pytest.mark.parametrize("url", ["https://issuer.example/jwks", "https://keys.example:8443/jwks?a=b"])
def test_jwks_url_is_taken(url: str) -> None:
    """Keys may be at the issuer's own host, or at one that is listed."""
    assert read({"issuer": ISSUER, "jwks_uri": url, "more": [1]}) == url


@pytest.mark.parametrize(
    "issuer",
    [None, "", ISSUER + "/", ISSUER.upper(), "https://issuer.example", "https://evil.example", [ISSUER], 1],
)
def test_t6_document_of_another_issuer(issuer: object) -> None:
    """T6: a document that does not name exactly the configured issuer is refused."""
    with pytest.raises(FetchFailed, match="not the one of"):
        read({"issuer": issuer, "jwks_uri": "https://issuer.example/jwks"})


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/jwks",
        "https://issuer.example.evil.example/jwks",
        "https://sub.issuer.example/jwks",
        "https://issuer.example:8443/jwks",
        "https://keys.example/jwks",
        "http://issuer.example/jwks",
        "http://localhost/jwks",
        "http://127.0.0.1:6379/",
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        "https://issuer.example@evil.example/",
        "/jwks",
        "",
        None,
        17,
    ],
)
def test_t5_document_points_elsewhere(url: object) -> None:
    """T5: a discovery document leads to the issuer's host or a listed one, by https, or nowhere."""
    with pytest.raises(FetchFailed):
        read({"issuer": ISSUER, "jwks_uri": url})


def test_refusal_says_what_to_list() -> None:
    """When keys are at a foreign host, the log names the host and the setting."""
    with pytest.raises(FetchFailed, match=r"points to keys\.example; .* allowed_hosts"):
        read({"issuer": ISSUER, "jwks_uri": "https://keys.example/jwks"})


@pytest.mark.parametrize("status", [201, 204, 301, 400, 401, 404, 500, 503])
def test_status_other_than_200(status: int) -> None:
    """Only 200 is an answer, whatever the body says."""
    with pytest.raises(FetchFailed, match=str(status)):
        read({"issuer": ISSUER, "jwks_uri": "https://issuer.example/jwks"}, status=status)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>canary</html>",
        b"[]",
        b'"canary"',
        b'{"issuer": "canary", "issuer": "canary"}',
        b'{"issuer": NaN}',
        b"{" * 40,
        b"\xff\xfe",
        b" " * (MAX_BODY + 1),
    ],
    ids=["empty", "html", "array", "string", "doubled", "nan", "deep", "not-utf8", "large"],
)
def test_t22_body_is_no_object(body: bytes) -> None:
    """T22: what is not one strict JSON object is refused, and the refusal quotes none of it."""
    with pytest.raises(FetchFailed) as refused:
        read(body)
    assert "canary" not in str(refused.value)
    assert "issuer.example" in str(refused.value)
