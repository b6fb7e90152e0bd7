"""
A form that one of our clients posts to a provider (RFC 7009 §2.1, RFC 7662 §2.1), with the client's own proof.

House rule: the secret stands in a header alone, and both parts of it are form-encoded first (RFC 6749 §2.3.1).
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from urllib.parse import quote_plus, urlencode

from segue.migration.web import WebRequest


def client_form(
    url: str, fields: Mapping[str, str], *, client_id: str, client_secret: str | None, purpose: str
) -> WebRequest:
    """
    The request.

    Args:
        url: where to.
        fields: of the form.
        client_id: whose request it is.
        client_secret: HTTP basic authentication with it; None for a public client, which only names itself.
        purpose: what for, in words for a log.
    """
    form = dict(fields)
    headers = [("content-type", "application/x-www-form-urlencoded"), ("accept", "application/json")]
    if client_secret is None:
        form["client_id"] = client_id
    else:
        pair = f"{quote_plus(client_id)}:{quote_plus(client_secret)}"
        headers.append(("authorization", "Basic " + b64encode(pair.encode()).decode()))
    return WebRequest(
        url=url, purpose=purpose, method="POST", headers=tuple(headers), body=urlencode(form).encode()
    )
