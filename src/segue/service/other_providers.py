"""
`[[opaque_provider]]` and `[[cookie_provider]]` of the settings file as providers.

House rule: as for JWTs; what needs a function of the application is for Python to configure.
"""

from __future__ import annotations

from pathlib import Path

from segue.errors import ConfigurationError
from segue.migration.binding import ANY_AUDIENCE, ANY_PARTY
from segue.migration.cookie_provider import CookieProvider, OncePer
from segue.migration.opaque_provider import OpaqueProvider
from segue.migration.user_state import KEYS_ONLY
from segue.service.old_cookies import format_of, rows_of
from segue.service.provider_policy import binding, introspection_of, named, policy_values
from segue.service.schema import CookieProviderSection, OpaqueProviderSection


def opaque_provider_of(section: OpaqueProviderSection, folder: Path) -> OpaqueProvider:
    """
    A provider of opaque tokens.

    Raises:
        ConfigurationError: it cannot be safe or cannot work.
    """
    place = f"provider {section.name}"
    asked = named(section, lambda: introspection_of(section, folder))
    if asked is None:
        raise ConfigurationError(f"{place}: introspection is missing")
    return OpaqueProvider(
        name=section.name,
        issuer=section.issuer,
        introspection=asked,
        audiences=binding(section.audiences, ANY_AUDIENCE, f"{place}: audiences", "your API's identifier"),
        authorized_parties=binding(
            section.authorized_parties,
            ANY_PARTY,
            f"{place}: authorized_parties",
            "the client ids of your pages",
        ),
        required_claims=tuple(sorted(section.required_claims.items())),
        user_claim=section.user_claim,
        session_claims=section.session_claims,
        **policy_values(section, folder),
    )


def cookie_provider_of(section: CookieProviderSection, folder: Path) -> CookieProvider:
    """
    An application with session cookies.

    Raises:
        ConfigurationError: it cannot be safe or cannot work.
    """
    read = named(section, lambda: format_of(section.format, folder))
    rows = named(section, lambda: rows_of(section.store, folder, read=read))
    return CookieProvider(
        name=section.name,
        issuer=section.issuer,
        format=read,
        find_session=None if rows is None else rows.find_session,
        end_session=None if rows is None else rows.end_session,
        once_per=OncePer(section.once_per),
        live_check=None if section.live_check is None else KEYS_ONLY,
        **policy_values(section, folder),
    )
