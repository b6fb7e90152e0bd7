"""Our own four kinds hold the contract that ships for an application's own verifier."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from segue import BearerToken, Engine, Identity, OldSession
from segue.errors import ClaimsRefused, StateUnavailable
from segue.ids import TenantId
from segue.migration.contract import VerifierContract
from segue.migration.credential import Credential
from segue.migration.kinds import AnyProvider
from segue.stores.memory import MemoryStore
from tests.http.test_old_cookies import configured
from tests.migration.issuer import ABSENT, NOW, claims, provider, seconds, signed
from tests.migration.issuer import token as jwt
from tests.migration.old_shop import (
    DAY,
    HOUR,
    TOKEN,
    Introspector,
    Rows,
    cookie,
    cookies_of,
    opaque,
    own,
    own_token,
    own_verifier,
    shop,
)
from tests.support.clock import ManualClock

NUMBERS = itertools.count()
TENANTS: dict[str, Any] = {"tenant_claim": "org", "tenants": (("ours", TenantId("ours")),)}


def engine_of(made: AnyProvider, web: Any = None) -> Engine:
    """One deployment with this provider."""
    return Engine(configured(made), store=MemoryStore(), clock=ManualClock(NOW), web=web)


class TestJwt(VerifierContract):
    """JWTs under a published key."""

    engine = engine_of(provider(**TENANTS))

    def verify(self, credential: Credential) -> Identity:
        return self.engine.verify_credential(credential)

    def good(self, subject: str) -> Credential:
        return self.made(sub=subject, sid=f"s{next(NUMBERS)}")

    def made(self, **changes: Any) -> Credential:
        """A token with claims changed."""
        return BearerToken(text=jwt(**{"org": "ours", **changes}))

    def forged(self) -> Credential:
        other = ec.generate_private_key(ec.SECP256R1())
        return BearerToken(text=signed(claims(org="ours"), private=other))

    def of_another_client(self) -> Credential:
        return self.made(azp="another")

    def of_another_kind(self) -> Credential:
        return self.made(token_use="id")

    def of_another_tenant(self) -> Credential:
        return self.made(org="theirs")

    def impersonated(self) -> Credential:
        return self.made(act={"sub": "support"})

    def too_old(self) -> Credential:
        return self.made(iat=seconds(NOW - 2 * DAY), exp=seconds(NOW + DAY))

    def over(self) -> Credential:
        return self.made(exp=seconds(NOW - HOUR))

    def signed_out(self) -> None:
        return None

    def of_nobody(self) -> Credential:
        return self.made(sub=ABSENT)


class TestCookies(VerifierContract):
    """Signed cookies with rows."""

    rows = Rows()
    engine = engine_of(shop(rows, **TENANTS))

    def verify(self, credential: Credential) -> Identity:
        return self.engine.verify_credential(credential)

    def good(self, subject: str) -> Credential:
        return self.row(user=subject)

    def row(self, **content: Any) -> Credential:
        """A cookie and its row."""
        key = f"k{next(NUMBERS)}"
        made = Rows(**{key: {"org": "ours", "written_at": seconds(NOW - HOUR), **content}})
        self.rows.rows |= made.rows
        return cookies_of(cookie(row=key))

    def forged(self) -> Credential:
        return cookies_of(cookie(by=b"another", user="alice", org="ours", written_at=seconds(NOW - HOUR)))

    def of_another_client(self) -> None:
        return None

    def of_another_kind(self) -> Credential:
        return cookies_of(cookie(csrf="token"))

    def of_another_tenant(self) -> Credential:
        return self.row(user="alice", org="theirs")

    def impersonated(self) -> None:
        return None

    def too_old(self) -> Credential:
        return self.row(user="alice", written_at=seconds(NOW - 15 * DAY))

    def over(self) -> Credential:
        return self.row(user="alice", expires_at=seconds(NOW - HOUR))

    def signed_out(self) -> Credential:
        return cookies_of(cookie(row="gone"))

    def of_nobody(self) -> Credential:
        return self.row(cart="full")


class TestOpaque(VerifierContract):
    """Tokens that the provider is asked about."""

    introspector = Introspector()
    engine = engine_of(opaque(**TENANTS), introspector)

    def verify(self, credential: Credential) -> Identity:
        return self.engine.verify_credential(credential)

    def good(self, subject: str) -> Credential:
        return self.said(sub=subject)

    def said(self, **changes: Any) -> Credential:
        """A token of which the provider says this."""
        text = f"opaque-token-of-the-provider-{next(NUMBERS):04}"
        answer = {**self.introspector.answers[TOKEN], "org": "ours", **changes}
        self.introspector.answers[text] = {
            name: value for name, value in answer.items() if value is not ABSENT
        }
        return BearerToken(text=text)

    def forged(self) -> Credential:
        return BearerToken(text="a-token-that-was-never-given-out")

    def of_another_client(self) -> Credential:
        return self.said(client_id="another")

    def of_another_kind(self) -> Credential:
        return self.said(token_type="refresh_token")

    def of_another_tenant(self) -> Credential:
        return self.said(org="theirs")

    def impersonated(self) -> Credential:
        return self.said(act={"sub": "support"})

    def too_old(self) -> Credential:
        return self.said(iat=seconds(NOW - 2 * DAY))

    def over(self) -> Credential:
        return self.said(exp=seconds(NOW - HOUR))

    def signed_out(self) -> Credential:
        return self.said(active=False)

    def of_nobody(self) -> Credential:
        return self.said(sub=ABSENT)


class TestOwn(VerifierContract):
    """A verifier of the application's own."""

    engine = engine_of(own())

    def verify(self, credential: Credential) -> Identity:
        return self.engine.verify_credential(credential)

    def good(self, subject: str) -> Credential:
        return BearerToken(text=own_token(subject, f"s{next(NUMBERS)}"))

    def forged(self) -> Credential:
        return BearerToken(text=own_token(by=b"another"))

    def of_another_client(self) -> None:
        return None

    def of_another_kind(self) -> None:
        return None

    def of_another_tenant(self) -> None:
        return None

    def impersonated(self) -> None:
        return None

    def too_old(self) -> Credential:
        return BearerToken(text=own_token(at=NOW - 2 * DAY))

    def over(self) -> None:
        return None

    def signed_out(self) -> None:
        return None

    def of_nobody(self) -> Credential:
        return BearerToken(text=own_token(""))


# --- a contract that cannot fail would be none -----------------------------------------------------------------------


def broken(verify: Callable[[Credential], OldSession]) -> TestOwn:
    """The suite over a verifier with a mistake."""

    class Broken(TestOwn):
        engine = engine_of(own(verify=verify))

    return Broken()


def without_looking(credential: Credential) -> OldSession:
    """A verifier that decodes, and does not verify."""
    text = credential.text if isinstance(credential, BearerToken) else ""
    user, _, rest = text.partition(":")
    if not rest:
        raise ClaimsRefused("user")
    return OldSession(subject=user, session_id="s", written_at=NOW - HOUR)


def that_stumbles(credential: Credential) -> OldSession:
    """A verifier that raises what Python raises at a stranger's text."""
    text = credential.text if isinstance(credential, BearerToken) else ""
    int(text.split(":")[2])
    return own_verifier(credential)


def test_contract_finds_a_verifier_that_believes() -> None:
    """Decoding without verifying fails the suite."""
    with pytest.raises(pytest.fail.Exception, match="believed"):
        broken(without_looking).test_t6_forged()


def test_contract_finds_a_verifier_that_stumbles() -> None:
    """An exception of Python's at a stranger's text is not a refusal, and fails the suite."""
    with pytest.raises(StateUnavailable):
        broken(that_stumbles).test_t19_garbage()
