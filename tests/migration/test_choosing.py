"""Which provider a credential is for: by its form or by a name, never by trial (T6, T17)."""

from __future__ import annotations

import pytest

from segue import BearerToken, OldCookies, Prefixed
from segue.errors import (
    ClaimsRefused,
    ProviderUnclear,
    RequestRefused,
    SessionError,
    TokenMalformed,
    TokenMissing,
)
from segue.migration.choosing import (
    ChosenCookies,
    ChosenJwt,
    ChosenOpaque,
    ChosenOwn,
    choose_provider,
    is_read,
    looks_like_jose,
)
from segue.migration.kinds import AnyProvider
from tests.migration.issuer import provider, token
from tests.migration.old_shop import TOKEN, ShopCookies, opaque, own, shop

JWTS, SHOP, OPAQUE = provider(), shop(), opaque()
MALL = shop(name="mall", format=ShopCookies(name="mall"), map_user=Prefixed("mall|"))
OPAQUE_TOO = opaque(name="opaque-2", map_user=Prefixed("opaque-2|"))
OWN = own()
OWN_COOKIES = own(name="own-cookies", cookie_names=frozenset({"own"}), map_user=Prefixed("o|"))
ALL = (JWTS, SHOP, MALL, OPAQUE, OWN, OWN_COOKIES)
BOTH = OldCookies(values={"shop": "a", "mall.0": "b"})


@pytest.mark.parametrize(
    ("credential", "named", "chosen", "kind"),
    [
        (BearerToken(text=token()), None, "old", ChosenJwt),
        (BearerToken(text=token()), "old", "old", ChosenJwt),
        (BearerToken(text=token()), "own", "own", ChosenOwn),
        (BearerToken(text=TOKEN), None, "opaque", ChosenOpaque),
        (BearerToken(text=TOKEN), "own", "own", ChosenOwn),
        (OldCookies(values={"shop": "a"}), None, "shop", ChosenCookies),
        (OldCookies(values={"mall.0": "a", "mall.1": "b"}), None, "mall", ChosenCookies),
        (OldCookies(values={"own": "a"}), None, "own-cookies", ChosenOwn),
        (BOTH, "shop", "shop", ChosenCookies),
        (BOTH, "mall", "mall", ChosenCookies),
    ],
)
def test_t6_chosen(credential: BearerToken | OldCookies, named: str | None, chosen: str, kind: type) -> None:
    """A JWT by its issuer, a cookie by its name, an opaque token as the only one, and all by a given name (T6)."""
    found = choose_provider(ALL, credential, named)
    assert (found.provider.name, type(found)) == (chosen, kind)


@pytest.mark.parametrize(
    ("providers", "credential", "named", "refusal"),
    [
        (ALL, BOTH, None, ProviderUnclear),
        ((*ALL, OPAQUE_TOO), BearerToken(text=TOKEN), None, ProviderUnclear),
        (ALL, BearerToken(text=TOKEN), "unheard-of", RequestRefused),
        (ALL, BearerToken(text=TOKEN), "shop", RequestRefused),
        (ALL, BearerToken(text=TOKEN), "own-cookies", RequestRefused),
        (ALL, OldCookies(values={"shop": "a"}), "old", RequestRefused),
        (ALL, OldCookies(values={"shop": "a"}), "opaque", RequestRefused),
        (ALL, OldCookies(values={"shop": "a"}), "mall", TokenMissing),
        (ALL, OldCookies(values={"other": "a"}), None, TokenMissing),
        (ALL, BearerToken(text=TOKEN), "old", TokenMalformed),
        (ALL, BearerToken(text=token(iss="https://other.example")), None, ClaimsRefused),
        (ALL, BearerToken(text=token()), "opaque", ClaimsRefused),
        ((JWTS, OWN), BearerToken(text=TOKEN), None, TokenMalformed),
        ((SHOP,), BearerToken(text=TOKEN), None, TokenMalformed),
    ],
)
def test_t17_not_chosen(
    providers: tuple[AnyProvider, ...],
    credential: BearerToken | OldCookies,
    named: str | None,
    refusal: type[SessionError],
) -> None:
    """Where nothing decides, nobody is tried; and who is named reads his own kind or nothing (T6, T17)."""
    with pytest.raises(refusal):
        choose_provider(providers, credential, named)


@pytest.mark.parametrize(
    ("values", "doubled", "named", "refusal"),
    [
        ({"mall": "planted"}, {"mall.0", "mall.1"}, None, TokenMissing),
        ({"mall.0": "planted"}, {"mall"}, None, TokenMissing),
        ({"mall.1": "b"}, {"mall.0"}, "mall", TokenMissing),
        ({"shop": "planted"}, {"mall"}, None, ProviderUnclear),
        ({"shop": "planted"}, {"mall"}, "mall", TokenMissing),
    ],
    ids=str,
)
def test_t28_planted_beside_a_doubled_cookie(
    values: dict[str, str], doubled: set[str], named: str | None, refusal: type[SessionError]
) -> None:
    """Who doubles the user's cookies does not have his own read in their place, whole, in chunks or elsewhere (T28)."""
    with pytest.raises(refusal):
        choose_provider(ALL, OldCookies(values=values, doubled=frozenset(doubled)), named)


def test_t28_doubled_cookie_of_another_provider() -> None:
    """Whose cookie is single is read when the page names him, whatever came twice of another's."""
    credential = OldCookies(values={"shop": "a"}, doubled=frozenset({"mall"}))
    assert choose_provider(ALL, credential, "shop").provider is SHOP


def test_own_verifier_alone() -> None:
    """The only provider is meant without a name, whatever its tokens look like."""
    for text in (TOKEN, token()):
        assert choose_provider((OWN,), BearerToken(text=text), None).provider is OWN


def test_cookies_of_the_chosen_alone() -> None:
    """A provider sees its own cookies, and none of another's."""
    found = choose_provider(ALL, BOTH, "mall")
    assert isinstance(found, ChosenCookies)
    assert dict(found.cookies.values) == {"mall.0": "b"}


@pytest.mark.parametrize(
    "text",
    [
        *(token(), token()[:-5], token() + ".x", token().partition(".")[0], "eyJ."),
        "eyJhbGciOiJkaXIifQ..a.b.c",
        "eyAiYWxnIjoiZGlyIn0..a.b.c",  # a blank behind the brace
        "ewoiYWxnIjoiZGlyIn0..a.b.c",  # a line end
    ],
)
def test_t22_broken_jwt_goes_to_no_endpoint(text: str) -> None:
    """What is, or was, somebody's JWT is never sent to an introspection endpoint (T22)."""
    assert looks_like_jose(text)
    with pytest.raises((TokenMalformed, ClaimsRefused)):
        choose_provider((SHOP, OPAQUE), BearerToken(text=text), None)


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("sid", True),
        ("sid.0", True),
        ("sid.12", True),
        ("sid.123", False),
        ("sid.x", False),
        ("sid.", False),
        ("xsid", False),
    ],
)
def test_chunks(name: str, read: bool) -> None:
    """A chunk has the cookie's name, a dot and a small number."""
    assert is_read(name, frozenset({"sid"})) is read
