"""Deployment secrets: what is refused, what is derived, and what opens what."""

from __future__ import annotations

import pytest

from segue.errors import ConfigurationError
from segue.ids import PUBLIC_APP, AppId
from segue.tokens.secrets import MINIMUM_LENGTH, Secret, Secrets

FIRST = b"the first deployment secret, long enough"
SECOND = b"the second deployment secret, long enough"
NONCE = bytes(12)


@pytest.mark.parametrize("material", [b"", b"short", b"x" * 64, b"abcdefg" * 10, bytes(MINIMUM_LENGTH)])
def test_secret_that_cannot_be_safe(material: bytes) -> None:
    """A secret that is short or of few different bytes is refused, with the way to make a good one."""
    with pytest.raises(ConfigurationError, match="token_urlsafe") as caught:
        Secret(material)
    assert not material or material.decode() not in str(caught.value)


def test_none_at_all() -> None:
    """Without a secret nothing can be made."""
    with pytest.raises(ConfigurationError):
        Secrets([])


def test_keys_differ_by_purpose_app_and_secret() -> None:
    """No two purposes, apps or secrets share a key, also where their names run into one another."""
    one, two, app = Secret(FIRST), Secret(SECOND), AppId("other")
    keys = {
        one.derive("a", PUBLIC_APP),
        one.derive("b", PUBLIC_APP),
        one.derive("a", app),
        two.derive("a", PUBLIC_APP),
        one.derive("a\x00b", AppId("c")),
        one.derive("a", AppId("bc")),
    }
    assert len(keys) == 6
    assert all(len(key) == 32 for key in keys)
    assert one.derive("a", PUBLIC_APP) == Secret(FIRST).derive("a", PUBLIC_APP)


def test_known_by_id() -> None:
    """Every configured secret is found by its id, the first is the primary, and a foreign id finds nothing."""
    secrets = Secrets([FIRST, SECOND])
    assert secrets.primary.id == Secret(FIRST).id
    assert [secret.id for one in (FIRST, SECOND) if (secret := secrets.find(Secret(one).id))] == [
        Secret(FIRST).id,
        Secret(SECOND).id,
    ]
    assert Secrets([FIRST]).find(Secret(SECOND).id) is None


def test_sealed_opens_for_its_purpose_and_app_alone() -> None:
    """What was sealed opens again, and for nothing else."""
    secrets = Secrets([FIRST])
    sealed = secrets.seal(b"plain", purpose="signing key", app_id=PUBLIC_APP, nonce=NONCE)
    assert b"plain" not in sealed
    assert secrets.open(sealed, purpose="signing key", app_id=PUBLIC_APP) == b"plain"
    for purpose, app_id in (("other", PUBLIC_APP), ("signing key", AppId("other"))):
        with pytest.raises(ConfigurationError):
            secrets.open(sealed, purpose=purpose, app_id=app_id)


def test_change_of_secret() -> None:
    """After a change, the former secret still opens what it sealed; once dropped, the error names it by its id."""
    sealed = Secrets([FIRST]).seal(b"plain", purpose="p", app_id=PUBLIC_APP, nonce=NONCE)
    assert Secrets([SECOND, FIRST]).open(sealed, purpose="p", app_id=PUBLIC_APP) == b"plain"
    with pytest.raises(ConfigurationError, match=Secret(FIRST).id.hex()):
        Secrets([SECOND]).open(sealed, purpose="p", app_id=PUBLIC_APP)


def test_changed_in_the_database() -> None:
    """Any changed or missing byte of what was sealed is noticed."""
    secrets = Secrets([FIRST])
    sealed = secrets.seal(b"plain", purpose="p", app_id=PUBLIC_APP, nonce=NONCE)
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        for text in (bytes(changed), sealed[:place]):
            with pytest.raises(ConfigurationError):
                secrets.open(text, purpose="p", app_id=PUBLIC_APP)


def test_nonce_of_another_length() -> None:
    """A nonce has twelve bytes."""
    with pytest.raises(ValueError, match="12 bytes"):
        Secrets([FIRST]).seal(b"plain", purpose="p", app_id=PUBLIC_APP, nonce=bytes(8))


def test_repr_shows_no_secret() -> None:
    """A log of secrets names them by their ids."""
    for shown in (repr(Secret(FIRST)), repr(Secrets([FIRST, SECOND]))):
        assert "deployment secret" not in shown
        assert Secret(FIRST).id.hex() in shown
