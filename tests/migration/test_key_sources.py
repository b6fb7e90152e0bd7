"""What may be configured as a source of keys, and how refusals say what to mend."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from segue.errors import ConfigurationError
from segue.migration.key_sources import LiveKeys, PinnedKeys
from segue.tokens.jwk import KeySet
from tests.migration.key_material import jwks, jwks_bytes, key_set, pem

if TYPE_CHECKING:
    from pathlib import Path

    from segue.json import JsonObject

ISSUER = "https://issuer.example"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def test_live_by_discovery() -> None:
    """Without more, keys are found by discovery at the issuer, and only on its host."""
    source = LiveKeys(issuer=ISSUER + "/")
    assert source.document_url == ISSUER + "/.well-known/openid-configuration"
    assert source.jwks_hosts == {"issuer.example"}


def test_live_by_discovery_elsewhere() -> None:
    """A discovery URL on another host was chosen by the operator: keys may be there, too."""
    source = LiveKeys(
        issuer=ISSUER,
        discovery_url="https://inside.example:8443/d",
        allowed_hosts=frozenset({"Keys.Example"}),
    )
    assert source.jwks_hosts == {"issuer.example", "inside.example:8443", "keys.example"}


def test_live_by_jwks_url_of_an_issuer_that_is_no_url() -> None:
    """With a JWKS URL the issuer is a mere name, as some providers have it."""
    assert LiveKeys(issuer="stytch.com/project-1", jwks_url="https://keys.example/jwks").issuer


@pytest.mark.parametrize(
    ("wrong", "advice"),
    [
        ({"issuer": ""}, "give the value of iss"),
        ({"issuer": "issuer.example"}, "https://"),
        ({"issuer": "http://issuer.example"}, "use https://"),
        ({"issuer": "https://ada:word@issuer.example"}, "user name"),
        ({"issuer": ISSUER + "#x"}, "fragment"),
        ({"discovery_url": "http://inside.example/d"}, "use https://"),
        ({"jwks_url": "http://10.0.0.1/jwks"}, "use https://"),
        ({"jwks_url": "https://a.example/j", "discovery_url": "https://a.example/d"}, "not both"),
        ({"allowed_hosts": frozenset({"*.example"})}, "allowed_hosts"),
        ({"allowed_hosts": frozenset({"https://keys.example"})}, "host alone"),
        ({"max_age": timedelta(0)}, "between"),
        ({"max_age": timedelta(days=2)}, "between"),
        ({"stale_for": timedelta(days=8)}, "between"),
        ({"stale_for": timedelta(seconds=-1)}, "between"),
        ({"cool_down": timedelta(0)}, "between"),
        ({"cool_down": timedelta(hours=1)}, "between"),
    ],
)
def test_live_is_refused(wrong: dict[str, Any], advice: str) -> None:
    """T24: a source that cannot be safe is not built, and the text says how to mend it."""
    arguments: dict[str, Any] = {"issuer": ISSUER, **wrong}
    with pytest.raises(ConfigurationError, match=advice):
        LiveKeys(**arguments)


def test_live_on_this_machine_may_be_plain() -> None:
    """For development, http:// serves for localhost."""
    assert LiveKeys(issuer="http://localhost:8080/realms/a").jwks_hosts == {"localhost:8080"}


FORMS: dict[str, bytes | str | JsonObject] = {
    "object": jwks("a", "b"),
    "bytes": jwks_bytes("a", "b"),
    "text": jwks_bytes("a", "b").decode(),
}


@pytest.mark.parametrize("form", FORMS)
def test_pin_jwks(form: str) -> None:
    """A JWK set is pinned from JSON text or from an object."""
    assert PinnedKeys.from_jwks(FORMS[form]).keys.key_ids == {"a", "b"}


def test_pin_pem() -> None:
    """A PEM key is pinned with or without the id that tokens call it by."""
    assert PinnedKeys.from_pem(pem(), key_id="a").keys.key_ids == {"a"}
    assert PinnedKeys.from_pem(pem().decode()).keys.find("whatever it is called")


@pytest.mark.parametrize("content", [jwks_bytes("a"), pem()], ids=["jwks", "pem"])
def test_pin_file_is_read_once(content: bytes, tmp_path: Path) -> None:
    """A file is read when the source is built, and may go afterwards."""
    path = tmp_path / "keys"
    path.write_bytes(content)
    source = PinnedKeys.from_file(path)
    path.unlink()
    assert source.keys.find("a")


@pytest.mark.parametrize(
    ("content", "advice"),
    [
        (None, "cannot be read"),
        (b"", "keys: "),
        (b"not keys", "keys: "),
        (b'{"keys": []}', "no pinned key"),
        (b" " * 1_100_000, "larger than"),
        (b"-----BEGIN PRIVATE KEY-----\n", "give the public key"),
    ],
    ids=["missing", "empty", "junk", "empty-set", "large", "private"],
)
def test_pin_file_is_refused(content: bytes | None, advice: str, tmp_path: Path) -> None:
    """A file without usable keys is refused by its name."""
    path = tmp_path / "keys"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=advice):
        PinnedKeys.from_file(path)


def test_pin_of_odd_keys_only_says_why() -> None:
    """When no key of a set serves, the reasons are told."""
    odd = json.dumps({"keys": [{"kty": "oct", "k": "AAAA", "kid": "a"}]})
    with pytest.raises(ConfigurationError, match=r"key 0 \(a\): a shared secret"):
        PinnedKeys.from_jwks(odd)


def test_odd_key_does_not_poison_a_pin() -> None:
    """One odd key among good ones is left out and reported."""
    mixed = jwks_bytes("a").replace(b"[", b'[{"kty": "odd"}, ')
    keys = PinnedKeys.from_jwks(mixed).keys
    assert keys.key_ids == {"a"}
    assert keys.skipped == ("key 0: kty is none of RSA, EC, OKP",)


@pytest.mark.parametrize(
    ("wrong", "advice"),
    [
        ({"keys": KeySet(keys=())}, "pin the provider's signing keys"),
        ({"pinned_at": datetime(2026, 3, 1)}, "no time zone"),  # noqa: DTZ001 - the mistake itself
        ({"not_after": datetime(2026, 3, 1)}, "no time zone"),  # noqa: DTZ001
        ({"pinned_at": NOW, "not_after": NOW}, "never serve"),
    ],
)
def test_pin_is_refused(wrong: dict[str, Any], advice: str) -> None:
    """T24: a pin without keys or with dates that cannot be meant is not built."""
    arguments: dict[str, Any] = {"keys": key_set("a"), **wrong}
    with pytest.raises(ConfigurationError, match=advice):
        PinnedKeys(**arguments)


def test_one_id_for_two_pems() -> None:
    """An id names one key."""
    with pytest.raises(ConfigurationError, match="one key"):
        PinnedKeys.from_pem(pem(), pem(), key_id="a")


def test_t25_pin_ends() -> None:
    """T25: pinned keys serve until their end, not at it."""
    source = PinnedKeys(keys=key_set("a"), not_after=NOW)
    assert source.serving(NOW - timedelta(microseconds=1))
    assert not source.serving(NOW)
