"""
Members of a request's body and query, and the exact words with which a wrong one is refused (core protocol §5).

House rules: a null counts as absent where a member is optional; what no store can keep (a NUL, half a surrogate pair,
numbers and depths without end) is refused here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from segue.core.model import LONGEST_USER_ID
from segue.ids import UserId
from segue.json import MAX_DEPTH, JsonObject, JsonValue
from segue.service.core.answers import Refused

LARGEST_PAYLOAD = 5000
"""Bytes of JSON that go into an access token; a larger one would not be verified by anybody, and 3000 fit a cookie."""
_MOST_FIELDS = 100
_LARGEST_NUMBER = 2**63
_INVALID = "Invalid Json Input"


class Fields:
    """The members of a JSON body, each asked for in the order in which the protocol checks them."""

    __slots__ = ("_members",)

    def __init__(self, body: bytes) -> None:
        """
        Args:
            body: of the request, not larger than is taken.

        Raises:
            Refused: it is no JSON object.
        """
        try:
            members = _decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise Refused(400, _INVALID) from None
        if body.count(b"{") + body.count(b"[") > MAX_DEPTH:
            _require_depth(members, MAX_DEPTH)
        self._members = members

    def __contains__(self, name: str) -> bool:
        return self._members.get(name) is not None

    def has(self, name: str) -> bool:
        """Whether the member is there, be it null."""
        return name in self._members

    def text(self, name: str) -> str:
        """Text that has to be there."""
        value = self._members.get(name)
        if not isinstance(value, str) or "\x00" in value:
            raise invalid(name)
        return value

    def optional_text(self, name: str) -> str | None:
        """Text, or nothing."""
        return self.text(name) if name in self else None

    def token(self, name: str) -> str:
        """Text that has to be there, whatever it holds: it is judged as a token, and never stored."""
        value = self._members.get(name)
        if not isinstance(value, str):
            raise invalid(name)
        return value

    def optional_token(self, name: str) -> str | None:
        """As `token`, or nothing."""
        return self.token(name) if name in self else None

    def user_id(self, name: str) -> UserId:
        """Text that names a user."""
        value = self.text(name)
        if len(value) > LONGEST_USER_ID:
            raise Refused(400, f"Field name '{name}' is longer than {LONGEST_USER_ID} characters")
        return UserId(value)

    def flag(self, name: str) -> bool:
        """True or false that has to be there."""
        value = self._members.get(name)
        if not isinstance(value, bool):
            raise invalid(name)
        return value

    def optional_flag(self, name: str, *, default: bool) -> bool:
        """True or false, or the default."""
        return self.flag(name) if name in self else default

    def whole(self, name: str) -> int:
        """A whole number that has to be there, of 64 bits."""
        value = self._members.get(name)
        if type(value) is not int or not -_LARGEST_NUMBER <= value < _LARGEST_NUMBER:
            raise invalid(name)
        return value

    def optional_whole(self, name: str) -> int | None:
        """A whole number, or nothing."""
        return self.whole(name) if name in self else None

    def object(self, name: str) -> JsonObject:
        """A JSON object that has to be there."""
        value = self._members.get(name)
        if not isinstance(value, dict):
            raise invalid(name)
        return value

    def payload(self, name: str) -> JsonObject:
        """A JSON object for an access token."""
        value = self.object(name)
        if len(_encode(value)) > LARGEST_PAYLOAD:
            raise Refused(
                400, f"Field name '{name}' is too large for an access token: {LARGEST_PAYLOAD} bytes at most"
            )
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts that has to be there."""
        value = self._members.get(name)
        if not isinstance(value, list):
            raise invalid(name)
        texts = [one for one in value if isinstance(one, str)]
        if len(texts) != len(value):
            raise invalid(name)
        return tuple(texts)

    def rest(self, *names: str) -> dict[str, JsonValue]:
        """Those of these members that are there, nulls too."""
        return {name: self._members[name] for name in names if name in self._members}


class Query:
    """The parameters of a query; of several with one name the first counts."""

    __slots__ = ("_parameters",)

    def __init__(self, query: bytes) -> None:
        """
        Args:
            query: as it stood behind the question mark.

        Raises:
            Refused: no text in UTF-8, or parameters without end.
        """
        try:
            pairs = parse_qsl(
                query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS
            )
        except ValueError:  # also of UTF-8
            raise Refused(400, "The query is invalid") from None
        self._parameters = dict(reversed(pairs))

    def optional(self, name: str) -> str | None:
        """A parameter, or nothing."""
        value = self._parameters.get(name)
        if value is not None and "\x00" in value:
            raise Refused(400, f"Field name '{name}' is invalid in GET request")
        return value

    def text(self, name: str) -> str:
        """A parameter that has to be there."""
        value = self.optional(name)
        if value is None:
            raise Refused(400, f"Field name '{name}' is missing in GET request")
        return value

    def truth(self, name: str, *, default: bool) -> bool:
        """Whether it says true; anything else is false."""
        value = self.optional(name)
        return default if value is None else value.lower() == "true"

    def long(self, name: str) -> int:
        """A whole number that has to be there."""
        text = self.text(name)
        digits = text[1:] if text[:1] in {"-", "+"} else text
        if not (digits.isascii() and digits.isdecimal() and len(digits) < 19):
            raise Refused(400, f"Field name '{name}' must be a long in the GET request")
        return int(text)


def invalid(name: str) -> Refused:
    """A member that is missing or of the wrong kind."""
    return Refused(400, f"Field name '{name}' is invalid in JSON input")


def _require_depth(value: JsonValue, levels: int) -> None:
    match value:
        case dict() | list() if levels == 0:
            raise Refused(400, _INVALID)
        case dict():
            for member in value.values():
                _require_depth(member, levels - 1)
        case list():
            for item in value:
                _require_depth(item, levels - 1)
        case _:
            pass


_decode: Callable[[bytes], dict[str, JsonValue]] = msgspec.json.Decoder(dict[str, Any]).decode
_encode = msgspec.json.Encoder().encode
