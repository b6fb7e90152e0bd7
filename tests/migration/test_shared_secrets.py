"""Secrets that are shared with a provider: never mixed with published keys, never short by accident."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from segue.errors import ConfigurationError, KeyUnknown, SignatureRefused
from segue.flow import drive, performer
from segue.migration.credential import BearerToken
from segue.migration.provider import Provider
from segue.migration.shared_secrets import SHORT_SECRETS, SharedSecrets
from segue.migration.verification import verify_credential
from segue.migration.verifying import Migration, verify
from segue.tokens.algorithms import Algorithm, SharedSecret
from segue.tokens.jws import parse_jws
from tests.migration.issuer import ABSENT, LATE, NOW, claims, key, provider, signed

NEW, OLD = b"n" * 32, b"o" * 48
HS256 = frozenset({Algorithm.HS256})


def sharing(*secrets: bytes, **changes: Any) -> Provider:
    """A provider that signs with shared secrets."""
    given: dict[str, Any] = {"algorithms": HS256}
    if secrets:
        given["keys"] = SharedSecrets.of(*secrets, not_after=LATE)
    return provider(**{**given, **changes})


def made(secret: bytes, *, key_id: object = ABSENT, algorithm: Algorithm = Algorithm.HS256) -> str:
    """A good token under a secret."""
    private = SharedSecret(secret=secret, shortest=1)
    return signed(claims(), header={"kid": key_id}, private=private, algorithm=algorithm)


def taken(text: str, by: Provider, *, now: datetime = NOW) -> str:
    """Whom the flow takes a token for."""
    migration = Migration(providers=(by,), key_caches={}, version="test")
    verified = drive(verify(BearerToken(text=text), migration, now=now), performer({}))
    return verified.identity.subject


def test_old_and_new_secret() -> None:
    """While a secret is changed both verify, whatever name the token gives its key; a third does not."""
    rules = sharing(NEW, OLD)
    for secret in (NEW, OLD):
        assert taken(made(secret), rules) == taken(made(secret, key_id="any"), rules) == "alice"
    with pytest.raises(SignatureRefused):
        taken(made(b"x" * 32), rules)


def test_t3_published_key_is_no_secret() -> None:
    """A token with an asymmetric signature is refused where a secret is shared, and the other way round (T3)."""
    with pytest.raises(SignatureRefused):
        taken(signed(claims()), sharing(NEW))
    with pytest.raises(SignatureRefused):
        taken(made(NEW), provider())


def test_t3_secret_and_published_keys_do_not_mix() -> None:
    """One provider has secrets and HMAC, or keys and none of it (T3)."""
    with pytest.raises(ConfigurationError, match="serves HS256, HS384 and HS512 only"):
        sharing(NEW, algorithms=frozenset({Algorithm.HS256, Algorithm.RS256}))
    with pytest.raises(ConfigurationError, match="not published keys"):
        provider(algorithms=HS256)
    pem = "-----BEGIN PUBLIC KEY-----\n" + "A" * 64
    with pytest.raises(ConfigurationError, match="public key is not a secret"):
        SharedSecrets.of(pem)


@pytest.mark.parametrize("form", ["der", "base64", "lines", "url", "pem"])
def test_t3_public_key_in_base64(form: str) -> None:
    """A public key is no secret either where the lines of PEM around it are left out, as consoles show it (T3)."""
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    forms = {
        "der": der,
        "base64": b64encode(der),
        "lines": b"\n".join(pem.splitlines()[1:-1]),
        "url": urlsafe_b64encode(der).rstrip(b"="),
        "pem": b64encode(pem),
    }
    with pytest.raises(ConfigurationError, match="public key is not a secret"):
        SharedSecrets.of(forms[form])


def test_t24_short_secret() -> None:
    """A secret shorter than its hash is refused, unless somebody says that he lives with it; tiny ones always (T24)."""
    with pytest.raises(ConfigurationError, match="SHORT_SECRETS") as refused:
        SharedSecrets.of("canary-secret")
    assert "canary" not in str(refused.value)
    with pytest.raises(ConfigurationError, match="not taken"):
        SharedSecrets.of("canary!", short=SHORT_SECRETS)
    short = SharedSecrets.of("canary-secret", short=SHORT_SECRETS, not_after=LATE)
    assert "canary" not in repr(short)
    rules = sharing(keys=short, algorithms=frozenset({Algorithm.HS512}))
    assert taken(made(b"canary-secret", algorithm=Algorithm.HS512), rules) == "alice"
    with pytest.raises(SignatureRefused):
        taken(made(b"canary-secret"), rules)


def test_t24_secret_shorter_than_the_longer_hash() -> None:
    """A secret that is long enough for HS256 is not taken for HS512 (T24, RFC 7518 §3.2)."""
    with pytest.raises(ConfigurationError, match="shorter than the hash"):
        sharing(NEW, algorithms=frozenset({Algorithm.HS512}))


def test_t24_no_secret_and_too_many() -> None:
    """No secret, and more than anybody can still have in use, are refused (T24)."""
    with pytest.raises(ConfigurationError, match="no shared secret"):
        SharedSecrets.of()
    with pytest.raises(ConfigurationError, match="keep those that still sign"):
        SharedSecrets.of(*[NEW] * 9)
    with pytest.raises(ConfigurationError, match="time zone"):
        SharedSecrets.of(NEW, not_after=datetime(2030, 1, 1))  # noqa: DTZ001 - the point


def test_t25_secret_at_its_end() -> None:
    """A shared secret needs an end, and verifies nothing from then on (T25)."""
    with pytest.raises(ConfigurationError, match="shared secret without an end"):
        sharing(keys=SharedSecrets.of(NEW))
    ending = sharing(keys=SharedSecrets.of(NEW, not_after=NOW))
    with pytest.raises(KeyUnknown):
        taken(made(NEW), ending)
    assert taken(made(NEW), ending, now=NOW - timedelta(milliseconds=1)) == "alice"


def test_t3_secret_is_not_the_text_of_a_key_of_ours() -> None:
    """A token signed with an asymmetric key and an HMAC name in its header verifies under no secret (T3)."""
    rules = sharing(NEW)
    _, payload, signature = signed(claims(), private=key()).split(".")
    header, *_ = made(NEW).split(".")
    keys = rules.keys
    assert isinstance(keys, SharedSecrets)
    with pytest.raises(SignatureRefused):
        verify_credential(parse_jws(f"{header}.{payload}.{signature}"), keys.keys, rules, now=NOW)
