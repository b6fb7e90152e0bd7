"""What a verifier promises: whom it believes, and what it never does."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

import pytest

from segue.errors import MigrationRefused, TokenRefused
from segue.migration.credential import BearerToken, Credential, OldCookies
from segue.migration.model import Identity

_HUGE: Final = 200_000
_GARBAGE: Final = (
    "",
    " ",
    "null",
    "{}",
    "a.b.c",
    "eyJhbGciOiJub25lIn0.e30.",
    "%00",
    "\x00",
    "\u202e",
    "=" * 40,
    "A" * 40,
    "../../../../etc/passwd",
    "' OR 1=1 --",
    "\N{SNOWMAN}" * 20,
    "\ud800",
    "9" * 5000,
    "[" * 5000,
    "A" * _HUGE,
)


class VerifierContract(ABC):
    """What a verifier promises, whatever its credentials are."""

    @abstractmethod
    def verify(self, credential: Credential) -> Identity:
        """Verify, as the migration does: `engine.verify_credential(credential)`, with whatever clock the tests have."""

    @abstractmethod
    def good(self, subject: str) -> Credential:
        """A credential of this user that holds, of a sign-in of his own: another one at each call."""

    @abstractmethod
    def forged(self) -> Credential:
        """As a good one, under a key or secret that is not the provider's, with this issuer's name."""

    @abstractmethod
    def of_another_client(self) -> Credential | None:
        """Real, given out to another application of the same provider (threat T1)."""

    @abstractmethod
    def of_another_kind(self) -> Credential | None:
        """Real, and for another purpose: a refresh token, a mail link, a machine's token (threat T2)."""

    @abstractmethod
    def of_another_tenant(self) -> Credential | None:
        """Real, of a tenant that is not served here (threat T23)."""

    @abstractmethod
    def impersonated(self) -> Credential | None:
        """Real, of somebody of the provider's staff who acts as the user."""

    @abstractmethod
    def too_old(self) -> Credential | None:
        """Real, issued longer ago than `maximum_age`."""

    @abstractmethod
    def over(self) -> Credential | None:
        """Real, past its own end."""

    @abstractmethod
    def signed_out(self) -> Credential | None:
        """Real, of a sign-in that the user has ended at the provider (threat T9)."""

    @abstractmethod
    def of_nobody(self) -> Credential | None:
        """Real, and nobody is signed in with it: a visitor's session."""

    def test_good(self) -> None:
        """A good credential speaks for its user, with times that are possible."""
        identity = self.verify(self.good("contract-alice"))
        assert identity.subject == "contract-alice"
        assert identity.authenticated_at <= identity.issued_at

    def test_same_credential_twice(self) -> None:
        """Verified twice, a credential says the same: nothing of it is used up by looking."""
        credential = self.good("contract-alice")
        first, second = self.verify(credential), self.verify(credential)
        assert _who(first) == _who(second)

    def test_two_people_are_two(self) -> None:
        """Nothing of one user's credential is left when another's is verified."""
        alice, bob = (self.good(name) for name in ("contract-alice", "contract-bob"))
        assert [self.verify(each).subject for each in (alice, bob, alice)] == [
            "contract-alice",
            "contract-bob",
            "contract-alice",
        ]

    def test_t6_forged(self) -> None:
        """Another key with this issuer's name proves nothing."""
        _require_refused(self.verify, self.forged())

    def test_t1_of_another_client(self) -> None:
        """What was given to another application is no credential here."""
        _require_refused(self.verify, self.of_another_client())

    def test_t2_of_another_kind(self) -> None:
        """What was made for another purpose is no sign-in."""
        _require_refused(self.verify, self.of_another_kind())

    def test_t23_of_another_tenant(self) -> None:
        """Nobody comes in from a tenant that is not served."""
        _require_refused(self.verify, self.of_another_tenant())

    def test_impersonated(self) -> None:
        """Who acts as the user is not the user."""
        _require_refused(self.verify, self.impersonated())

    def test_t10_too_old(self) -> None:
        """Age counts from when it was issued, whatever its own end is."""
        _require_refused(self.verify, self.too_old())

    def test_over(self) -> None:
        """What is over is over."""
        _require_refused(self.verify, self.over())

    def test_t9_signed_out(self) -> None:
        """A sign-in that was ended there does not come to life here."""
        _require_refused(self.verify, self.signed_out())

    def test_of_nobody(self) -> None:
        """A visitor's session makes nobody's."""
        _require_refused(self.verify, self.of_nobody())

    def test_t19_garbage(self) -> None:
        """Whatever a stranger sends is refused, and as such: it is no fault, and no reason to try again."""
        for text in _GARBAGE:
            for credential in _in_place_of(self.good("contract-alice"), partial(_other, text)):
                _require_refused(self.verify, credential)

    def test_truncated(self) -> None:
        """A credential of which a part is missing does not hold."""
        for cut in (_without_last_half, _without_first, _empty):
            for credential in _in_place_of(self.good("contract-alice"), cut):
                _require_refused(self.verify, credential)

    def test_changed(self) -> None:
        """A credential in which a letter was changed speaks for its user still, or for nobody."""
        credential = self.good("contract-alice")
        for place in range(0, 400, 7):
            for changed in _in_place_of(credential, partial(_changed, place)):
                try:
                    assert self.verify(changed).subject == "contract-alice"
                except (TokenRefused, MigrationRefused):
                    continue

    def test_of_the_other_form(self) -> None:
        """A bearer token is no cookie, and a cookie no bearer token."""
        credential = self.good("contract-alice")
        if isinstance(credential, OldCookies):
            others: list[Credential] = [BearerToken(text=value) for value in credential.values.values()]
        else:
            others = [OldCookies(values={"session": credential.text})]
        for other in others:
            _require_refused(self.verify, other)

    def test_t22_refusals_show_nothing(self) -> None:
        """No refusal repeats what was presented."""
        forged = self.forged()
        with pytest.raises((TokenRefused, MigrationRefused)) as refused:
            self.verify(forged)
        shown = f"{refused.value} {refused.value!r} {forged!r}"
        assert all(value not in shown for value in _texts(forged).values() if len(value) > 8)


def _who(identity: Identity) -> tuple[object, ...]:
    return (identity.issuer, identity.subject, identity.tenant_id, identity.provider_session_id)


def _require_refused(verify: Callable[[Credential], Identity], credential: Credential | None) -> None:
    if credential is None:
        pytest.skip("this provider has no such credential")
    try:
        verify(credential)
    except (TokenRefused, MigrationRefused):
        return
    pytest.fail("it was believed")


def _texts(credential: Credential) -> Mapping[str, str]:
    return {"": credential.text} if isinstance(credential, BearerToken) else credential.values


def _in_place_of(credential: Credential, change: Callable[[str], str]) -> list[Credential]:
    """The credential with each of its texts changed in turn."""
    if isinstance(credential, BearerToken):
        return [BearerToken(text=change(credential.text))]
    values = credential.values
    return [OldCookies(values={**values, name: change(value)}) for name, value in values.items()]


def _without_last_half(value: str) -> str:
    return value[: len(value) // 2]


def _without_first(value: str) -> str:
    return value[1:]


def _empty(_value: str) -> str:
    return ""


def _other(text: str, _value: str) -> str:
    return text


def _changed(place: int, value: str) -> str:
    at = place % max(len(value), 1)
    return value[:at] + ("A" if value[at : at + 1] != "A" else "B") + value[at + 1 :]
