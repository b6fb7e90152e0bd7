"""
A `[[provider]]` that names a profile: its values are read, and what the profile knows is not said again.

House rules: a value that is missing, unknown or of another kind is one sentence that names the place; what the profile
decides cannot be overruled by a key that happens to have the same meaning.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import TypeAlias, cast

from segue.errors import ConfigurationError
from segue.profiles import PROFILES, Profile, Value, ValueKind
from segue.service.durations import Duration, format_duration
from segue.service.schema import ProviderSection

Table: TypeAlias = dict[str, object]

KNOWN_BY_PROFILES = (
    *("issuers", "audiences", "authorized_parties", "credential", "token_types"),
    *("required_claims", "user_claim", "session_claims"),
)
"""Keys of `[[provider]]` that a profile answers."""


def with_profiles(given: Mapping[str, object]) -> Table:
    """
    The tables of a file, the values of profiles in a table of their own and their times filled in.

    Raises:
        ConfigurationError: no such profile, or values that are missing or of the wrong kind.
    """
    entries = given.get("provider")
    if not isinstance(entries, list):
        return dict(given)
    listed = cast("list[object]", entries)
    gathered = [_gathered(each, f"provider[{position}]") for position, each in enumerate(listed)]
    return {**given, "provider": gathered}


def _gathered(entry: object, place: str) -> object:
    table = _table(entry)
    if "profile" not in table:
        return entry
    profile = _profile(table["profile"], place)
    names = {value.name for value in profile.values}
    values = {**_table(table.get("values")), **{name: table.pop(name) for name in names if name in table}}
    for wrong in _wrong(table, values, profile, place):
        raise ConfigurationError(wrong)
    return {
        "leeway": format_duration(profile.leeway),
        "maximum_age": format_duration(profile.maximum_age),
        "session_lifetime": format_duration(profile.session_lifetime),
        **table,
        "values": values,
    }


def _table(entry: object) -> Table:
    """A copy; empty where it is no table, which the schema will say."""
    return dict(cast("Table", entry)) if isinstance(entry, dict) else {}


def _profile(name: object, place: str) -> Profile:
    found = PROFILES.get(name) if isinstance(name, str) else None
    if found is None:
        raise ConfigurationError(
            f"{place}.profile is {name!r}; choose one of {', '.join(PROFILES)}{_nearest(str(name), list(PROFILES))}"
        )
    return found


def _wrong(table: Table, values: Table, profile: Profile, place: str) -> Iterator[str]:
    known = {field.name for field in fields(ProviderSection)}
    names = [value.name for value in profile.values]
    for name in table:
        if name in KNOWN_BY_PROFILES:
            yield f"{place}.{name} is what the profile {profile.id} knows; leave it out"
        if name not in known:
            yield f"{place}.{name} is no setting{_nearest(name, [*names, *sorted(known)])}"
    for name in values:
        if name not in names:
            yield f"{place}.values.{name} is no value of the profile {profile.id}{_nearest(name, names)}"
    for value in profile.values:
        if value.name in values:
            if not _is_kind(values[value.name], value.kind):
                yield f"{place}.{value.name}: write {_KINDS[value.kind]}: {value.meaning}"
        elif value.required:
            yield f"{place}.{value.name} is missing: {value.meaning}, such as {_example(value)}"


def _nearest(name: str, known: list[str]) -> str:
    found = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {found[0]}?" if found else ""


_KINDS = {
    ValueKind.TEXT: "text in quotes",
    ValueKind.TEXTS: 'a list such as ["…"]',
    ValueKind.SPAN: 'a duration such as "12h"',
    ValueKind.PAIRS: 'a table of texts such as {role = "member"}',
}


def _is_kind(given: object, kind: ValueKind) -> bool:
    match kind:
        case ValueKind.TEXT | ValueKind.SPAN:
            return isinstance(given, str)
        case ValueKind.TEXTS:
            return isinstance(given, list) and _all_texts(cast("list[object]", given))
        case ValueKind.PAIRS:
            return isinstance(given, dict) and _all_texts(list(cast("Table", given).values()))


def _all_texts(values: list[object]) -> bool:
    return all(isinstance(each, str) for each in values)


def _example(value: Value) -> str:
    return f'["{value.example[0]}"]' if isinstance(value.example, tuple) else f'"{value.example}"'


def values_of(profile: Profile, given: Mapping[str, object], place: str) -> Table:
    """
    Values as the profile's constructor takes them.

    Raises:
        ConfigurationError: a duration that is none.
    """
    made: Table = {}
    for value in profile.values:
        if value.name not in given:
            continue
        said = given[value.name]
        if value.kind is ValueKind.SPAN:
            try:
                made[value.name] = Duration(str(said)).span
            except ValueError as error:
                raise ConfigurationError(f"{place}: {value.name}: {error}") from None
        else:
            made[value.name] = tuple(cast("list[str]", said)) if value.kind is ValueKind.TEXTS else said
    return made
