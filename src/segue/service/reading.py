"""
A settings file as text, and the environment over it, become one checked value.

Every mistake is one sentence that names the place (`http.api_domain`) and says how to mend it. House rule: nothing here
opens a file or reads the environment; values are quoted only where a closed set of words is expected, so that no secret
ends up in an error.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import TypeAlias, cast

import msgspec
from msgspec import inspect

from segue.errors import ConfigurationError
from segue.service.durations import Duration
from segue.service.environment import overlaid
from segue.service.profiled import with_profiles
from segue.service.schema import SettingsFile

Table: TypeAlias = dict[str, object]

_PLACE = re.compile(r" - at `(?:key in )?\$\.?([^`]*)`$")
_WORDS = {
    "str": "text in quotes",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": 'a list such as ["…"]',
    "object": "a table",
    "datetime": "a date and time with time zone",
}


def read_settings(text: str, *, name: str, environment: Mapping[str, str]) -> SettingsFile:
    """
    Read a settings file and what the environment says over it.

    Args:
        text: of the file.
        name: of the file, for errors.
        environment: variables that begin with `SEGUE_` count.

    Raises:
        ConfigurationError: not TOML, an unknown key, a missing one, or a value of the wrong kind.
    """
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{name} is not TOML: {_without_values(error)}") from None
    try:
        gathered = with_profiles(given)
    except ConfigurationError as error:
        raise ConfigurationError(f"{name}: {error.args[0]}") from None
    wrong = next(_unknown(gathered, inspect.type_info(SettingsFile), ""), None)
    if wrong is not None:
        raise ConfigurationError(f"{name}: {wrong}")
    try:
        return msgspec.convert(overlaid(gathered, environment), SettingsFile, dec_hook=_made)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"{name}: {_explained(error)}") from None


def nearest(name: str, known: list[str]) -> str:
    """What somebody may have meant, as the end of a sentence; nothing if nothing is near."""
    found = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {found[0]}?" if found else ""


def _without_values(error: tomllib.TOMLDecodeError) -> str:
    """The parser's words, but for characters that it quotes: they may belong to a secret."""
    return re.sub(r"'[^']*'|\"[^\"]*\"", "…", str(error).partition("\n")[0])


def _unknown(value: object, kind: inspect.Type, place: str) -> Iterator[str]:
    """Walk file and schema together; one sentence for each thing that is not in the schema."""
    match kind:
        case inspect.DataclassType(fields=fields) if isinstance(value, dict):
            known = {field.name: field.type for field in fields}
            for name, inner in cast("Table", value).items():
                if name not in known:
                    yield f"{_joined(place, name)} is no setting{nearest(name, list(known))}"
                else:
                    yield from _unknown(inner, known[name], _joined(place, name))
        case inspect.VarTupleType(item_type=item) | inspect.FrozenSetType(item_type=item) if isinstance(
            value, list
        ):
            for position, inner in enumerate(cast("list[object]", value)):
                yield from _unknown(inner, item, f"{place}[{position}]")
        case inspect.UnionType(types=kinds) if value is not None:
            real = [one for one in kinds if not isinstance(one, inspect.NoneType)]
            if len(real) == 1:
                yield from _unknown(value, real[0], place)
        case inspect.EnumType() | inspect.LiteralType() if isinstance(value, str):
            words = _choices(kind)
            if value not in words:
                yield f"{place} is {value!r}; choose one of {', '.join(words)}"
        case _:
            pass


def _choices(kind: inspect.EnumType | inspect.LiteralType) -> list[str]:
    if isinstance(kind, inspect.EnumType):
        return [str(member.value) for member in kind.cls]
    return [str(value) for value in kind.values]


def _joined(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _made(kind: type, value: object) -> object:
    if kind is Duration:
        if not isinstance(value, str):
            raise ValueError('a duration is text such as "30s", "1h30m" or "100d"')
        return Duration(value)
    raise NotImplementedError(kind)


def _explained(error: msgspec.ValidationError) -> str:
    """A sentence of msgspec's as one of ours: the place first, types in the words of the file."""
    text = str(error)
    found = _PLACE.search(text)
    place, text = (found[1], text[: found.start()]) if found else ("", text)
    missing = re.fullmatch(r"Object missing required field `(\w+)`", text)
    if missing:
        return f"{_joined(place, missing[1])} is missing"
    expected = re.fullmatch(r"Expected `([^`]+)`, got `([^`]+)`", text)
    if expected:
        kinds = [kind for kind in expected[1].split(" | ") if kind != "null"]
        text = "write " + " or ".join(_WORDS.get(kind, kind) for kind in kinds)
    elif text.startswith("Invalid enum value"):
        text = "not one of the words that may stand there"  # only an environment variable gets here
    return f"{place}: {text}" if place else text
