"""
How settings change: JSON merge patch (RFC 7396).

A member of the change replaces that of the same name, null removes it, and an object is merged into the object that is
there. House rule: nothing that is given is changed, and a null is never kept.
"""

from __future__ import annotations

from collections.abc import Mapping

from segue.json import JsonObject, JsonValue


def merged(config: JsonObject, changes: JsonObject) -> dict[str, JsonValue]:
    """The settings after the changes; those that are new come last."""
    result = dict(config)
    for name, change in changes.items():
        if change is None:
            result.pop(name, None)
        elif isinstance(change, Mapping):
            old = result.get(name)
            result[name] = merged(old if isinstance(old, Mapping) else {}, change)
        else:
            result[name] = change
    return result
