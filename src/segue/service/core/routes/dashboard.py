"""Routes that the reference's dashboard and its operators ask, with nothing to say here (core protocol §15)."""

from __future__ import annotations

from datetime import timedelta

from segue.ids import to_milliseconds
from segue.service.core import answers
from segue.service.core.answers import Answer
from segue.service.core.call import Call, Route, Through

_MINUTE = timedelta(minutes=1) // timedelta(milliseconds=1)


async def features(_call: Call) -> Answer:
    """GET /ee/featureflag: nothing is to be paid for."""
    return answers.ok({"features": [], "usageStats": {}})


async def put_license(_call: Call) -> Answer:
    """PUT and DELETE /ee/license: none is needed."""
    return answers.ok()


async def get_license(_call: Call) -> Answer:
    """GET /ee/license."""
    return answers.outcome("NO_LICENSE_KEY_FOUND_ERROR")


async def statistics(call: Call) -> Answer:
    """GET /requests/stats: not counted."""
    minute = to_milliseconds(call.context.now) // _MINUTE
    return answers.ok({"atMinute": minute, "averageRequestsPerSecond": [], "peakRequestsPerSecond": []})


ROUTES = (
    Route(method="GET", path="/ee/featureflag", handler=features, through=Through.ANY),
    Route(method="PUT", path="/ee/license", handler=put_license, through=Through.ANY),
    Route(method="DELETE", path="/ee/license", handler=put_license, through=Through.ANY),
    Route(method="GET", path="/ee/license", handler=get_license, through=Through.ANY),
    Route(method="GET", path="/requests/stats", handler=statistics, through=Through.ANY),
)
