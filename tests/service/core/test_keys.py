"""Conformance cases 166 to 174: signing keys, the key set, JWTs for others."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from segue.tokens.base64url import decode
from segue.tokens.jwk import parse_jwks
from segue.tokens.jws import verify_jws
from tests.service.core.world import START, Body, Core, access, claims, header

if TYPE_CHECKING:
    from segue.json import JsonObject

HOURLY: JsonObject = {
    "access_token_dynamic_signing_key_update_interval": 1,
    "access_token_validity_jitter": 0,
    "access_token_validity": 600,
}
JWT: Body = {"algorithm": "RS256", "jwksDomain": "https://core", "payload": {"a": None}, "validity": 100}


def key_set(core: Core) -> list[dict[str, str]]:
    """What is published."""
    found: list[dict[str, str]] = core.get("/.well-known/jwks.json", cdi=None).json["keys"]
    return found


def key_ids(core: Core) -> list[str]:
    """Ids of what is published."""
    return [key["kid"] for key in key_set(core)]


def max_age(core: Core) -> int:
    """For how many seconds the key set may be kept."""
    value = core.get("/.well-known/jwks.json", cdi=None).headers["cache-control"]
    seconds, rest = value.removeprefix("max-age=").split(", ")
    assert rest == "must-revalidate"
    return int(seconds)


def holds(core: Core, token: str) -> bool:
    """Whether a token's signature holds by the published keys alone."""
    jwks = core.get("/.well-known/jwks.json", cdi=None).text
    return bool(verify_jws(token, parse_jwks(jwks)))


def test_key_set(core: Core) -> None:
    """Case 166: RSA keys for RS256, one that rotates and one that does not."""
    keys = key_set(core)
    assert {key["kid"][:2] for key in keys} == {"d-", "s-"}
    for key in keys:
        assert (key["kty"], key["use"], key["alg"], key["e"]) == ("RSA", "sig", "RS256", "AQAB")
        assert decode(key["n"].encode())[0] != 0
        assert len(decode(key["n"].encode())) == 256
    assert set(core.get("/.well-known/jwks.json").json) == {"keys"}


@pytest.mark.parametrize("dynamic", [True, False])
def test_key_of_a_token(core: Core, dynamic: bool) -> None:
    """Case 167: a token's key is published and holds its signature."""
    token = access(core.create(useDynamicSigningKey=dynamic))
    assert header(token)["kid"] in key_ids(core)
    assert holds(core, token)


def test_next_key(core: Core) -> None:
    """Case 168: the next key is published a minute before it signs."""
    hourly = core.again(config=HOURLY)
    first = header(access(hourly.create()))["kid"]
    assert first == f"d-{int(START.timestamp() * 1000)}"
    assert max_age(hourly) == 3600 - 60
    hourly.pass_time(timedelta(minutes=58, seconds=59))
    hourly.make_keys()
    assert max_age(hourly) == 1
    assert len(key_ids(hourly)) == 2
    hourly.pass_time(timedelta(seconds=1))
    hourly.make_keys()
    published = key_ids(hourly)
    assert len(published) == 3
    assert published[1] == first
    hourly.pass_time(timedelta(seconds=59))
    assert header(access(hourly.create()))["kid"] == first
    hourly.pass_time(timedelta(seconds=1))
    assert header(access(hourly.create()))["kid"] == published[0]


def test_old_key(core: Core) -> None:
    """Case 169: what the old key signed holds until it is over; the key goes after twice a token's life."""
    hourly = core.again(config=HOURLY)
    hourly.create()
    hourly.pass_time(timedelta(minutes=59))
    hourly.make_keys()
    late = access(hourly.create())
    hourly.pass_time(timedelta(minutes=9))
    assert header(access(hourly.create()))["kid"] != header(late)["kid"]
    assert hourly.verify(late)["status"] == "OK"
    hourly.pass_time(timedelta(minutes=11, seconds=59))
    hourly.make_keys()
    assert header(late)["kid"] in key_ids(hourly)
    hourly.pass_time(timedelta(seconds=2))
    hourly.make_keys()
    hourly.pass_time(timedelta(seconds=31))
    assert header(late)["kid"] not in key_ids(hourly)


def test_two_instances_at_once(core: Core) -> None:
    """Case 170: two instances that begin on an empty database agree on their keys."""
    other = core.again()

    async def both() -> list[Body]:
        asked = [each.ask("GET", "/.well-known/jwks.json") for each in (core, other) for _ in range(3)]
        return [reply.json for reply in await asyncio.gather(*asked)]

    answers = core.run(both())
    assert all(answer == answers[0] for answer in answers)
    assert [key["kid"][0] for key in answers[0]["keys"]].count("s") == 1
    assert other.verify(access(core.create()))["status"] == "OK"


@pytest.mark.parametrize(
    ("algorithm", "status"), [("RS256", "OK"), ("rs256", "OK"), ("RS512", "UNSUPPORTED_ALGORITHM_ERROR")]
)
def test_algorithm_of_a_jwt(core: Core, algorithm: str, status: str) -> None:
    """Case 171: RS256, in any case of letters."""
    assert core.post("/recipe/jwt", JWT | {"algorithm": algorithm}).json["status"] == status


def test_claims_of_a_jwt(core: Core) -> None:
    """Case 172: issuer, instant and end; a hundred years are fine, nothing and less are not."""
    token = core.post("/recipe/jwt", JWT).json["jwt"]
    issued = int(START.timestamp())
    assert claims(token) == {"a": None, "iss": "https://core", "iat": issued, "exp": issued + 100}
    assert set(header(token)) == {"alg", "typ", "kid"}
    assert holds(core, token)
    own = JWT | {"payload": {"iss": "mine", "exp": 1, "iat": 1}}
    told = claims(core.post("/recipe/jwt", own).json["jwt"])
    assert told == {"iss": "mine", "iat": issued, "exp": issued + 100}
    century = claims(core.post("/recipe/jwt", JWT | {"validity": 3_153_600_000}).json["jwt"])
    assert century["exp"] == issued + 3_153_600_000
    for wrong in (0, -1):
        refusal = core.post("/recipe/jwt", JWT | {"validity": wrong}).refusal
        assert refusal == (400, "validity must be greater than or equal to 0")
    for wrong_kind in (1.5, 2**63, 2**60, "1"):
        assert core.post("/recipe/jwt", JWT | {"validity": wrong_kind}).status == 400


@pytest.mark.parametrize(
    ("given", "kind"),
    [({}, "s-"), ({"useStaticSigningKey": True}, "s-"), ({"useStaticSigningKey": False}, "d-")],
)
def test_key_of_a_jwt(core: Core, given: Body, kind: str) -> None:
    """Case 173: a key that does not rotate, unless one that does is wanted."""
    assert header(core.post("/recipe/jwt", JWT | given).json["jwt"])["kid"].startswith(kind)


def test_old_key_set(core: Core) -> None:
    """Case 174: where old SDKs look, the same keys stand, with a status and no word about caches."""
    reply = core.get("/recipe/jwt/jwks")
    assert reply.json == {"status": "OK", "keys": key_set(core)}
    assert "cache-control" not in reply.headers


def test_jwt_is_no_session(core: Core) -> None:
    """A JWT for others is no access token."""
    token = core.post("/recipe/jwt", JWT).json["jwt"]
    assert core.verify(token)["status"] == "TRY_REFRESH_TOKEN"


def test_key_of_another_instance(core: Core) -> None:
    """Case 30, seen from here: a token of a key that another instance has just made holds at once."""
    one, other = core.again(config=HOURLY), core.again(config=HOURLY)
    one.create()
    other.create()
    one.pass_time(timedelta(minutes=75))
    token = access(one.create())
    one.pass_time(timedelta(seconds=1))
    assert other.verify(token)["status"] == "OK"
