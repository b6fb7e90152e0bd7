"""Conformance cases 91 to 103: paths, headers, versions, refusals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from segue.service.core.app import serve_http
from tests.service.core.world import Core, claims, header, new_session, verification

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY, OTHER = "first-key-of-twenty-characters", "second-key-of-twenty-characters"


@pytest.mark.parametrize("path", ["/hello", "/", "/hello/", "/appid-public/hello", "/appid-public"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_hello(core: Core, method: str, path: str) -> None:
    """Case 91: hello needs no key and no version, and is text."""
    locked = core.again(config={"api_keys": KEY})
    assert locked.run(locked.ask(method, path, cdi=None)).refusal == (200, "Hello")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"api-key": "wrong"}, 401),
        ({"api-key": KEY[:-1]}, 401),
        ({"api-key": f"{KEY},{OTHER}"}, 401),
        ({"api-key": "wrong", "authorization": f"Bearer {KEY}"}, 401),
        ({"api-key": "\xff" * 20}, 401),
        ({"api-key": KEY}, 200),
        ({"api-key": f" {OTHER} "}, 200),
        ({"authorization": f"Bearer {KEY}"}, 200),
        ({"authorization": f"bEARER {KEY}"}, 200),
        ({"authorization": KEY}, 200),
    ],
)
def test_api_key(core: Core, headers: Mapping[str, str], status: int) -> None:
    """Case 92: one of the configured keys lets in, in a header of its own or as authorization."""
    locked = core.again(config={"api_keys": f"{KEY}, {OTHER}"})
    raw = {name: value.encode("latin-1") for name, value in headers.items()}
    reply = locked.get("/apiversion", cdi=None, headers=raw)
    assert reply.status == status
    if status == 401:
        assert reply.refusal == (401, "Invalid API key")


def test_api_key_before_method_and_version(core: Core) -> None:
    """Case 92: without a key nothing is told, be it of methods or versions; unknown paths are open."""
    locked = core.again(config={"api_keys": KEY})
    assert locked.put("/recipe/session", {}).status == 401
    assert locked.post("/recipe/session", {}, cdi="99.0").status == 401
    assert locked.get("/nowhere").status == 404


def test_key_set_without_key(core: Core) -> None:
    """Case 93: the key set is for whoever verifies."""
    locked = core.again(config={"api_keys": KEY})
    assert locked.get("/.well-known/jwks.json", cdi=None).json["keys"]


def test_no_version(core: Core) -> None:
    """Case 94: who names no version speaks the newest, in which a refresh rotates at once."""
    created = core.post("/recipe/session", new_session(), cdi=None).json
    refreshed = core.post(
        "/recipe/session/refresh",
        {
            "refreshToken": created["refreshToken"]["token"],
            "enableAntiCsrf": False,
            "useDynamicSigningKey": True,
        },
        cdi=None,
    ).json
    assert claims(refreshed["accessToken"]["token"])["parentRefreshTokenHash1"] is None


@pytest.mark.parametrize(
    ("version", "sentence"),
    [
        ("abc", "cdi-version header is invalid"),
        ("5", "cdi-version header is invalid"),
        ("", "cdi-version header is invalid"),
        ("5.4.1", "cdi-version header is invalid"),
        ("\u0665.\u0664", "cdi-version header is invalid"),
        ("99.0", "cdi-version 99.0 not supported"),
        ("5.7", "cdi-version 5.7 not supported"),
        ("2.6", "cdi-version 2.6 not supported"),
        ("4.1", "cdi-version 4.1 not supported"),
    ],
)
def test_wrong_version(core: Core, version: str, sentence: str) -> None:
    """Case 95: a version that is none, or is not served."""
    named = {"cdi-version": version.encode()}
    reply = core.post("/recipe/session", new_session(), cdi=None, headers=named)
    assert reply.refusal == (400, sentence)


@pytest.mark.parametrize(("path", "status"), [("/hello", 400), ("/.well-known/jwks.json", 400)])
def test_wrong_version_where_none_is_needed(core: Core, path: str, status: int) -> None:
    """Case 95: open paths need no version, but refuse one that cannot be."""
    assert core.get(path, cdi="99.0").status == status
    assert core.get(path, cdi="abc").status == status
    assert core.get(path, cdi="2.6").status == 200


def test_least_version(core: Core) -> None:
    """Case 96: below the configured minimum nothing is created, and the list begins there."""
    strict = core.again(config={"supertokens_min_cdi_version": "4.0"})
    refusal = strict.post("/recipe/session", new_session(), cdi="3.1").refusal
    assert refusal == (400, "cdi-version 3.1 is lower than the minimum allowed version 4.0")
    assert strict.create(cdi="4.0")["status"] == "OK"
    assert strict.get("/apiversion").json["versions"][0] == "4.0"


def test_versions(core: Core) -> None:
    """Case 97: the list holds what SDKs speak, and has no status."""
    answer = core.get("/apiversion?apiDomain=a&websiteDomain=b", cdi=None).json
    assert set(answer) == {"versions"}
    wanted = {"2.7", "2.21", "3.0", "3.1", "4.0", "5.0", "5.1", "5.2", "5.3", "5.4", "5.5", "5.6"}
    assert wanted <= set(answer["versions"])
    assert "2.6" not in answer["versions"]
    limited = core.again(config={"supertokens_max_cdi_version": "5.4"})
    assert limited.get("/apiversion", cdi=None).json["versions"][-1] == "5.4"
    assert limited.post("/recipe/session", new_session(), cdi="5.5").status == 400
    assert header(limited.create(cdi="5.4")["accessToken"]["token"])["version"] == "5"


@pytest.mark.parametrize(
    "path", ["/nowhere", "/recipe", "/recipe/sessions", "/t1/nowhere", "/appid-public/t/n/o"]
)
def test_unknown_path(core: Core, path: str) -> None:
    """Case 98: a path that is not served."""
    assert core.get(path).refusal == (404, "Not found")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"])
def test_wrong_method(core: Core, method: str) -> None:
    """Case 98: a path that is served, by another method."""
    reply = core.run(core.ask(method, "/recipe/session/verify"))
    assert reply.status == 405
    assert reply.text == ("" if method == "HEAD" else "Method not supported\n")


@pytest.mark.parametrize(
    "path",
    [
        "/recipe/session/",
        "/public/recipe/session",
        "/appid-public/recipe/session",
        "/appid-public/public/recipe/session",
        "/appid-/public/recipe/session/",
        "/APPID-public/Public/RECIPE/Session",
    ],
)
def test_forms_of_a_path(core: Core, path: str) -> None:
    """Case 99: however the public app and its public tenant are written."""
    assert core.post(path, new_session()).json["session"]["tenantId"] == "public"


def test_tenant_before_tenants(core: Core) -> None:
    """Case 100: version 2.21 knows no tenants."""
    core.put("/recipe/multitenancy/tenant/v2", {"tenantId": "t1"})
    assert core.post("/t1/recipe/session", new_session(), cdi="2.21").refusal == (404, "Not found")
    assert core.post("/public/recipe/session", new_session(), cdi="2.21").status == 200


@pytest.mark.parametrize(
    "path", ["/t9/recipe/session", "/appid-a9/recipe/session", "/appid-a9/t9/recipe/session"]
)
def test_unknown_tenant(core: Core, path: str) -> None:
    """Case 101: an app or tenant that is not there."""
    status, sentence = core.post(path, new_session()).refusal
    assert status == 400
    assert sentence.startswith("AppId or tenantId not found => ")


BODIES = [b"", b" ", b"null", b"[]", b'"text"', b"1", b"{", b"{'a':1}", b'{"a":NaN}', b'{"userId":"\xff"}']
POSTS = [
    "/recipe/session",
    "/recipe/session/verify",
    "/recipe/session/refresh",
    "/recipe/session/regenerate",
    "/recipe/session/remove",
    "/recipe/jwt",
    "/recipe/userid/map",
    "/recipe/userid/map/remove",
    "/user/remove",
]


@pytest.mark.parametrize("path", POSTS)
def test_body_that_is_no_object(core: Core, path: str) -> None:
    """Case 102: a body that is not a JSON object."""
    for content in BODIES:
        assert core.post(path, content=content).refusal == (400, "Invalid Json Input"), content


REQUIRED: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "/recipe/session", new_session()),
    ("POST", "/recipe/session/verify", verification("x")),
    (
        "POST",
        "/recipe/session/refresh",
        {"refreshToken": "x", "enableAntiCsrf": False, "useDynamicSigningKey": True},
    ),
    ("POST", "/recipe/session/regenerate", {"accessToken": "x"}),
    ("PUT", "/recipe/session/data", {"sessionHandle": "x", "userDataInDatabase": {}}),
    ("PUT", "/recipe/jwt/data", {"sessionHandle": "x", "userDataInJWT": {}}),
    ("POST", "/recipe/jwt", {"algorithm": "RS256", "jwksDomain": "x", "payload": {}, "validity": 1}),
]
FIELDS = [(method, path, body, name) for method, path, body in REQUIRED for name in body]


@pytest.mark.parametrize(("method", "path", "body", "name"), FIELDS, ids=[f"{f[1]}-{f[3]}" for f in FIELDS])
def test_field(core: Core, method: str, path: str, body: dict[str, Any], name: str) -> None:
    """Case 103: a required member that is missing, null, or of another kind."""
    examples: list[object] = ["x", True, {}, 1]
    wrong: list[object] = [
        None,
        list[object](),
        *(value for value in examples if type(value) is not type(body[name])),
    ]
    without = {key: value for key, value in body.items() if key != name}
    changes: list[dict[str, object]] = [without, *({**body, name: value} for value in wrong)]
    for changed in changes:
        reply = core.run(core.ask(method, path, changed))
        assert reply.refusal == (400, f"Field name '{name}' is invalid in JSON input"), changed


def test_optional_null_is_absent(core: Core) -> None:
    """A null where nothing is needed counts as nothing."""
    created = core.create(useDynamicSigningKey=None, accessTokenValidity=None)
    assert header(created["accessToken"]["token"])["kid"].startswith("d-")
    again = core.create(cdi="5.6", accessTokenValidity=None)
    assert again["status"] == "OK"


def test_fields_in_their_order(core: Core) -> None:
    """The first wrong member is the one that is named."""
    assert core.post("/recipe/session", {}).refusal[1] == "Field name 'userId' is invalid in JSON input"


def test_query_without_parameter(core: Core) -> None:
    """A missing parameter is named, and one that is no number."""
    missing = (400, "Field name 'sessionHandle' is missing in GET request")
    assert core.get("/recipe/session").refusal == missing
    since = (400, "Field name 'since' must be a long in the GET request")
    assert core.get("/users/count/active?since=x").refusal == since


def test_base_path(core: Core) -> None:
    """Behind a base path, whatever its case; and nowhere else."""
    based = Core(core.store, core.runner, core.clock, base_path="/some/base")
    assert based.get("/some/base/hello").status == 200
    assert based.get("/Some/Base/appid-public/apiversion/").status == 200
    assert based.get("/some/base").status == 200
    assert based.get("/hello").status == 404
    assert based.get("/some/basehello").status == 404


@pytest.mark.parametrize(
    ("setting", "pattern", "status"),
    [
        ("ip_allow_regex", r"127\.0\.0\.\d+", 200),
        ("ip_allow_regex", r"10\..*", 403),
        ("ip_allow_regex", r"127", 403),
        ("ip_deny_regex", r"127\..*", 403),
        ("ip_deny_regex", r"10\..*", 200),
    ],
)
def test_addresses(core: Core, setting: str, pattern: str, status: int) -> None:
    """Addresses are let in or kept out before keys are looked at."""
    guarded = core.again(config={setting: pattern, "api_keys": KEY})
    assert guarded.get("/apiversion", headers={"api-key": KEY}).status == status
    assert guarded.get("/apiversion").status == (401 if status == 200 else 403)


@pytest.mark.parametrize(("cdi", "status"), [("2.7", 404), ("2.8", 200)])
def test_looking_at_a_session_came_later(core: Core, cdi: str, status: int) -> None:
    """The oldest version cannot look at a session by its handle."""
    assert core.get("/recipe/session?sessionHandle=x", cdi=cdi).status == status


# --- beneath the protocol ------------------------------------------------------------------------------------


def raw(core: Core, headers: list[tuple[bytes, bytes]], receive: Any) -> list[dict[str, Any]]:
    """What is sent for a request by its header lines."""
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(dict(message))

    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "path": "/apiversion",
        "query_string": b"",
        "headers": headers,
    }
    core.run(serve_http(core.service, scope, receive, send))
    return sent


@pytest.mark.parametrize("name", ["api-key", "authorization", "cdi-version"])
def test_header_that_comes_twice(core: Core, name: str) -> None:
    """A proxy may have looked at one, and this core at the other: neither counts."""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b""}

    start, body = raw(core, [(name.encode(), b"5.4"), (name.encode(), b"5.4")], receive)
    assert (start["status"], body["body"]) == (400, f"The header {name} came more than once\n".encode())


def test_length_above_the_limit(core: Core) -> None:
    """A body that says it is too large is not waited for, and the connection ends."""

    async def receive() -> dict[str, Any]:
        raise AssertionError("the body is not asked for")

    start, _ = raw(core, [(b"content-length", b"1000000000000000000")], receive)
    assert start["status"] == 413
    assert (b"connection", b"close") in start["headers"]
