"""
`[provider.revocation]` of the settings file as an ending.

House rules: each kind takes its own keys and no others, so that a setting that does nothing is found; a secret comes
from a file of its own or from the environment.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import msgspec

from segue.errors import ConfigurationError
from segue.json import JsonObject, parse_object
from segue.migration import endings
from segue.migration.endings import Ending
from segue.service.private_files import read_private
from segue.service.schema import RevocationSection


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """Which keys of the file become which members of an ending."""

    ending: type[Ending]
    needs: Mapping[str, str]
    takes: Mapping[str, str] = dataclasses.field(default_factory=dict[str, str])


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


_FILES = {f"{name}_file": name for name in ("api_key", "client_secret", "private_key", "service_account")}
"""What a file of its own holds. The last two are there in this form alone."""

KINDS: Mapping[str, _Kind] = {
    "rfc7009": _Kind(
        ending=endings.Revocation7009,
        needs=_same("url", "client_id"),
        takes=_same("client_secret", "allowed_token_types"),
    ),
    "auth0": _Kind(
        ending=endings.Auth0Ending, needs=_same("domain", "client_id", "client_secret"), takes=_same("reach")
    ),
    "clerk": _Kind(ending=endings.ClerkEnding, needs={"api_key": "secret_key"}, takes=_same("url")),
    "cognito": _Kind(
        ending=endings.CognitoEnding,
        needs=_same("region", "client_id"),
        takes=_same("client_secret", "reach", "url"),
    ),
    "descope": _Kind(
        ending=endings.DescopeEnding,
        needs=_same("project_id"),
        takes={"api_key": "management_key", **_same("reach", "url")},
    ),
    "entra": _Kind(
        ending=endings.EntraEnding,
        needs=_same("tenant", "client_id", "client_secret"),
        takes=_same("reach"),
    ),
    "firebase": _Kind(
        ending=endings.FirebaseEnding, needs=_same("service_account"), takes=_same("reach", "tenant")
    ),
    "fusionauth": _Kind(
        ending=endings.FusionAuthEnding,
        needs=_same("url", "api_key"),
        takes={"tenant": "tenant_id", **_same("reach")},
    ),
    "hydra": _Kind(ending=endings.HydraEnding, needs=_same("admin_url"), takes=_same("api_key", "reach")),
    "keycloak": _Kind(
        ending=endings.KeycloakEnding, needs=_same("issuer", "client_id"), takes=_same("client_secret")
    ),
    "keycloak_admin": _Kind(
        ending=endings.KeycloakAdminEnding,
        needs=_same("issuer", "client_id", "client_secret"),
        takes=_same("admin_url", "reach"),
    ),
    "kratos": _Kind(ending=endings.KratosEnding, needs=_same("admin_url"), takes=_same("api_key", "reach")),
    "okta": _Kind(
        ending=endings.OktaEnding,
        needs=_same("domain"),
        takes={"api_key": "api_token", **_same("client_id", "private_key", "key_id", "reach")},
    ),
    "propelauth": _Kind(
        ending=endings.PropelAuthEnding, needs=_same("domain", "api_key"), takes=_same("reach")
    ),
    "stytch": _Kind(
        ending=endings.StytchEnding,
        needs={"project_id": "project_id", "api_key": "secret"},
        takes=_same("b2b", "url"),
    ),
    "supabase": _Kind(ending=endings.SupabaseEnding, needs=_same("url"), takes=_same("api_key", "reach")),
    "supertokens": _Kind(ending=endings.SupertokensEnding, needs=_same("url"), takes=_same("api_key")),
    "workos": _Kind(ending=endings.WorkosEnding, needs=_same("api_key"), takes=_same("url")),
}


def ending_from(section: RevocationSection, place: str, folder: Path) -> Ending:
    """
    The ending of one provider.

    Args:
        section: of the file.
        place: where it stands, for errors.
        folder: where paths in it start.

    Raises:
        ConfigurationError: a key is missing, of another kind, or wrong.
    """
    kind = KINDS[section.kind]
    known = {**kind.needs, **kind.takes}
    values: dict[str, object] = {}
    for written, value in _given(section):
        key = _FILES.get(written, written)
        if key not in known:
            raise ConfigurationError(
                f'{place}: {written} is of no use with kind = "{section.kind}", which takes {_listed(known)} and when'
            )
        if key in values:
            raise ConfigurationError(f"{place}: give {key} or {key}_file, not both")
        values[key] = read_private(folder / str(value)).strip() if written in _FILES else value
    for key in kind.needs:
        if key not in values:
            raise ConfigurationError(f'{place}: kind = "{section.kind}" needs {_written(key)}')
    if "service_account" in values:
        values |= _service_account(str(values.pop("service_account")), place)
    members = {known.get(key, key): value for key, value in values.items()}
    ending: Ending = msgspec.convert({**members, "when": section.when}, kind.ending)
    return ending


def _given(section: RevocationSection) -> list[tuple[str, object]]:
    """The keys that say something, in their order."""
    unset = RevocationSection()
    pairs = [(field.name, getattr(section, field.name)) for field in dataclasses.fields(section)]
    return [
        (name, value)
        for name, value in pairs
        if name not in {"kind", "when"} and value != getattr(unset, name)
    ]


def _service_account(text: str, place: str) -> dict[str, str]:
    """What the JSON file of a Google service account's key says; nothing of it is shown."""
    names = ("project_id", "client_email", "private_key")
    found = {name: value for name in names if isinstance(value := _members(text).get(name), str)}
    if len(found) != len(names):
        raise ConfigurationError(
            f"{place}: service_account_file is not the JSON file of a service account's key, "
            f"with {', '.join(names)}"
        )
    return found


def _members(text: str) -> JsonObject:
    try:
        return parse_object(text)
    except ValueError:
        return {}


def _written(key: str) -> str:
    """How the file may say it."""
    if key in {"private_key", "service_account"}:
        return f"{key}_file"
    return f"{key} or {key}_file" if f"{key}_file" in _FILES else key


def _listed(keys: Mapping[str, str]) -> str:
    return ", ".join(map(_written, keys))
