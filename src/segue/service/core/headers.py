"""
Who may ask, and in which version of the protocol (core protocol §3): address, then key, then version.

House rule: a key is compared in constant time with each of those that are configured, and is never shown.
"""

from __future__ import annotations

import hmac

from segue.core.settings import AppSettings
from segue.core.versions import SERVED, CdiVersion, read_version, version_text
from segue.service.core.answers import Refused
from segue.service.core.dialect import Dialect, dialect_of

_BEARER = "bearer "


def demand_address(settings: AppSettings, client_ip: str | None) -> None:
    """
    Refuse callers whose address is not let in.

    Raises:
        Refused: 403.
    """
    address = client_ip or ""
    allowed, denied = settings.allowed_addresses, settings.denied_addresses
    if (allowed is not None and not allowed.fullmatch(address)) or (
        denied is not None and denied.fullmatch(address)
    ):
        raise Refused(403, "This address is not allowed to connect")


def demand_key(settings: AppSettings, api_key: str | None, authorization: str | None) -> None:
    """
    Refuse callers without one of the app's keys, if it has any.

    Raises:
        Refused: 401.
    """
    if not settings.api_keys:
        return
    given = api_key
    if given is None and authorization is not None:
        bearer = authorization.lower().startswith(_BEARER)
        given = authorization[len(_BEARER) :] if bearer else authorization
    presented = (given or "").strip().encode()
    matches = [hmac.compare_digest(key, presented) for key in settings.api_keys]
    if not any(matches):
        raise Refused(401, "Invalid API key")


def served_versions(settings: AppSettings) -> tuple[CdiVersion, ...]:
    """Those that configuration lets through, oldest first."""
    least, greatest = settings.least_version or SERVED[0], settings.greatest_version or SERVED[-1]
    return tuple(version for version in SERVED if least <= version <= greatest)


def chosen_dialect(settings: AppSettings, header: str | None, *, strictly: bool) -> Dialect:
    """
    The dialect that a caller asks for; the newest if it asks for none.

    Args:
        settings: of the app.
        header: `cdi-version`, if it came.
        strictly: also refuse versions that are too low or unknown; otherwise the newest is spoken.

    Raises:
        Refused: 400.
    """
    versions = served_versions(settings)
    newest = versions[-1] if versions else SERVED[-1]
    if header is None:
        return dialect_of(newest)
    version = read_version(header.strip())
    if version is None:
        raise Refused(400, "cdi-version header is invalid")
    if version > newest or (strictly and version not in SERVED):
        raise Refused(400, f"cdi-version {version_text(version)} not supported")
    least = settings.least_version
    if strictly and least is not None and version < least:
        raise Refused(
            400,
            f"cdi-version {version_text(version)} is lower than the minimum allowed version {version_text(least)}",
        )
    return dialect_of(version if version in versions else newest)
