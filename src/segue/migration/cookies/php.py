"""
PHP's own sessions: a random id in a cookie (`PHPSESSID`) that nothing signs, and a row that decides.

House rules: the id's form is checked before anything is looked up, because it becomes part of a path or a key; an id
without a row is nobody's (a cookie that somebody else planted, where the application lacks `session.use_strict_mode`);
the content is read by `php_values` and builds no objects.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum
from typing import ClassVar

from segue.discreet import Discreet
from segue.errors import ClaimsRefused, SignInRevoked, TokenMalformed
from segue.flow import ask
from segue.migration.cookies import configured, contents
from segue.migration.cookies.contents import Required
from segue.migration.cookies.members import read_seconds, read_subject
from segue.migration.cookies.model import MAX_SESSION, Asked, Cookies, OldApplication, OldSession
from segue.migration.cookies.php_json import as_json
from segue.migration.cookies.php_values import (
    MAX_VALUES,
    PhpArray,
    PhpObjects,
    PhpValue,
    read_value,
    unserialize,
)
from segue.migration.cookies.signed_value import read_cookie

_SESSION_ID = re.compile(r"[A-Za-z0-9,-]{22,256}")
"""What `session_create_id` makes: PHP 7.1 and newer take no shorter one, older ones made 26 or 32 characters."""
_NAME = "PHP sessions"
_MEMBER = re.compile(rb'[^\x00-\x1f|;"]{1,512}')
"""Narrower than PHP's: what another serializer wrote would otherwise be read now and then, and differently."""


class PhpSerializer(Enum):
    """The application's `session.serialize_handler`."""

    PHP = "php"
    """PHP's default."""
    PHP_SERIALIZE = "php_serialize"
    PHP_BINARY = "php_binary"


class PhpSession(Discreet, frozen=True, kw_only=True):
    """
    How PHP's sessions are read.

    Raises:
        ConfigurationError: a path that leads nowhere, or no name of a cookie.
    """

    unshown: ClassVar = frozenset[str]()

    user_id: str
    """Where the application keeps the user's id: `user_id`, `auth.user.id`. Names with dots between them."""
    signed_in_at: str | None = None
    """Where it keeps when the user signed in, in seconds since 1970, if it does."""
    required: Required = ()
    """What a session must hold, for instance that the second factor was passed."""
    forbidden: tuple[str, ...] = ()
    """What it may not hold, for instance the mark of a support agent who acts as the user."""
    cookie_name: str = "PHPSESSID"
    """`session.name` there."""
    serializer: PhpSerializer = PhpSerializer.PHP
    objects: PhpObjects = PhpObjects.REFUSED
    """What becomes of a session that holds objects. None is ever built."""

    def __post_init__(self) -> None:
        configured.require_cookie_name(_NAME, self.cookie_name)
        configured.require_paths(
            _NAME, self.user_id, self.signed_in_at, required=self.required, forbidden=self.forbidden
        )

    @property
    def cookie_names(self) -> frozenset[str]:
        """The one cookie."""
        return frozenset({self.cookie_name})

    @property
    def asks(self) -> frozenset[Asked]:
        """See `AsksApplication.asks`."""
        return frozenset({"find_session"})

    async def read(self, cookies: Cookies, provider: str, *, now: datetime) -> OldSession:  # noqa: ARG002 - the row says when
        """As `CookieFormat.read`; the row's own end is known to whoever finds it."""
        session_id = session_id_in(cookies, self.cookie_name)
        stored = await ask(OldApplication.find_session, provider, session_id)
        if stored is None:
            raise SignInRevoked("no session with this id")
        content = as_json(read_session(stored, self.serializer, objects=self.objects))
        contents.require_members(content, required=self.required, forbidden=self.forbidden)
        return OldSession(
            subject=read_subject(content, self.user_id),
            session_id=contents.name_of(session_id),
            authenticated_at=read_seconds(content, self.signed_in_at),
            record_key=session_id,
            claims=content,
        )


def session_id_in(cookies: Cookies, name: str) -> str:
    """
    The session id in a cookie.

    Raises:
        TokenMissing: the cookie is not there.
        TokenMalformed: it is nothing that PHP makes, and perhaps a path.
    """
    session_id = read_cookie(cookies, name)
    if not _SESSION_ID.fullmatch(session_id):
        raise TokenMalformed("not a PHP session id")
    return session_id


def read_session(stored: bytes, serializer: PhpSerializer, *, objects: PhpObjects) -> PhpArray:
    """
    The members of `$_SESSION`.

    Raises:
        TokenMalformed: not of this form, too large, or with objects that are not to be skipped.
        ClaimsRefused: there is nothing in it.
    """
    if not stored:
        raise ClaimsRefused("session", "nothing is in it")
    reason = ""
    try:
        return _READERS[serializer](stored, objects)
    except ValueError as error:
        reason = str(error)
    raise TokenMalformed(f"session content ({serializer.value}): {reason}")


def _read_serialized(stored: bytes, objects: PhpObjects) -> PhpArray:
    value = unserialize(stored, objects=objects)
    if not isinstance(value, dict):
        raise ValueError("not an array")  # noqa: TRY004 - the type of the data, not of the argument
    return value


def _read_php(stored: bytes, objects: PhpObjects) -> PhpArray:
    """`name|value`, again and again. No name holds a bar: PHP writes no session that has one."""

    def name_at(position: int) -> tuple[bytes, int]:
        bar = stored.find(b"|", position)
        if bar < 0:
            raise ValueError("no bar behind a name")
        return stored[position:bar], bar + 1

    return _read_members(stored, name_at, objects)


def _read_binary(stored: bytes, objects: PhpObjects) -> PhpArray:
    """A byte that says how long the name is, the name, the value. Its eighth bit stands for a name without a value."""

    def name_at(position: int) -> tuple[bytes, int]:
        end = position + 1 + stored[position]
        if stored[position] > 0x7F or end > len(stored):
            raise ValueError("not the length of a name")
        return stored[position + 1 : end], end

    return _read_members(stored, name_at, objects)


def _read_members(
    stored: bytes, name_at: Callable[[int], tuple[bytes, int]], objects: PhpObjects
) -> PhpArray:
    if len(stored) > MAX_SESSION:
        raise ValueError("too large")
    members: dict[int | bytes, PhpValue] = {}
    position, budget = 0, [MAX_VALUES]
    while position < len(stored):
        name, position = name_at(position)
        if not _MEMBER.fullmatch(name) or name in members:
            raise ValueError("a name is none, or there twice")
        members[name], position = read_value(stored, position, objects=objects, budget=budget)
    return members


_READERS: Mapping[PhpSerializer, Callable[[bytes, PhpObjects], PhpArray]] = {
    PhpSerializer.PHP: _read_php,
    PhpSerializer.PHP_SERIALIZE: _read_serialized,
    PhpSerializer.PHP_BINARY: _read_binary,
}
