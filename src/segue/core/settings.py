"""
What may be configured of an app, by the names of the reference core (core protocol, configuration).

A value is what JSON or YAML has for it, or the same as text; an app's own settings lie over those of the deployment.
House rules: a value that cannot work is refused with a sentence that says how to mend it and does not quote it; a name
that the reference has and that means nothing here is passed over, because operators carry their files along.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar, TypeAlias, cast

import msgspec

from segue.core.address_patterns import read_pattern
from segue.core.mapping_flows import KnownUsers
from segue.core.versions import CdiVersion, read_version
from segue.discreet import Discreet
from segue.errors import ConfigurationError
from segue.json import JsonObject, JsonValue
from segue.sessions.policy import Lifetimes
from segue.tokens.algorithms import Algorithm
from segue.tokens.signing_keys import KeyPolicy

_YEAR_HOURS = 8766
_LONGEST_YEARS = 100
_API_KEY = re.compile(r"[A-Za-z0-9=-]{20,}")
_THEFT, _UNAUTHORISED = "TOKEN_THEFT", "UNAUTHORISED"
_WORDS = {"true": True, "false": False}
_NAME = re.compile(r"[a-z0-9_]{1,64}", re.ASCII)
_NEAR = 0.85


class Number(msgspec.Struct, frozen=True, kw_only=True):
    """A number and between which bounds it lies."""

    default: float
    least: float
    most: float
    unit: str
    whole: bool = True
    least_in_development: float | None = None


class Switch(msgspec.Struct, frozen=True, kw_only=True):
    """True or false."""

    default: bool


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """Text; of a closed set if there are choices."""

    default: str | None = None
    choices: tuple[str, ...] = ()


Setting: TypeAlias = Number | Switch | Text

ACCESS = "access_token_validity"
REFRESH = "refresh_token_validity"
INTERVAL = "access_token_dynamic_signing_key_update_interval"

SETTINGS: Mapping[str, Setting] = {
    ACCESS: Number(default=3600, least=1, most=86_400_000, unit="seconds"),
    REFRESH: Number(
        default=144_000, least=0, most=_LONGEST_YEARS * _YEAR_HOURS * 60, unit="minutes", whole=False
    ),
    INTERVAL: Number(
        default=168,
        least=1,
        most=_LONGEST_YEARS * _YEAR_HOURS,
        unit="hours",
        whole=False,
        least_in_development=1 / 3600,
    ),
    "refresh_token_rotation_grace_period": Number(default=30, least=0, most=300, unit="seconds"),
    "access_token_validity_jitter": Number(
        default=0.05, least=0, most=0.25, unit="of the validity", whole=False
    ),
    "recent_token_reuse_behaviour": Text(default=_THEFT, choices=(_THEFT, _UNAUTHORISED)),
    "access_token_blacklisting": Switch(default=False),
    "access_token_signing_key_dynamic": Switch(default=True),
    "api_keys": Text(),
    "supertokens_min_cdi_version": Text(),
    "supertokens_max_cdi_version": Text(),
    "ip_allow_regex": Text(),
    "ip_deny_regex": Text(),
    "segue_rotate_at_refresh": Switch(default=False),
    "segue_user_registry": Switch(default=False),
}
"""Of an app, or of all apps that do not say otherwise."""

DEPLOYMENT = frozenset({"host", "port", "base_path", "workers", "log_level", "database", "segue_development"})
"""Of the whole deployment; no app can have its own."""


class AppSettings(Discreet, frozen=True, kw_only=True):
    """Settings of an app, ready for use."""

    unshown: ClassVar = frozenset({"api_keys"})

    lifetimes: Lifetimes
    keys: KeyPolicy
    api_keys: tuple[bytes, ...]
    """Empty: every caller is let in."""
    mild_reuse: bool
    """Reuse of a token that was rotated last is answered as an ended session, not as theft."""
    check_database: bool
    """What versions before 2.21 cannot ask for: look at the session at every verification."""
    static_keys: bool
    """Likewise: sign with keys that do not rotate."""
    least_version: CdiVersion | None
    greatest_version: CdiVersion | None
    allowed_addresses: re.Pattern[str] | None
    denied_addresses: re.Pattern[str] | None
    rotate_at_refresh: bool
    """Rotate at once for all protocol versions."""
    known_users: KnownUsers


def read_app_settings(config: JsonObject, *, development: bool = False) -> AppSettings:
    """
    Settings by their names as values that work.

    Args:
        config: whatever was configured; the rest has its default.
        development: lower bounds that protect production are lifted.

    Raises:
        ConfigurationError: the first thing that cannot work.
    """
    require_known(config)
    values = _Values(config, development=development)
    return AppSettings(
        lifetimes=_lifetimes(values),
        keys=KeyPolicy(
            algorithm=Algorithm.RS256,  # others break the JWKS routes of published SDKs
            update_interval=timedelta(hours=values.number(INTERVAL)),
            access_lifetime=timedelta(seconds=values.number(ACCESS)),
        ),
        api_keys=_api_keys(values.text("api_keys")),
        mild_reuse=values.text("recent_token_reuse_behaviour") == _UNAUTHORISED,
        check_database=values.switch("access_token_blacklisting"),
        static_keys=not values.switch("access_token_signing_key_dynamic"),
        least_version=values.version("supertokens_min_cdi_version"),
        greatest_version=values.version("supertokens_max_cdi_version"),
        allowed_addresses=values.pattern("ip_allow_regex"),
        denied_addresses=values.pattern("ip_deny_regex"),
        rotate_at_refresh=values.switch("segue_rotate_at_refresh"),
        known_users=KnownUsers.REGISTERED if values.switch("segue_user_registry") else KnownUsers.EVERY_ID,
    )


def require_known(config: JsonObject) -> None:
    """
    Refuse names that look like a setting's and are none.

    Raises:
        ConfigurationError: the text names the setting that may have been meant.
    """
    for name in config:
        if name not in SETTINGS and name not in DEPLOYMENT:
            near = difflib.get_close_matches(name, [*SETTINGS, *DEPLOYMENT], n=1, cutoff=_NEAR)
            if near:
                raise ConfigurationError(f"there is no setting {called(name)}; did you mean {near[0]}?")


def called(name: str) -> str:
    """A name as it may be shown, to browsers too."""
    return f"called {name}" if _NAME.fullmatch(name) else "of the name given"


def without_meaning(config: JsonObject) -> tuple[str, ...]:
    """Names that are passed over."""
    return tuple(name for name in config if name not in SETTINGS and name not in DEPLOYMENT)


def _lifetimes(values: _Values) -> Lifetimes:
    access, refresh = values.number(ACCESS), values.number(REFRESH)
    if refresh * 60 <= access:
        raise ConfigurationError(
            f"{REFRESH} (minutes) must be longer than {ACCESS} (seconds), or sessions end before they are refreshed"
        )
    return Lifetimes(
        access=timedelta(seconds=access),
        access_jitter=values.number("access_token_validity_jitter"),
        refresh=timedelta(minutes=refresh),
        grace=timedelta(seconds=values.number("refresh_token_rotation_grace_period")),
    )


def _api_keys(text: str | None) -> tuple[bytes, ...]:
    keys = tuple(key.strip() for key in (text or "").split(",") if key.strip())
    if not all(_API_KEY.fullmatch(key) for key in keys):
        raise ConfigurationError(
            "api_keys: each key needs at least 20 of the characters A-Z, a-z, 0-9, = and -; "
            "separate several by commas"
        )
    return tuple(key.encode() for key in keys)


class _Values:
    """A configuration, read by name and kind."""

    def __init__(self, config: JsonObject, *, development: bool) -> None:
        self._config = config
        self._development = development

    def number(self, name: str) -> float:
        setting = cast("Number", SETTINGS[name])
        given = self._config.get(name)
        if given is None:
            return setting.default
        number = _number(given)
        least = setting.least
        if self._development and setting.least_in_development is not None:
            least = setting.least_in_development
        if number is None or not least <= number <= setting.most or (setting.whole and number % 1):
            kind = "a whole number" if setting.whole else "a number"
            raise ConfigurationError(
                f"{name} must be {kind} between {least:g} and {setting.most:.12g} ({setting.unit})"
            )
        return number

    def switch(self, name: str) -> bool:
        setting = cast("Switch", SETTINGS[name])
        given = self._config.get(name)
        if given is None:
            return setting.default
        found = _WORDS.get(given.strip().lower()) if isinstance(given, str) else given
        if not isinstance(found, bool):
            raise ConfigurationError(f"{name} must be true or false")
        return found

    def text(self, name: str) -> str | None:
        setting = cast("Text", SETTINGS[name])
        given = self._config.get(name)
        if given is None:
            return setting.default
        if not isinstance(given, str):
            raise ConfigurationError(f"{name} must be text")
        if setting.choices and given not in setting.choices:
            raise ConfigurationError(f"{name} must be one of {', '.join(setting.choices)}")
        return given

    def version(self, name: str) -> CdiVersion | None:
        text = self.text(name)
        if not text:
            return None
        version = read_version(text)
        if version is None:
            raise ConfigurationError(f"{name} must be a version such as 5.4")
        return version

    def pattern(self, name: str) -> re.Pattern[str] | None:
        text = self.text(name)
        return read_pattern(name, text) if text else None


def _number(given: JsonValue) -> float | None:
    """The number that a value is or spells."""
    if isinstance(given, str):
        try:
            given = float(given)
        except ValueError:
            return None
    if isinstance(given, bool) or not isinstance(given, int | float):
        return None
    try:
        number = float(given)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
