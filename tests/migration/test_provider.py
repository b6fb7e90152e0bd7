"""A provider's configuration: what cannot be safe is refused when it is built, with the way to mend it (T24)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from segue.errors import ConfigurationError
from segue.migration.binding import ANY_AUDIENCE, ANY_PARTY
from segue.migration.endings import FusionAuthEnding, Reach, Revocation7009
from segue.migration.key_sources import LiveKeys
from segue.migration.kinds import choose_by_issuer, require_distinct
from segue.migration.model import Identity
from segue.migration.provider import CredentialKind, Provider
from segue.tokens.algorithms import Algorithm
from tests.migration.issuer import ISSUER, NOW, provider, published

OTHER = "https://other.example"
REVOKE = f"{ISSUER}/revoke"
NOTHING: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("changes", "mend"),
    [
        ({"name": ""}, "lower-case letters"),
        ({"name": "Old IdP"}, "lower-case letters"),
        ({"issuers": ()}, "every exact value of iss"),
        ({"issuers": ("",)}, "every exact value of iss"),
        ({"issuers": ("https://*.example",)}, "without wildcards"),
        ({"issuers": (" https://old.example",)}, "letter by letter"),
        ({"issuers": ISSUER}, "must be a tuple"),
        ({"keys": LiveKeys(issuer=OTHER)}, "not among its issuers"),
        ({"keys": LiveKeys(issuer=ISSUER + "/")}, "not among its issuers"),
        ({"audiences": NOTHING}, "ANY_AUDIENCE"),
        ({"audiences": frozenset({""})}, "ANY_AUDIENCE"),
        ({"audiences": frozenset({"*"})}, "ANY_AUDIENCE"),
        ({"audiences": "https://api.example"}, "a frozenset of yours"),
        ({"audiences": ANY_PARTY}, "ANY_AUDIENCE"),
        ({"audiences": None}, "ANY_AUDIENCE"),
        ({"authorized_parties": NOTHING}, "ANY_PARTY"),
        ({"authorized_parties": frozenset({"page "})}, "ANY_PARTY"),
        ({"authorized_parties": "page"}, "a frozenset of yours"),
        ({"authorized_parties": ANY_AUDIENCE}, "ANY_PARTY"),
        ({"audiences": ANY_AUDIENCE, "authorized_parties": ANY_PARTY}, "name one of them"),
        ({"audiences": ANY_PARTY, "authorized_parties": ANY_PARTY}, "ANY_AUDIENCE"),
        ({"algorithms": NOTHING}, "name those of the provider's keys"),
        ({"algorithms": frozenset({Algorithm.HS256, Algorithm.RS256})}, "shared secret"),
        ({"token_types": NOTHING}, "name those of the provider's tokens"),
        ({"token_types": frozenset({"JWT"})}, "in lower case"),
        ({"token_types": frozenset({"application/at+jwt"})}, "without application/"),
        ({"token_types": "at+jwt"}, "must be a frozenset"),
        ({"session_claims": "sid"}, "must be a tuple"),
        ({"required_claims": "role"}, "must be a tuple"),
        ({"carried_claims": "plan"}, "must be a frozenset"),
        ({"user_claim": ""}, "usually sub"),
        ({"user_claim": "email"}, "usually sub"),
        ({"user_claim": "preferred_username"}, "usually sub"),
        ({"leeway": timedelta(seconds=-1)}, "between 0 and 60 seconds"),
        ({"leeway": timedelta(seconds=61)}, "between 0 and 60 seconds"),
        ({"maximum_age": timedelta(0)}, "at most ten years"),
        ({"maximum_age": timedelta.max}, "at most ten years"),
        ({"session_lifetime": timedelta(0)}, "at most ten years"),
        ({"session_lifetime": timedelta.max}, "at most ten years"),
        ({"issued_before": datetime(2026, 1, 1)}, "has no time zone"),  # noqa: DTZ001 - the point
        ({"deadline": datetime(2026, 1, 1)}, "has no time zone"),  # noqa: DTZ001
    ],
    ids=str,
)
def test_t24_unsafe_provider(changes: dict[str, Any], mend: str) -> None:
    """An unsafe or unworkable setting is refused at start-up, and the text says what to write instead (T24, T7)."""
    with pytest.raises(ConfigurationError, match=mend):
        provider(**changes)


@pytest.mark.parametrize(
    ("changes", "mend"),
    [
        ({"url": "http://old.example/revoke"}, "https"),
        ({"url": "https://user:secret@old.example/revoke"}, "user name"),
        ({"url": ""}, "characters"),
        ({"client_id": ""}, "client_id"),
        ({"client_secret": ""}, "None for a public client"),
        ({"allowed_token_types": NOTHING}, "refresh_token, access_token"),
        ({"allowed_token_types": frozenset({"id_token"})}, "refresh_token, access_token"),
    ],
    ids=str,
)
def test_t24_unsafe_revocation(changes: dict[str, Any], mend: str) -> None:
    """A revocation endpoint that cannot be asked safely is refused at start-up (T24)."""
    settings: dict[str, Any] = {"url": REVOKE, "client_id": "page", **changes}
    with pytest.raises(ConfigurationError, match=mend):
        Revocation7009(**settings)


def test_t24_session_id_of_the_wrong_token() -> None:
    """FusionAuth's ID tokens name another session than the one that its API would end: refused at start-up (T24)."""
    ending = FusionAuthEnding(url="https://fusion.example", api_key="key")
    with pytest.raises(ConfigurationError, match="let the pages present access tokens"):
        provider(revocation=ending, credential=CredentialKind.ID_TOKEN)
    whole = replace(ending, reach=Reach.USER)
    assert provider(revocation=whole, credential=CredentialKind.ID_TOKEN).ending == whole
    assert provider(revocation=ending).ending == ending


def test_t24_what_is_no_ending() -> None:
    """Anything but an ending is refused, also by those who use no type checker (T24)."""
    with pytest.raises(ConfigurationError, match=r"one of segue\.migration\.endings"):
        provider(revocation="https://old.example/revoke")


def test_t22_client_secret_is_not_shown() -> None:
    """The representation of a provider shows that it revokes, not with which secret (T22)."""
    revocation = Revocation7009(url=REVOKE, client_id="page", client_secret="canary")
    assert "canary" not in repr(provider(revocation=revocation))


def test_t6_provider_by_exact_issuer() -> None:
    """A provider is chosen by the whole issuer, not by a part of it (T6)."""
    old, other = provider(), provider(name="other", issuers=(OTHER, OTHER + "/"))
    assert choose_by_issuer((old, other), ISSUER) is old
    assert choose_by_issuer((old, other), OTHER + "/") is other
    for stranger in (ISSUER + "/", ISSUER[:-1], ""):
        assert choose_by_issuer((old, other), stranger) is None


def same_user(_identity: Identity) -> str:
    """A mapping of the application's own."""
    return "user"


def other(**changes: Any) -> Provider:
    """A second provider that could not be taken for the first."""
    settings: dict[str, Any] = {
        "name": "other",
        "issuers": (OTHER,),
        "keys": published(OTHER),
        "map_user": same_user,
    }
    return provider(**{**settings, **changes})


@pytest.mark.parametrize(
    ("changes", "mend"),
    [
        ({"name": "old"}, "configured twice"),
        ({"issuers": (OTHER, ISSUER)}, "configured twice"),
        ({"issuers": (OTHER, OTHER)}, "configured twice"),
        ({"map_user": provider().map_user}, "give all but one of them map_user"),
    ],
    ids=["name", "issuer", "issuer of one", "subjects of both as user ids"],
)
def test_t6_providers_that_could_be_mixed_up(changes: dict[str, Any], mend: str) -> None:
    """Two providers share neither name nor issuer nor the space of user ids (T6)."""
    require_distinct((provider(deadline=NOW), other()))
    with pytest.raises(ConfigurationError, match=mend):
        require_distinct((provider(), other(**changes)))
