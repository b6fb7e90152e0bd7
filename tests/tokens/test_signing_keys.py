"""Our signing keys: which one signs, which ones verify, when the next is made, and how they are stored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from segue.errors import ConfigurationError
from segue.ids import PUBLIC_APP, AppId
from segue.tokens.algorithms import Algorithm
from segue.tokens.secrets import Secrets
from segue.tokens.signing_keys import (
    SIGNING_ALGORITHMS,
    KeyKind,
    KeyPlan,
    KeyPolicy,
    SigningKey,
    open_signing_key,
    plan_keys,
    seal_signing_key,
)
from tests.support.keys import make_signing_key

if TYPE_CHECKING:
    from collections.abc import Iterator

START = datetime(2026, 3, 1, tzinfo=UTC)
INTERVAL = timedelta(hours=10)
ACCESS = timedelta(hours=1)
POLICY = KeyPolicy(algorithm=Algorithm.ES256, update_interval=INTERVAL, access_lifetime=ACCESS)
MINUTE = timedelta(minutes=1)
ONE = make_signing_key(KeyKind.DYNAMIC, Algorithm.ES256, now=START, unique="")
STATIC = make_signing_key(KeyKind.STATIC, Algorithm.ES256, now=START, unique="s")
SECRETS = Secrets([b"the first deployment secret, long enough"])


def dynamic(created_at: datetime, *, algorithm: Algorithm = Algorithm.ES256) -> SigningKey:
    """A dynamic key made at an instant; which numbers it is made of does not matter here."""
    made = make_signing_key(KeyKind.DYNAMIC, algorithm, now=START, unique="")
    return replace(made, key_id=f"d-{created_at.timestamp():.0f}-{algorithm.value}", created_at=created_at)


def planned(*keys: SigningKey, after: timedelta = timedelta(0)) -> KeyPlan:
    """The plan some time after the start."""
    return plan_keys((*keys, STATIC), POLICY, now=START + after)


class TestPlan:
    """What stored keys mean at an instant."""

    def test_empty(self) -> None:
        """With no keys, one of each kind is due at once."""
        plan = plan_keys((), POLICY, now=START)
        assert set(plan.make) == {KeyKind.DYNAMIC, KeyKind.STATIC}
        assert (plan.dynamic, plan.static, plan.verifying) == (None, None, ())

    def test_one_key(self) -> None:
        """The only key signs from its first moment: nobody can have cached our keys before there were any."""
        plan = planned(ONE)
        assert (plan.dynamic, plan.static, plan.make) == (ONE, STATIC, ())
        assert plan.verifying == (ONE, STATIC)

    def test_next_is_made_before_it_is_needed(self) -> None:
        """The next key is due one overlap before the present one stops signing, not earlier."""
        due = INTERVAL - POLICY.overlap
        assert planned(ONE, after=due - timedelta(milliseconds=1)).make == ()
        assert planned(ONE, after=due).make == (KeyKind.DYNAMIC,)
        assert planned(ONE, after=due - MINUTE).next_change == START + due

    def test_next_signs_after_the_overlap(self) -> None:
        """A new key is published for one overlap before it signs; then it alone signs."""
        made = INTERVAL - POLICY.overlap
        two = dynamic(START + made)
        plan = planned(ONE, two, after=made)
        assert (plan.dynamic, plan.verifying, plan.make) == (ONE, (two, ONE, STATIC), ())
        assert plan.next_change == two.created_at + POLICY.overlap
        assert planned(ONE, two, after=made + POLICY.overlap).dynamic is two

    def test_late_key_signs_at_once(self) -> None:
        """If everybody slept until the old key's time was over, the new one does not wait."""
        two = dynamic(START + INTERVAL)
        assert planned(ONE, after=INTERVAL).dynamic is None
        assert planned(ONE, after=INTERVAL).make == (KeyKind.DYNAMIC,)
        assert planned(ONE, two, after=INTERVAL).dynamic is two

    def test_old_key_verifies_until_its_last_token_is_over(self) -> None:
        """A key verifies past the end of the last token that it signed, then it goes."""
        two = dynamic(START + INTERVAL)
        last_token = INTERVAL + ACCESS
        assert ONE in planned(ONE, two, after=last_token).verifying
        plan = planned(ONE, two, after=INTERVAL + 2 * ACCESS)
        assert ONE not in plan.verifying
        assert plan.outdated == (ONE.key_id,)

    def test_static_key_never_goes(self) -> None:
        """A static key signs and verifies for ever; of two, the older one signs."""
        younger = replace(STATIC, key_id="s-younger", created_at=START + INTERVAL)
        plan = planned(younger, after=1000 * INTERVAL)
        assert plan.static is STATIC
        assert {STATIC, younger} <= set(plan.verifying)
        assert KeyKind.STATIC not in plan.make

    def test_change_of_algorithm(self) -> None:
        """Keys of the former algorithm verify but sign no more, and new ones of both kinds are due."""
        policy = replace(POLICY, algorithm=Algorithm.EdDSA)
        plan = plan_keys((ONE, STATIC), policy, now=START + MINUTE)
        assert (plan.dynamic, plan.static) == (None, None)
        assert set(plan.make) == {KeyKind.DYNAMIC, KeyKind.STATIC}
        assert set(plan.verifying) == {ONE, STATIC}

    @pytest.mark.parametrize("order", [1, -1])
    def test_order_does_not_matter(self, order: int) -> None:
        """A store may return keys in any order."""
        keys = (ONE, dynamic(START + INTERVAL - POLICY.overlap), STATIC)[::order]
        now = START + INTERVAL
        assert plan_keys(keys, POLICY, now=now) == plan_keys(keys[::-1], POLICY, now=now)

    @pytest.mark.parametrize(
        "interval", [timedelta(minutes=5), timedelta(minutes=1), timedelta(hours=1), timedelta(days=7)]
    )
    def test_whole_life(self, interval: timedelta) -> None:
        """Whoever plans on time can always sign, with a key that caches of our keys have had time to learn."""
        policy = replace(POLICY, update_interval=interval)
        published = dict[str, datetime]()
        for plan, now in lived(policy, rounds=12):
            assert plan.dynamic is not None
            for key in plan.verifying:
                published.setdefault(key.key_id, now)
            if now > START + interval:
                assert now - published[plan.dynamic.key_id] >= policy.overlap
            assert plan.dynamic in plan.verifying
            assert now < plan.next_change


def lived(policy: KeyPolicy, *, rounds: int) -> Iterator[tuple[KeyPlan, datetime]]:
    """Plan whenever the plan says, make what is due, forget what is outdated."""
    keys, now = [STATIC], START
    for _ in range(rounds):
        plan = plan_keys(tuple(keys), policy, now=now)
        keys += [dynamic(now) for kind in plan.make if kind is KeyKind.DYNAMIC]
        keys = [key for key in keys if key.key_id not in plan.outdated]
        plan = plan_keys(tuple(keys), policy, now=now)
        yield plan, now
        now = plan.next_change


class TestMaking:
    """New keys and their stored form."""

    @pytest.mark.parametrize("algorithm", [Algorithm.ES256, Algorithm.EdDSA, Algorithm.RS256])
    @pytest.mark.parametrize("kind", KeyKind)
    def test_sealed_and_opened(self, algorithm: Algorithm, kind: KeyKind) -> None:
        """A key survives the store, whose copy shows nothing of the private half."""
        key = make_signing_key(kind, algorithm, now=START, unique="unique")
        stored = seal_signing_key(key, SECRETS, app_id=PUBLIC_APP, nonce=bytes(12))
        opened = open_signing_key(stored, SECRETS, app_id=PUBLIC_APP)
        assert opened.jwk() == key.jwk()
        assert (opened.key_id, opened.kind, opened.algorithm, opened.created_at) == (
            key.key_id,
            kind,
            algorithm,
            START,
        )
        assert b"PRIVATE" not in stored.sealed_private

    def test_key_ids(self) -> None:
        """The prefix tells the kind, by which other back ends know whether a key rotates."""
        assert ONE.key_id == f"d-{int(START.timestamp() * 1000)}"
        assert STATIC.key_id == "s-s"

    @pytest.mark.parametrize("algorithm", [known for known in Algorithm if known not in SIGNING_ALGORITHMS])
    def test_algorithms_that_we_do_not_sign_with(self, algorithm: Algorithm) -> None:
        """Every other algorithm is refused by name."""
        with pytest.raises(ConfigurationError, match=algorithm.name):
            make_signing_key(KeyKind.DYNAMIC, algorithm, now=START, unique="")

    def test_other_app(self) -> None:
        """A stored key opens for its own app alone."""
        stored = seal_signing_key(ONE, SECRETS, app_id=PUBLIC_APP, nonce=bytes(12))
        with pytest.raises(ConfigurationError):
            open_signing_key(stored, SECRETS, app_id=AppId("other"))

    def test_public_half_is_public(self) -> None:
        """What is published has no private member, and says what it is for."""
        for algorithm in SIGNING_ALGORITHMS:
            jwk = make_signing_key(KeyKind.STATIC, algorithm, now=START, unique="x").jwk()
            assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & set(jwk)
            assert (jwk["kid"], jwk["alg"], jwk["use"]) == ("s-x", algorithm.value, "sig")

    def test_repr_shows_no_key(self) -> None:
        """A log of a key names it only."""
        assert repr(ONE) == f"<SigningKey {ONE.key_id} ES256>"
