"""
`[provider.keys]` as a source of keys: asked for live, pinned, both, or a shared secret.

Relative paths start at the settings file's folder. House rule: keys that contradict one another are refused, never
ranked.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from segue.errors import ConfigurationError
from segue.json import JsonObject, parse_object
from segue.migration.key_cache import CacheRules
from segue.migration.key_sources import KeySource, LiveKeys, PinnedFallback, PinnedKeys
from segue.migration.shared_secrets import SHORT_SECRETS, SharedSecrets
from segue.service.private_files import read_private
from segue.service.schema import ProviderKeysSection

_RULES = CacheRules()


def keys_from(
    keys: ProviderKeysSection, place: str, folder: Path, *, live: Callable[[], LiveKeys]
) -> KeySource:
    """
    Where a provider's keys come from.

    Args:
        keys: as written.
        place: for errors.
        folder: where relative paths start.
        live: the keys that are asked for, if any are.

    Raises:
        ConfigurationError: it cannot be safe or cannot work.
    """
    if keys.secret is not None or keys.secret_file is not None:
        return _shared(keys, place, folder)
    _refuse(keys, ("short_secrets",), place, "belongs to a shared secret: secret or secret_file")
    pins = [name for name in ("file", "inline", "pem") if getattr(keys, name) is not None]
    if len(pins) > 1:
        raise ConfigurationError(f"{place}: give one of {' and '.join(pins)}")
    if not pins:
        _refuse(keys, _OF_PINS, place, "belongs to pinned keys: file, inline or pem")
        if keys.use_pinned != "always":
            raise ConfigurationError(f"{place}: use_pinned needs pinned keys: file, inline or pem")
        return live()
    _require_pins(keys, pins[0], place)
    if keys.use_pinned == "as_fallback":
        return PinnedFallback(live=live(), pinned=_pinned(keys, folder, None))
    return _pinned(keys, folder, live() if keys.compare else None)


_OF_PINS = ("key_id", "key_ids", "pinned_at", "not_after", "compare")
_OF_FILES = ("file", "inline", "pem")
_OF_LIVE = ("discovery_url", "jwks_url", "allowed_hosts", "max_age", "stale_for", "cool_down")


def _require_pins(keys: ProviderKeysSection, pin: str, place: str) -> None:
    if keys.use_pinned == "always" and not keys.compare:
        _refuse(
            keys,
            _OF_LIVE,
            place,
            f"belongs to live keys; with {pin} nobody is asked, unless compare or use_pinned says so",
        )
    if keys.use_pinned == "as_fallback" and keys.compare:
        raise ConfigurationError(
            f"{place}: the pinned keys of a fallback are compared anyway; leave compare out"
        )
    if keys.key_id is not None and keys.pem is None:
        raise ConfigurationError(f"{place}: key_id belongs to pem; a JWK set names its keys itself")
    if keys.key_ids is not None and keys.pem is not None:
        raise ConfigurationError(f"{place}: key_ids choose from a JWK set; pem has one key")


def _refuse(keys: ProviderKeysSection, names: tuple[str, ...], place: str, why: str) -> None:
    for name in names:
        if getattr(keys, name):
            raise ConfigurationError(f"{place}: {name} {why}")


def live_from(keys: ProviderKeysSection, issuer: str) -> LiveKeys:
    """Keys that are asked for, of an issuer whose discovery is known or named."""
    return LiveKeys(
        issuer=issuer,
        discovery_url=keys.discovery_url,
        jwks_url=keys.jwks_url,
        allowed_hosts=keys.allowed_hosts,
        max_age=_RULES.max_age if keys.max_age is None else keys.max_age.span,
        stale_for=_RULES.stale_for if keys.stale_for is None else keys.stale_for.span,
        cool_down=_RULES.cool_down if keys.cool_down is None else keys.cool_down.span,
    )


def _shared(keys: ProviderKeysSection, place: str, folder: Path) -> SharedSecrets:
    if keys.secret is not None and keys.secret_file is not None:
        raise ConfigurationError(f"{place}: give secret or secret_file, not both")
    others = tuple(name for name in (*_OF_LIVE, *_OF_FILES, "key_id", "key_ids", "compare"))
    _refuse(keys, others, place, "belongs to published keys; with a shared secret nobody is asked")
    text = keys.secret if keys.secret_file is None else read_private(folder / keys.secret_file)
    lines = [line.strip() for line in (text or "").splitlines() if line.strip()]
    return SharedSecrets.of(
        *(_decoded(line, keys.secret_encoding, place) for line in lines),
        not_after=keys.not_after,
        short=None if keys.short_secrets is None else SHORT_SECRETS,
    )


def _decoded(line: str, encoding: str, place: str) -> bytes:
    try:
        match encoding:
            case "base64":
                padded = line.replace("-", "+").replace("_", "/")
                return base64.b64decode(padded + "=" * (-len(padded) % 4), validate=True)
            case "hex":
                return bytes.fromhex(line)
            case _:
                return line.encode()
    except ValueError:
        raise ConfigurationError(f"{place}: a secret is not {encoding}; look at secret_encoding") from None


def _pinned(keys: ProviderKeysSection, folder: Path, compared: LiveKeys | None) -> PinnedKeys:
    pinned_at, not_after = keys.pinned_at, keys.not_after
    if keys.pem is not None:
        return PinnedKeys.from_pem(
            keys.pem, key_id=keys.key_id, pinned_at=pinned_at, not_after=not_after, compare_with=compared
        )
    if keys.file is not None:
        path = folder / keys.file
        return PinnedKeys.from_file(
            path,
            key_ids=keys.key_ids,
            pinned_at=pinned_at or pinned_when(path),
            not_after=not_after,
            compare_with=compared,
        )
    inline: JsonObject = keys.inline or {}
    return PinnedKeys.from_jwks(
        inline, key_ids=keys.key_ids, pinned_at=pinned_at, not_after=not_after, compare_with=compared
    )


def pinned_when(path: Path) -> datetime | None:
    """When `segue pin` wrote a file; None of any other."""
    try:
        written = parse_object(path.read_bytes()).get("pinned_at")
        return datetime.fromisoformat(written) if isinstance(written, str) else None
    except (OSError, ValueError):
        return None  # whether the file is any good is for `PinnedKeys` to say
