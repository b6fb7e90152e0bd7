"""
Writes the facts of each profile into its page in docs/howto/providers/, and the table of all of them. `make fix` runs
it, a test compares.

What stands between the two marks comes from `segue.profiles`; the words around it are written by hand and stay.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from segue.migration.provider import Provider
from segue.migration.shared_secrets import SharedSecrets
from segue.migration.user_state import KEYS_ONLY
from segue.profiles import PROFILES, Profile, Value, ValueKind
from segue.service.durations import format_duration
from segue.service.policy import policy_of
from tests.migration.issuer import LATE
from tests.migration.issuer import published as public_keys

PAGES = Path(__file__).parent.parent.parent / "docs" / "howto" / "providers"
INDEX = PAGES / "README.md"
BEGIN, END = "<!-- facts: written by `make fix`, from src/segue/profiles -->", "<!-- end of the facts -->"

_SECRET = "what the old application signs with, 32 bytes or more"
_PEM = frozenset({"propelauth", "supertokens-v2"})
"""Whose keys are public ones in PEM."""


def example(profile: Profile) -> Provider:
    """A provider by the profile's own examples."""
    values = {value.name: value.example for value in profile.values if value.required}
    if not profile.keys_given:
        return profile.make(**values, live_check=KEYS_ONLY)
    keys = public_keys() if profile.id in _PEM else SharedSecrets.of(_SECRET, not_after=LATE)
    return profile.make(**values, keys=keys, live_check=KEYS_ONLY)


def facts(profile: Profile) -> str:
    """What stands between the marks of a page."""
    return "\n".join([BEGIN, "", *_facts(profile), "", END])


def _facts(profile: Profile) -> Iterator[str]:
    if profile.run_against is None:
        yield "**Not run against the live service.** The tests take tokens that are built as its documentation says,"
        yield "and refuse each of those that must not pass."
    else:
        yield f"**Run against {profile.run_against}**: [how](README.md#run-for-real)."
    yield ""
    yield "| | |"
    yield "|---|---|"
    for label, text in _words(profile):
        yield f"| {label} | {_cell(text)} |"
    yield ""
    yield "In the settings file:"
    yield ""
    yield from _toml(profile)
    yield ""
    yield "In Python:"
    yield ""
    yield from _python(profile)
    yield ""
    yield "| value | | meaning |"
    yield "|---|---|---|"
    for value in profile.values:
        yield f"| `{value.name}` | {'' if value.required else 'optional'} | {_cell(value.meaning)} |"
    yield ""
    yield "What is checked, besides signature and times:"
    yield ""
    yield "| | |"
    yield "|---|---|"
    for label, said in policy_of(example(profile)).rules:
        if label not in _LEFT_OUT:
            yield f"| {label} | {_cell(_code(said))} |"
    if profile.admissible:
        names = ", ".join(
            f"`Unwanted.{each.name}`" for each in sorted(profile.admissible, key=lambda each: each.name)
        )
        yield ""
        yield f"In Python, `admit=frozenset({{…}})` lets in by name: {names}."
    if profile.unproven:
        yield ""
        yield "Not proven: nobody has read or seen"
        yield ""
        yield from (f"- {text}" for text in profile.unproven)


_LEFT_OUT = frozenset(
    {
        *("keys", "is the sign-in still good", "migrated until", "old session", "tenant", "user id"),
        *("profile", "not proven"),
    }
)
"""What the example's own choices say, and no fact of the provider."""


_TOMBSTONE = {
    True: "its tombstone: no token of that sign-in becomes a second session",
    False: "its tombstone: the same token becomes no second session. A later one of that sign-in would: end it there",
}


def _words(profile: Profile) -> Iterator[tuple[str, str]]:
    yield "present", profile.presents
    yield "in the page", profile.browser
    if profile.fresh is not None:
        yield "fresh", profile.fresh
    yield "bound to you by", profile.binds_by
    yield "told from other tokens by", profile.kind_test
    yield "the sign-in", profile.session
    ways = ", ".join(f"`{each.__name__}`" for each in profile.ends_with)
    yield "the old session there", profile.ending + (f": {ways}" if ways else "")
    yield "here", _TOMBSTONE[profile.names_sign_ins]


def _toml(profile: Profile) -> Iterator[str]:
    yield "```toml"
    yield "[[provider]]"
    yield 'name = "old"'
    yield f'profile = "{profile.id}"'
    for value in profile.values:
        if value.required:
            yield f"{value.name} = {_toml_value(value)}"
    yield 'live_check = "keys_only"'
    if profile.keys_given:
        yield "deadline = 2030-03-01T00:00:00Z"
        yield ""
        yield "[provider.keys]"
        yield 'secret_file = "old.secret"' if profile.id not in _PEM else 'file = "verifier-key.pem"'
    yield "```"


def _toml_value(value: Value) -> str:
    if value.kind is ValueKind.TEXTS:
        return "[" + ", ".join(f'"{each}"' for each in _texts(value)) + "]"
    return f'"{value.example}"'


def _python(profile: Profile) -> Iterator[str]:
    function = profile.make.__name__
    needs = ", SharedSecrets" if profile.keys_given and profile.id not in _PEM else ""
    pinned = ", PinnedKeys" if profile.id in _PEM else ""
    yield "```python" + (" no-run: the key is yours" if pinned else "")
    if profile.keys_given:
        yield "from datetime import UTC, datetime"
        yield ""
    yield f"from segue import KEYS_ONLY{pinned}{needs}"
    yield f"from segue.profiles import {function}"
    yield ""
    yield f"provider = {function}("
    for value in profile.values:
        if value.required:
            yield f"    {value.name}={_python_value(value)},"
    if profile.keys_given:
        yield (
            '    keys=PinnedKeys.from_file("verifier-key.pem"),'
            if pinned
            else f'    keys=SharedSecrets.of("{_SECRET}"),'
        )
        yield "    deadline=datetime(2030, 3, 1, tzinfo=UTC),"
    yield "    live_check=KEYS_ONLY,"
    yield ")"
    yield "```"


def _python_value(value: Value) -> str:
    if value.kind is ValueKind.TEXTS:
        return "{" + ", ".join(f'"{each}"' for each in _texts(value)) + "}"
    return f'"{value.example}"'


def _texts(value: Value) -> tuple[str, ...]:
    example = value.example
    if isinstance(example, str | timedelta):
        raise TypeError(f"the example of {value.name} is no list")
    return tuple(str(each) for each in example)


def _code(said: str) -> str:
    """Values as they stand in tokens."""
    return f"`{said}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def page_of(profile: Profile) -> Path:
    """Where the words about a profile are."""
    return PAGES / f"{profile.id}.md"


def rendered(profile: Profile) -> str:
    """A page with today's facts in it; its other words as they are."""
    text = page_of(profile).read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{facts(profile)}{after}"


HEAD = """\
# Does it take what I have?

<!-- Written by `make fix`, from src/segue/profiles. -->

Name the provider and two or three values of yours; what else its tokens must and must not say is known. Wrong or
missing values are refused when the process starts, with the sentence that mends them, and `segue doctor` prints what is
in effect. No hosted service was run against: the tests take tokens that are built as the provider's own documentation
says, and where there is software to be had, people sign in at that ([below](#run-for-real)). What nobody has read in a
source stands on each page under "Not proven".

| you have | present | bound to you by | one session for each | as old as |
|---|---|---|---|---|
"""

TAIL = """
Not in the list:

| you have | take |
|---|---|
| opaque access tokens (Hydra, Zitadel, Logto without a resource, django-oauth-toolkit) | an `OpaqueProvider`: it asks the provider about each (RFC 7662) |
| cookies of Django, Flask, Starlette, Express, better-auth, Auth.js, NextAuth, Rails, Laravel, PHP | a `CookieProvider` |
| anything that only your old application can read (ASP.NET cookies, Kratos cookies) | a verifier of your own: an `OwnProvider` |
| djangorestframework-simplejwt, flask-jwt-extended, fastapi-users | [home-made JWTs](jwt.md), which names the values for each |

## Run for real

In the tests people sign in at these programs, as published, move over the HTTP route, and every other token that the
program signs is refused. "Extra" is `make test-old-providers`; all else is in `make test`.

| what ran | by | what it showed of the end of the old session | run |
|---|---|---|---|
| Keycloak 26.4.7 | [keycloak](keycloak.md) | ended, by each of four endings; its own back-channel logout ends ours; keys rotated | extra |
| oidc-provider 9.13.3, four kinds of keys | [oidc](oidc.md), `OpaqueProvider` | revoked; keys rotated | all |
| django-oauth-toolkit 3.4.1 | `OpaqueProvider`, [oidc-id-token](oidc-id-token.md) | revoked; keys rotated | all |
| cognito-local 5.3.0 | [cognito](cognito.md) | refresh token revoked | all |
| moto 5.2.5 | [cognito](cognito.md), keys pinned or at another address | `GlobalSignOut` | extra |
| Auth emulator of firebase-tools 15.34.2; its claims, signed by us | [firebase](firebase.md), [firebase-cookie](firebase-cookie.md) | `validSince` | extra |
| djangorestframework-simplejwt 5.5.1 | [jwt](jwt.md) | refresh token on the black list | all |
| Flask-JWT-Extended 4.7.4, headers and cookies | [jwt](jwt.md), `OwnProvider` | on the block list | all |
| fastapi-users 15.0.5, JWTs and its table | [jwt](jwt.md), `CookieProvider` | JWT: cannot be ended; row: deleted | all |
| jsonwebtoken 9.0.3 with passport-jwt 4.0.1 | [jwt](jwt.md) | cannot be ended | all |
| better-auth 1.7.25, its JWTs | [jwt](jwt.md) | a JWT outlives its session; keys rotated | all |

## Rules of your own

A provider that is not here is a `Provider` with rules, in the words that the profiles use. A claim is named by its name,
or, inside of others, by a tuple of names; a dot means nothing.

```python
from segue import KEYS_ONLY, LiveKeys, Provider
from segue.migration.claim_rules import ClaimRules, Form, OneOf, RefuseIf, Required, SubjectRule, Unwanted

provider = Provider(
    name="old",
    issuers=("https://login.example.org",),
    keys=LiveKeys(issuer="https://login.example.org"),
    audiences=frozenset({"https://api.example.com"}),
    authorized_parties=frozenset({"spa"}),
    rules=ClaimRules(
        client_claims=("app",),
        required=(Required(("https://login.example.org/session", "id"), Form.TEXT),),
        one_of=(OneOf("kind", frozenset({"session"})),),
        refused=(RefuseIf(path="robot", because=Unwanted.MACHINE, values=frozenset({True})),),
        subject=SubjectRule(claims=("account_id",), whole_numbers=True),
    ),
    session_claims=(("https://login.example.org/session", "id"),),
    live_check=KEYS_ONLY,
)
```

All of them keep to the same rules: [whose keys](../keys-and-pins.md), [is the user still welcome](../user-state.md),
[who is he here](../mapping.md), [when the old session ends](../ending-the-old-session.md), [how to cut over](../cut-over.md).
"""  # noqa: E501 - rows of a table


def index() -> str:
    """The table of all profiles."""
    rows = [
        f"| [{profile.title}]({profile.id}.md) | {_cell(_first(profile.presents))} | {_cell(profile.binds_by)} | "
        f"{'sign-in' if profile.names_sign_ins else 'token'} | {format_duration(profile.maximum_age)} |"
        for profile in PROFILES.values()
    ]
    return HEAD + "\n".join(rows) + "\n" + TAIL


def _first(text: str) -> str:
    """The first sentence."""
    return text.partition(". ")[0].partition(": ")[0]


if __name__ == "__main__":
    INDEX.write_text(index(), encoding="utf-8")
    for each in PROFILES.values():
        page_of(each).write_text(rendered(each), encoding="utf-8")
