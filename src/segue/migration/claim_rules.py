"""
What a provider's tokens must and must not say beyond the checks that hold for all: rules as data.

A profile (`segue.profiles`) says them for one provider, and so may a configuration of your own. A claim is named by its
name, or, inside of other claims, by a tuple of names: a dot means nothing, since namespaced claims are full of them.
House rule: a rule is a value that can be read, printed and compared; it names who is unwanted, and fails closed.
"""

from __future__ import annotations

import re
from datetime import timedelta
from enum import Enum
from typing import Final, TypeAlias

import msgspec

from segue.json import JsonObject, JsonValue

ClaimPath: TypeAlias = str | tuple[str, ...]
"""The name of a claim, or the names on the way to one inside of others."""

EACH: Final = "[]"
"""In the path of a time: each entry of a list; the earliest counts."""


class Missing(Enum):
    """What `find` answers where nothing is."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING


class Form(Enum):
    """What a claim must be, besides being there."""

    ANY = "anything"
    TEXT = "text"
    NUMBER = "a number"
    LIST = "a list"
    OBJECT = "an object"


class Unwanted(Enum):
    """Whose tokens verify and still become no session."""

    IMPERSONATED = "somebody else in the user's name"
    ANONYMOUS = "anonymous users"
    HALF_SIGNED_IN = "users whose sign-in is not complete"
    MACHINE = "machines"
    OTHER_KIND = "tokens of another kind"
    OTHER_PURPOSE = "tokens for one purpose, such as a new password"
    OTHER_CLIENT = "tokens for other people's clients"
    OTHER_TENANT = "users of another tenant"


class Required(msgspec.Struct, frozen=True):
    """A claim that must be there, and not null."""

    path: ClaimPath
    form: Form = Form.ANY

    def __str__(self) -> str:
        return spelled(self.path) + ("" if self.form is Form.ANY else f" ({self.form.value})")


class OneOf(msgspec.Struct, frozen=True):
    """A claim that must be exactly one of these texts."""

    path: ClaimPath
    values: frozenset[str]

    def __str__(self) -> str:
        return f"{spelled(self.path)} = {' or '.join(sorted(self.values))}"


class RefuseIf(msgspec.Struct, frozen=True, kw_only=True):
    """
    A mark of those who are unwanted: the claim is there at all; or has one of *values*; or is there and none of
    *other_than*; or fits *pattern*.
    """

    path: ClaimPath
    because: Unwanted
    values: frozenset[JsonScalar] = frozenset()
    other_than: frozenset[JsonScalar] = frozenset()
    pattern: re.Pattern[str] | None = None
    """Of a whole text."""

    def __str__(self) -> str:
        name = spelled(self.path)
        if self.pattern is not None:
            return f"{name} like {self.pattern.pattern}"
        if self.other_than:
            return f"{name} other than {' or '.join(sorted(map(_shown, self.other_than)))}"
        return f"{name} = {' or '.join(sorted(map(_shown, self.values)))}" if self.values else name

    def fits(self, claims: JsonObject) -> bool:
        """Whether claims bear the mark. A list bears it if one of its entries does."""
        value = find(claims, self.path)
        if value is MISSING:
            return False
        if self.other_than:
            return not _is_among(value, self.other_than)
        if not self.values and self.pattern is None:
            return True
        return any(self._is_marked(each) for each in (value if isinstance(value, list) else [value]))

    def _is_marked(self, value: JsonValue) -> bool:
        if self.pattern is not None:
            return isinstance(value, str) and self.pattern.fullmatch(value) is not None
        return _is_among(value, self.values)


JsonScalar: TypeAlias = str | int | bool


class IssuerTie(msgspec.Struct, frozen=True, kw_only=True):
    """What a claim must be in the tokens of one issuer, such as the tenant that its name holds."""

    issuer: str
    path: ClaimPath
    value: str


class SubjectRule(msgspec.Struct, frozen=True, kw_only=True):
    """Where the provider's own user id stands, and what it looks like."""

    claims: tuple[ClaimPath, ...]
    """The first that is there counts."""
    scope: tuple[ClaimPath, ...] = ()
    """Claims without which that id is not one person: put in front of it with a colon."""
    pattern: re.Pattern[str] | None = None
    """What the whole id looks like; another is refused."""
    whole_numbers: bool = False
    """Take ids that are whole numbers, as their decimal text."""

    def __str__(self) -> str:
        first = " or ".join(map(spelled, self.claims))
        return ", ".join([*map(spelled, self.scope), first]) if self.scope else first


class ClockUnit(Enum):
    """What times are counted in."""

    SECONDS = 1
    MILLISECONDS = 1000


class Moments(Enum):
    """How the times of sign-in and of its end are written; those of the token itself are always numbers."""

    NUMBERS = "numbers"
    TEXTS = "RFC 3339"


class WithoutExp(msgspec.Struct, frozen=True, kw_only=True):
    """Take tokens that have no end of their own, for so long after they were issued."""

    accepted_for: timedelta


class TimeClaims(msgspec.Struct, frozen=True, kw_only=True):
    """Where a token says when."""

    issued: str = "iat"
    expires: str = "exp"
    authenticated: ClaimPath = "auth_time"
    """When the user signed in; where it is missing, the issue counts."""
    name_the_sign_in: bool = False
    """Where nothing else names the sign-in, that time does: however often its token is renewed, it is one."""
    ends: ClaimPath | None = None
    """When the sign-in at the provider ends, whatever happens."""
    unit: ClockUnit = ClockUnit.SECONDS
    moments: Moments = Moments.NUMBERS
    without_exp: WithoutExp | None = None
    """None: a token without an end is refused."""
    lifetime: timedelta | None = None
    """How long its tokens live, where they do not say when they were issued; None: such a token is refused."""


class IssuerClaim(Enum):
    """Whether tokens name their issuer."""

    NAMED = "named"
    ABSENT = "absent"
    """They carry no `iss`; `issuers` is then one name, by which the ledger knows its people."""


class ClaimRules(msgspec.Struct, frozen=True, kw_only=True):
    """The rules of one provider."""

    required: tuple[Required, ...] = ()
    one_of: tuple[OneOf, ...] = ()
    refused: tuple[RefuseIf, ...] = ()
    refused_headers: tuple[RefuseIf, ...] = ()
    """The same, of the token's header."""
    admitted: frozenset[Unwanted] = frozenset()
    """Whom somebody lets in by name; their marks are not among those refused."""
    issuer_ties: tuple[IssuerTie, ...] = ()
    issuer_claim: IssuerClaim = IssuerClaim.NAMED
    issuer_only: str | None = None
    """Why the issuer and its keys alone bind a token to this application; then neither audience nor client need to."""
    client_claims: tuple[str, ...] = ("azp", "client_id")
    """Which claims name the client that was given the token; those that are there must all be one of ours."""
    subject: SubjectRule | None = None
    """None: the text of the provider's `user_claim`."""
    times: TimeClaims = TimeClaims()
    profile: str | None = None
    """The profile that says all this, if one does."""
    unproven: tuple[str, ...] = ()
    """What it relies on and nobody has read in a source of the provider, nor seen."""
    run_against: str | None = None
    """What of the kind the tests of the profile ran against; None: nothing."""
    missing_type: str = "jwt"
    """What a token without `typ` in its header counts as; a word that no token uses makes it a kind of its own."""


NO_RULES: Final = ClaimRules()
"""Nothing beyond the checks that hold for all."""


def find(claims: JsonObject, path: ClaimPath) -> JsonValue | Missing:
    """The value at a path; MISSING also where something on the way is no object."""
    if isinstance(path, str):
        return claims.get(path, MISSING)
    value = claims.get(path[0], MISSING)
    for name in path[1:]:
        if not isinstance(value, dict) or name not in value:
            return MISSING
        value = value[name]
    return value


def find_each(claims: JsonObject, path: ClaimPath) -> list[JsonValue]:
    """All values at a path, which may lead through lists by way of `EACH`; null counts as nothing."""
    names = (path,) if isinstance(path, str) else path
    found: list[JsonValue] = [dict(claims)]
    for name in names:
        found = [inner for value in found for inner in _inside(value, name)]
    return [value for value in found if value is not None]


def _inside(value: JsonValue, name: str) -> list[JsonValue]:
    if name == EACH:
        return value if isinstance(value, list) else []
    return [value[name]] if isinstance(value, dict) and name in value else []


def has_form(value: JsonValue | Missing, form: Form) -> bool:
    """Whether a value is there, not null and of this form; an empty text is none."""
    match form:
        case Form.ANY:
            return value is not None and value is not MISSING
        case Form.TEXT:
            return isinstance(value, str) and bool(value)
        case Form.NUMBER:
            return isinstance(value, int | float) and not isinstance(value, bool)
        case Form.LIST:
            return isinstance(value, list)
        case Form.OBJECT:
            return isinstance(value, dict)


def spelled(path: ClaimPath) -> str:
    """A path for people to read."""
    return path if isinstance(path, str) else " → ".join(path)


def _is_among(value: JsonValue, values: frozenset[JsonScalar]) -> bool:
    # True is not 1 here, as it is not in JSON.
    return any(type(value) is type(each) and value == each for each in values)


def _shown(value: JsonScalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
