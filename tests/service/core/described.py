"""
Whether an answer is one that the published description knows.

House rule: stricter than the description itself: a member that it does not name may not be answered.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import jsonschema_rs

from segue import __version__
from segue.service.core.description.document import document
from segue.service.core.paths import target_of
from segue.service.core.routes.table import ROUTES, TABLE

if TYPE_CHECKING:
    from collections.abc import Mapping

Members = dict[str, Any]

REFUSALS = {400, 401, 403, 404, 405, 408, 413}
"""What a method gets that a path does not have."""


@cache
def description() -> Members:
    """The document as it is served."""
    return cast("Members", document(ROUTES, version=__version__))


@cache
def strict() -> Members:
    """The document, with all objects closed that are answered and have named members."""
    closed = cast("Members", json.loads(json.dumps(description())))
    for name, schema in closed["components"]["schemas"].items():
        if "properties" in schema and name not in _sent():
            schema["additionalProperties"] = False
    return closed


def demand_described(method: str, path: str, status: int, text: str, headers: Mapping[str, str]) -> None:
    """Fail for an answer that the description does not know; one to a path of nobody has to be a 404."""
    target = target_of(path, base_path="", served=TABLE)
    operation = None if target is None else description()["paths"][target.path].get(method.lower())
    if operation is None:
        assert status in ({404} if target is None else REFUSALS), (method, path, status)
        return
    assert target is not None
    assert str(status) in operation["responses"], (method, path, status)
    kind = headers["content-type"].partition(";")[0]
    answer = operation["responses"][str(status)]
    if "$ref" in answer:
        answer = description()["components"]["responses"][answer["$ref"].rpartition("/")[2]]
    assert kind in answer["content"], (method, path, status, kind)
    if kind == "application/json":
        _validator(method.lower(), target.path).validate(json.loads(text))


@cache
def _sent() -> set[str]:
    """Names of schemas of bodies, which may have more members than are named."""
    operations = [one for path in description()["paths"].values() for one in path.values()]
    bodies = [one["requestBody"]["content"] for one in operations if "requestBody" in one]
    return {body["application/json"]["schema"]["$ref"].rpartition("/")[2] for body in bodies}


@cache
def _validator(method: str, path: str) -> jsonschema_rs.Draft202012Validator:
    answers = strict()["paths"][path][method]["responses"]["200"]["content"]
    schema = answers["application/json"]["schema"] | {"components": strict()["components"]}
    return jsonschema_rs.Draft202012Validator(schema)
