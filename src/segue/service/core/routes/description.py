"""
The route that describes all the others (OpenAPI 3.1).

It needs no key: what it says is the same for every deployment and is published beside the program; a client that has
yet to be made has none. House rule: made at the first request, for most processes never get one.
"""

from __future__ import annotations

from functools import cache

import msgspec

from segue._version import __version__
from segue.service.core.answers import JSON, Answer
from segue.service.core.call import Call, Route, Through
from segue.service.core.description.document import PATH, document


def describing(routes: tuple[Route, ...]) -> Route:
    """A route that describes these and itself."""

    async def describe(_call: Call) -> Answer:
        return Answer(status=200, content_type=JSON, body=_written((*routes, route)))

    route = Route(method="GET", path=PATH, handler=describe, through=Through.ANY, open=True)
    return route


@cache
def _written(routes: tuple[Route, ...]) -> bytes:
    return msgspec.json.encode(document(routes, version=__version__)) + b"\n"
