"""Whatever a caller sends, it is the caller who is told so: no answer here is a 5xx."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segue.service.core.app import LARGEST_BODY
from segue.service.core.routes.table import ROUTES
from tests.service.core.world import Core, access, handle_of, new_session

if TYPE_CHECKING:
    from collections.abc import Mapping

POSTED = [route for route in ROUTES if route.method in {"POST", "PUT"}]
ASKED = [route for route in ROUTES if route.method == "GET"]
NAMES = [
    *("userId", "enableAntiCsrf", "userDataInJWT", "userDataInDatabase", "accessToken", "refreshToken"),
    *(
        "sessionHandle",
        "sessionHandles",
        "algorithm",
        "jwksDomain",
        "payload",
        "validity",
        "appId",
        "tenantId",
    ),
    *("coreConfig", "superTokensUserId", "externalUserId", "externalUserIdInfo", "userIdType", "force"),
    *("doAntiCsrfCheck", "checkDatabase", "antiCsrfToken", "useDynamicSigningKey", "accessTokenValidity"),
    *("firstFactors", "thirdParty", "requiredSecondaryFactors"),
]
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=40)
    | st.sampled_from(["", "\x00", "a\x00b", "RS256", "public", "x_y", "a.b.c", "ANY", "1" * 600])
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)
BODIES = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=8)
QUIET = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.parametrize("route", POSTED, ids=lambda route: f"{route.method} {route.path}")
@QUIET
@given(body=BODIES, cdi=st.sampled_from(["2.7", "2.21", "3.1", "5.4", "5.6"]))
def test_any_body(core: Core, route: Any, body: dict[str, object], cdi: str) -> None:
    """Members of any kind."""
    reply = core.run(core.ask(route.method, route.path, content=json.dumps(body).encode(), cdi=cdi))
    assert reply.status < 500, (route.path, body, reply.text)


@pytest.mark.parametrize("route", ASKED, ids=lambda route: route.path)
@QUIET
@given(
    query=st.binary(max_size=40)
    | st.sampled_from([b"userId=%00", b"sessionHandle=%ff", b"userId=%ED%A0%80", b"since=9e9", b"&" * 300])
)
def test_any_query(core: Core, route: Any, query: bytes) -> None:
    """A query of any bytes."""
    printable = "".join(
        f"%{byte:02x}" if byte in b" #\t\r\n" or byte > 126 or byte < 33 else chr(byte) for byte in query
    )
    assert core.get(f"{route.path}?{printable}").status < 500


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("half a surrogate pair", b'{"userId":"\\ud800"}'),
        ("half a pair within", b'{"userDataInJWT":{"a":"\\udc00"}}'),
        ("bytes that are no text", b'{"userId":"\xff\xfe"}'),
        ("byte order mark", b"\xef\xbb\xbf{}"),
        ("endless depth", b'{"userDataInJWT":' + b'{"a":' * 100_000),
        ("deep", b'{"userDataInJWT":' + b'{"a":' * 200 + b"1" + b"}" * 201),
        ("deep list", b'{"userDataInDatabase":' + b"[" * 900 + b"]" * 900 + b"}"),
        ("endless number", b'{"validity":' + b"9" * 5000 + b"}"),
        ("infinite number", b'{"userDataInJWT":{"a":1e999}}'),
        ("NaN", b'{"userDataInJWT":{"a":NaN}}'),
        ("rest behind", b"{} {}"),
    ],
)
def test_json_that_is_none(core: Core, name: str, content: bytes) -> None:
    """What is no JSON, or more than any store keeps, is refused as such."""
    for path in ("/recipe/session", "/recipe/jwt", "/recipe/multitenancy/tenant/v2"):
        method = "PUT" if "tenant" in path else "POST"
        reply = core.run(core.ask(method, path, content=content))
        assert reply.refusal == (400, "Invalid Json Input"), name


def test_numbers_that_stay(core: Core) -> None:
    """Large numbers, fractions and NULs within data come back as they were."""
    data: dict[str, Any] = {"big": 10**30, "one": 1.0, "small": 1e-300, "nul": "\x00", "neg": -(2**63)}
    created = core.create(userDataInJWT=data, userDataInDatabase=data)
    assert core.look(handle_of(created))["userDataInDatabase"] == data
    verified = core.verify(access(created), cdi="5.6", checkDatabase=True)
    assert verified["payloadUpdateAvailable"] is False


@pytest.mark.parametrize("user", ["a\x00b", "x" * 129])
def test_user_ids_that_no_index_keeps(core: Core, user: str) -> None:
    """A user id with a NUL, or too long for a key."""
    assert core.post("/recipe/session", new_session(user)).status == 400
    assert core.post("/user/remove", {"userId": user}).status == 400


def test_empty_user_id(core: Core) -> None:
    """An empty user id is one."""
    assert core.create("")["session"]["userId"] == ""


def test_body_too_large(core: Core) -> None:
    """A body without end is broken off."""
    reply = core.post("/recipe/session", content=b" " * (LARGEST_BODY + 1))
    assert reply.status == 413
    assert reply.headers["connection"] == "close"


@pytest.mark.parametrize(
    "path", ["/" + "a" * 5000, "/%00", "/%ff%fe", "/appid-%00/hello", "/recipe/session%00", "//", "/./hello"]
)
def test_any_path(core: Core, path: str) -> None:
    """A path of anything is one that is not served."""
    assert core.get(path).status in {200, 404}


@pytest.mark.parametrize(
    "headers",
    [
        {"cdi-version": b"\xff"},
        {"cdi-version": b"9" * 5000},
        {"api-key": b"\x00" * 9},
        {"authorization": b""},
        {"content-length": b"nonsense"},
    ],
)
def test_any_header(core: Core, headers: Mapping[str, bytes]) -> None:
    """Header lines of anything."""
    assert core.get("/apiversion", cdi=None, headers=headers).status < 500


def test_many_at_once(core: Core) -> None:
    """Requests to apps that are not there wait for one look into the store."""

    async def crowd() -> list[int]:
        asked = (core.ask("GET", f"/appid-x{number}/.well-known/jwks.json") for number in range(50))
        return [reply.status for reply in await asyncio.gather(*asked)]

    assert set(core.run(crowd())) == {400}
