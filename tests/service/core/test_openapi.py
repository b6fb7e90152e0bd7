"""The published description: of all routes and no other, in its newest form, and hammered with whatever it allows."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import pytest
import schemathesis
from jsonschema_rs import ValidationError

from segue.core.apps import Apps
from segue.service.core.app import serve_http
from segue.service.core.description.operations import OPERATIONS
from segue.service.core.routes.table import TABLE
from segue.service.core.service import CoreService
from segue.stores.memory import AsyncMemoryStore
from segue.tokens.secrets import Secrets
from tests.docs.core_openapi import PAGE, render
from tests.service.core.described import demand_described, description, strict
from tests.service.core.world import NEWEST, NO_JITTER, SECRET, Keys

if TYPE_CHECKING:
    from segue.adapters.asgi import Receive, Scope, Send
    from tests.service.core.world import Core

Test = Callable[..., None]

KEY = "a-key-of-the-tests-0123456789"


def test_every_route_and_no_other() -> None:
    """What is described is what is served, method by method."""
    served = {(method, path) for path, methods in TABLE.items() for method in methods}
    assert set(OPERATIONS) == served
    paths = description()["paths"]
    assert {(method.upper(), path) for path, methods in paths.items() for method in methods} == served


def test_names_of_operations_are_unique() -> None:
    """Generators of clients make a function of each."""
    names = [one["operationId"] for path in description()["paths"].values() for one in path.values()]
    assert len(set(names)) == len(names)


def test_file_is_the_newest() -> None:
    """The file in the docs is what the program says; `make fix` rewrites it."""
    assert PAGE.read_text() == render()


@pytest.mark.parametrize("path", ["/openapi.json", "/appid-public/openapi.json"])
def test_served_to_anybody(core: Core, path: str) -> None:
    """The description needs no key and no version, and has nothing of the deployment in it."""
    locked = core.again(config={"api_keys": KEY})
    reply = locked.get(path, cdi=None)
    assert reply.json == json.loads(PAGE.read_text())
    assert KEY not in reply.text
    assert locked.get("/openapi.yaml").refusal == (404, "Not found")


def test_methods_that_a_path_has(core: Core) -> None:
    """A wrong method is told the right ones (RFC 9110 §15.5.6)."""
    reply = core.put("/recipe/session", {})
    assert reply.refusal == (405, "Method not supported")
    assert reply.headers["allow"] == "GET, POST"


@pytest.mark.parametrize(
    "more", [{"status": "SOME"}, {"status": "OK", "more": 1}, {"status": "OK", "didExist": 1}]
)
def test_undeclared_answer_is_found(more: dict[str, object]) -> None:
    """What every test of the core service relies on: an answer that is not described fails it."""
    json_type = {"content-type": "application/json; charset=UTF-8"}
    path, body = "/recipe/multitenancy/app/remove", {"status": "OK", "didExist": True}
    demand_described("POST", path, 200, json.dumps(body), json_type)
    with pytest.raises(ValidationError):
        demand_described("POST", path, 200, json.dumps(body | more), json_type)
    with pytest.raises(AssertionError):
        demand_described("POST", path, 418, "", json_type)


# --- schemathesis --------------------------------------------------------------------------------------------

SERVICE = CoreService(
    Apps({**NO_JITTER, "api_keys": KEY}, Secrets([SECRET])), store=AsyncMemoryStore(), keys=Keys()
)
CONFIG: dict[str, Any] = {
    "seed": 20_261_123,
    "phases": {
        "coverage": {"enabled": False}
    },  # it computes its cases while tests are collected, for everybody
    "generation": {"max-examples": 12, "deterministic": True, "no-shrink": True, "database": "none"},
}


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """The service, for schemathesis' own event loop."""
    if scope["type"] == "http":
        await serve_http(SERVICE, scope, receive, send)


def newest() -> dict[str, Any]:
    """The description of the newest version alone: what each body needs is told for that one."""
    only = cast("dict[str, Any]", json.loads(json.dumps(strict())))
    only["components"]["parameters"]["version"]["schema"]["enum"] = [NEWEST]
    return only


TOOL: Any = schemathesis
"""Its own types leave too much open."""
SCHEMA = TOOL.openapi.from_dict(newest(), config=TOOL.Config.from_dict(CONFIG))
SCHEMA.app = app
for_every_operation: Callable[[Test], Test] = SCHEMA.parametrize()


@for_every_operation
def test_any_request(case: Any) -> None:
    """
    No 5xx, no answer that is not declared, nothing accepted that the description forbids, nothing without a key.

    A request that it allows may still be refused: a handle's tenant, or of two members one, is not for a schema.
    """
    refused_for_more = TOOL.checks.CHECKS.get_one("positive_data_acceptance")
    case.call_and_validate(headers={"api-key": KEY}, excluded_checks=[refused_for_more])
