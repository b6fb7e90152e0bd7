"""
The front token: what scripts in the page may know of a session.

It is no credential. Standard base64 with padding, because some SDKs decode strictly. House rule: it leaves only in the
same response as the access token that it describes, or the client's idea of the session would be wrong.
"""

from __future__ import annotations

from base64 import b64encode

from segue.ids import to_milliseconds
from segue.json import JsonObject, dump
from segue.tokens.access import AccessClaims

REMOVE = "remove"
"""Instead of a front token: forget the session."""


def front_token(claims: AccessClaims) -> str:
    """User id, expiry in milliseconds and all claims of an access token."""
    content: JsonObject = {
        "uid": claims.user_id,
        "ate": to_milliseconds(claims.expires_at),
        "up": dict(claims.payload),
    }
    return b64encode(dump(content)).decode()
