"""
What `segue init --profile` writes of a provider: the profile's values, each with what it means.

House rule: a value that is not known is left empty, and an empty one is refused when the file is read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta

from segue.profiles import Profile, Value, ValueKind
from segue.service.durations import format_duration


def values_to_fill(profile: Profile, given: Mapping[str, str]) -> str:
    """
    The lines of the values.

    Args:
        profile: whose.
        given: values that are known; lists with commas.
    """
    lines = [
        f"# {profile.title}: what else its tokens must say is known. docs/howto/providers/{profile.id}.md",
        f'profile = "{profile.id}"',
    ]
    for value in profile.values:
        said = given.get(value.name)
        if said is None and not value.required:
            lines += [f"# {value.meaning}:", f"# {value.name} = {_example(value)}"]
        else:
            lines += [
                f"# {value.meaning}, such as {_example(value)}",
                f"{value.name} = {_written(value, said or '')}",
            ]
    return "\n".join(lines) + "\n"


def times_of(profile: Profile) -> str:
    """The lines of the two spans that a profile knows."""
    return (
        "# The profile says how old a token may be and how long a sign-in lasts there; overrule it if yours differ.\n"
        f'# maximum_age = "{format_duration(profile.maximum_age)}"\n'
        f'# session_lifetime = "{format_duration(profile.session_lifetime)}"\n'
    )


def keys_of(profile: Profile) -> str:
    """The lines about its keys."""
    if profile.keys_given:
        return (
            "# Its keys are yours to give, and need an end: set deadline above. A secret, or a public key as file:\n"
            '# [provider.keys]\n# secret_file = "old.secret"\n\n'
        )
    return (
        "# Where its keys are is known. To be independent of it, pin them: segue pin ISSUER -o old-keys.json\n"
        '# [provider.keys]\n# file = "old-keys.json"\n\n'
    )


def quoted(text: str) -> str:
    """A basic string of TOML: the escapes of JSON, and DEL, which JSON leaves alone."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _written(value: Value, said: str) -> str:
    if value.kind is ValueKind.TEXTS:
        return "[" + ", ".join(quoted(each.strip()) for each in said.split(",") if each.strip()) + "]"
    return quoted(said)


def _example(value: Value) -> str:
    example = value.example
    if isinstance(example, timedelta):
        return quoted(format_duration(example))
    if isinstance(example, str):
        return quoted(example)
    if value.kind is ValueKind.PAIRS:
        return "{" + ", ".join(f"{pair[0]} = {quoted(pair[1])}" for pair in example) + "}"
    return "[" + ", ".join(quoted(str(each)) for each in example) + "]"
