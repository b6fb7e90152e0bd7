"""
The description written out as an OpenAPI 3.1 document.

House rule: it depends on the program alone, never on settings, apps or keys, so that anybody may read it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import cast

import msgspec

from segue.core.versions import SERVED, version_text
from segue.json import JsonValue
from segue.service.core.call import Route, Through
from segue.service.core.description.operations import OPERATIONS, Operation
from segue.service.core.description.shapes import Shape

Members = dict[str, JsonValue]

PATH = "/openapi.json"
_SCHEMAS = "#/components/schemas/"
_ABOUT = """\
Sessions, JWTs, user-id mapping, apps and tenants, for published back-end SDKs.

Every path may have a prefix: `[base path][/appid-<app>][/<tenant>]`. Paths are matched without regard to case and to a
slash at the end. Requests that were understood are answered with 200 and a `status`; all others with one line of text.
Members that are not named here are passed over in requests, and may come in answers of later versions.
"""
_REFUSALS = {
    400: "A member, the query, the version, an app or a tenant does not hold; the text says which.",
    401: "`Invalid API key`",
    403: "The address is not let in, or the path is not to be reached through this app or tenant.",
    404: "`Not found`: no such path in this version.",
    405: "`Method not supported`: the path is there for other methods.",
    408: "The body did not arrive in time; the connection is closed.",
    413: "The body is larger than 1 MiB; the connection is closed.",
    500: "Something is wrong on the server, and in its log.",
    503: "The database does not answer, or the service is not ready; try again.",
}
_THROUGH = {
    Through.TENANT: "Acts in the tenant of the path.",
    Through.APP: "Acts in the app; since 5.0 not to be reached through a tenant.",
    Through.ANY: "May be reached through any tenant of the app.",
}


def document(routes: Iterable[Route], *, version: str) -> Members:
    """
    Describe these routes.

    Args:
        routes: each is among the operations.
        version: of the program.
    """
    paths: dict[str, JsonValue] = {}
    for route in sorted(routes, key=lambda route: route.path):
        described = cast("Members", paths.setdefault(route.path, {}))
        described[route.method.lower()] = _operation(route, OPERATIONS[route.method, route.path])
    return {
        "openapi": "3.1.1",
        "info": {"title": "segue core", "version": version, "description": _ABOUT},
        "servers": [{"url": "/"}, _prefixed_server()],
        "security": [{"key": []}, {"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "parameters": {"version": _version(strictly=True), "anyVersion": _version(strictly=False)},
            "responses": {str(status): _refusal(status, about) for status, about in _REFUSALS.items()},
            "securitySchemes": _security(),
        },
    }


def _operation(route: Route, operation: Operation) -> Members:
    version = "anyVersion" if route.open or route.any_version else "version"
    open_to_all: Members = {"security": []} if route.open else {}
    members: Members = {
        "operationId": _operation_id(route),
        "tags": [route.handler.__module__.rpartition(".")[2]],
        "summary": operation.summary,
        "description": _THROUGH[route.through],
        **open_to_all,
        "parameters": [{"$ref": f"#/components/parameters/{version}"}, *_parameters(operation.query)],
    }
    if operation.body is not None:
        members["requestBody"] = {
            "required": True,
            "content": _json({"$ref": _SCHEMAS + operation.body.__name__}),
        }
    refused: Members = {
        str(status): {"$ref": f"#/components/responses/{status}"}
        for status in _REFUSALS
        if not (route.open and status == 401)
    }
    members["responses"] = {"200": _success(route, operation), **refused}
    return members


def _success(route: Route, operation: Operation) -> Members:
    if route.path == PATH:
        return {"description": "An OpenAPI document.", "content": _json({"type": "object"})}
    if not operation.results:
        return _text("`Hello`")
    answers: list[JsonValue] = [{"$ref": _SCHEMAS + result.__name__} for result in operation.results]
    schema: JsonValue = answers[0] if len(answers) == 1 else {"oneOf": answers}
    statuses = [
        str(result.__struct_config__.tag) for result in operation.results if result.__struct_config__.tag
    ]
    members: Members = {"description": " or ".join(statuses) or "Understood.", "content": _json(schema)}
    if route.path == "/.well-known/jwks.json":
        cached: Members = {
            "required": True,
            "schema": {"type": "string", "pattern": "^max-age=[0-9]+, must-revalidate$"},
        }
        members["headers"] = {"Cache-Control": {"description": "Until the next key is made.", **cached}}
    return members


def _parameters(query: type[Shape] | None) -> list[JsonValue]:
    if query is None:
        return []
    schema = _schemas_of([query])[query.__name__]
    properties = cast("Members", schema["properties"])
    required = cast("list[str]", schema.get("required", []))
    return [
        {"name": name, "in": "query", "required": name in required, "schema": properties[name]}
        for name in properties
    ]


def _schemas() -> Members:
    """Of everything that is sent and answered, by name."""
    shapes: list[type[Shape]] = []
    for operation in OPERATIONS.values():
        shapes += operation.results
        shapes += [operation.body] if operation.body is not None else []
    return dict(sorted(_schemas_of(dict.fromkeys(shapes)).items()))


def _schemas_of(shapes: Iterable[type[Shape]]) -> dict[str, dict[str, JsonValue]]:
    _found, schemas = _components(shapes, ref_template=_SCHEMAS + "{name}")
    return schemas


def _operation_id(route: Route) -> str:
    words = route.path.replace(".", "/").replace("-", "/").replace("_", "/").split("/")
    return route.method.lower() + "".join(word.capitalize() for word in words)


def _version(*, strictly: bool) -> Members:
    served: list[JsonValue] = [version_text(version) for version in SERVED]
    some: Members = {"type": "string", "pattern": r"^[0-9]+\.[0-9]+$", "examples": served[-1:]}
    about = "Of the protocol; the newest if left out."
    return {
        "name": "cdi-version",
        "in": "header",
        "description": about
        if strictly
        else f"{about} One that is not served counts as the newest, unless it is newer.",
        "schema": {"type": "string", "enum": served} if strictly else some,
    }


def _prefixed_server() -> Members:
    named: Members = {"default": "public"}
    return {"url": "/appid-{appId}/{tenantId}", "variables": {"appId": named, "tenantId": named}}


def _security() -> Members:
    return {
        "key": {
            "type": "apiKey",
            "in": "header",
            "name": "api-key",
            "description": "One of `api_keys`, where there are any.",
        },
        "bearer": {"type": "http", "scheme": "bearer", "description": "The same, if there is no `api-key`."},
    }


def _text(about: str) -> Members:
    return {"description": about, "content": {"text/html": {"schema": {"type": "string"}}}}


def _refusal(status: int, about: str) -> Members:
    listed: Members = {
        "description": "The methods that it is there for.",
        "required": True,
        "schema": {"type": "string"},
    }
    headers: Members = {"headers": {"Allow": listed}} if status == 405 else {}
    return _text(about) | headers


def _json(schema: JsonValue) -> Members:
    return {"application/json": {"schema": schema}}


_components: Callable[..., tuple[object, dict[str, dict[str, JsonValue]]]] = msgspec.json.schema_components
