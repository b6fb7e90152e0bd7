"""
JSON as typed values.

House rule: what comes from outside is read by `parse_object`, which refuses doubled names and anything that is not
an object; `dict` is never a parameter type elsewhere, `JsonObject` is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias, cast

import msgspec

JsonValue: TypeAlias = "None | bool | int | float | str | list[JsonValue] | dict[str, JsonValue]"
JsonObject: TypeAlias = Mapping[str, JsonValue]
