"""Kinds of providers beside JWTs: what cannot be safe is refused when it is built, with the way to mend it (T24)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from segue import (
    ANY_AUDIENCE,
    ANY_PARTY,
    KEYS_ONLY,
    CookieProvider,
    Introspection,
    OldSession,
    OpaqueProvider,
    OwnProvider,
    Prefixed,
)
from segue.errors import ConfigurationError
from segue.migration.kinds import choose_by_issuer, require_distinct
from tests.migration.issuer import NOW, provider

if TYPE_CHECKING:
    from datetime import datetime

    from segue.migration.cookies.model import Cookies
    from segue.migration.credential import Credential

ASKED = Introspection(url="https://old.example/introspect", client_id="api", client_secret="canary")


class Format:
    """A format of cookies that proves nothing to anybody."""

    def __init__(self, *names: str) -> None:
        self.cookie_names = frozenset(names)

    async def read(self, cookies: Cookies, provider: str, *, now: datetime) -> OldSession:
        """Never."""
        raise NotImplementedError


def find(_key: str) -> bytes | None:
    """A store of old sessions in which there are none."""
    return None


def verify(_credential: Credential) -> OldSession:
    """A verifier that proves nothing."""
    raise NotImplementedError


def cookies(**changes: Any) -> CookieProvider:
    """An application with rows of sessions."""
    settings: dict[str, Any] = {"name": "shop", "format": Format("sid"), "find_session": find}
    return CookieProvider(**{**settings, **changes})


def opaque(**changes: Any) -> OpaqueProvider:
    """A provider of opaque tokens."""
    settings: dict[str, Any] = {
        "name": "opaque",
        "introspection": ASKED,
        "audiences": ANY_AUDIENCE,
        "authorized_parties": frozenset({"page"}),
        "map_user": Prefixed("opaque|"),
    }
    return OpaqueProvider(**{**settings, **changes})


def own(**changes: Any) -> OwnProvider:
    """A verifier of the application's own."""
    settings: dict[str, Any] = {"name": "own", "verify": verify, "map_user": Prefixed("own|")}
    return OwnProvider(**{**settings, **changes})


@pytest.mark.parametrize(
    ("changes", "mend"),
    [
        ({"name": "Shop"}, "lower-case letters"),
        ({"format": Format()}, "names no cookie"),
        ({"format": Format("sid", "")}, "names no cookie"),
        ({"issuer": ""}, "1 to 512"),
        ({"issuer": " shop"}, "1 to 512"),
        ({"find_session": None, "deadline": NOW}, "nobody is asked"),
        ({"find_session": None, "deadline": NOW, "live_check": KEYS_ONLY}, "at most 24 hours"),
        ({"find_session": None, "check_user": verify}, "make sessions for ever"),
        ({"live_check": KEYS_ONLY}, "somebody is"),
        ({"maximum_age": timedelta(0)}, "must be positive"),
        ({"carried_claims": frozenset({"st-role"})}, "only a sign-in here"),
        ({"tenants": (("a", "b"),)}, "name it"),
    ],
    ids=str,
)
def test_t24_unsafe_cookies(changes: dict[str, Any], mend: str) -> None:
    """Cookies that would be believed for ever, or without anybody being asked, are refused at start-up (T24, T25)."""
    cookies()
    with pytest.raises(ConfigurationError, match=mend):
        cookies(**changes)


@pytest.mark.parametrize(
    ("changes", "mend"),
    [
        ({"authorized_parties": frozenset[str]()}, "ANY_PARTY"),
        ({"authorized_parties": ANY_PARTY}, "name one of them"),
        ({"audiences": "api"}, "a frozenset of yours"),
        ({"user_claim": "email"}, "usually sub"),
        ({"session_claims": "sid"}, "must be a tuple"),
        ({"live_check": KEYS_ONLY}, "somebody is"),
        ({"maximum_age": timedelta(days=30)}, "shorter than session_lifetime"),
    ],
    ids=str,
)
def test_t24_unsafe_introspection(changes: dict[str, Any], mend: str) -> None:
    """Opaque tokens of any client, or of people who share a name, are refused at start-up (T24, T1, T7)."""
    opaque()
    with pytest.raises(ConfigurationError, match=mend):
        opaque(**changes)


@pytest.mark.parametrize(
    ("changes", "mend"),
    [
        ({"verify": None}, "a function"),
        ({"cookie_names": "sid"}, "must be a frozenset"),
        ({"live_check": KEYS_ONLY}, "somebody is"),
    ],
    ids=str,
)
def test_t24_unsafe_verifier(changes: dict[str, Any], mend: str) -> None:
    """A verifier that is none is refused at start-up (T24)."""
    own()
    with pytest.raises(ConfigurationError, match=mend):
        own(**changes)


def test_t6_kinds_are_not_mixed_up() -> None:
    """Names, issuers and cookies are those of one provider each; a token's issuer chooses among JWTs (T6)."""
    jwts, shop = provider(), cookies(map_user=Prefixed("shop|"))
    require_distinct((jwts, shop, opaque(), own(cookie_names=frozenset({"other"}))))
    assert choose_by_issuer((shop, opaque()), "shop") is None
    for second in (
        own(name="shop"),
        own(issuer="shop"),
        own(cookie_names=frozenset({"sid"})),
        cookies(name="b"),
    ):
        with pytest.raises(ConfigurationError, match=r"configured twice"):
            require_distinct((shop, second))
    with pytest.raises(ConfigurationError, match="give all but one of them map_user"):
        require_distinct((jwts, cookies()))


def test_t6_prefix_that_begins_with_another() -> None:
    """Who chooses his id at one provider never becomes another's user by a longer prefix (T6)."""

    def two(first: str, second: str) -> None:
        require_distinct(
            (
                provider(map_user=Prefixed(first)),
                provider(name="other", issuers=("https://other.example",), map_user=Prefixed(second)),
            )
        )

    two("a|", "b|")
    two("a|", "a|")  # one application, two kinds of credentials
    for pair in (("a|", "a|b|"), ("a|b|", "a|")):
        with pytest.raises(ConfigurationError, match="none begins with another"):
            two(*pair)
