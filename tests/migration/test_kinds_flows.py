"""Every kind of credential through the same migration: once, whoever comes how often, and whatever fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import pytest
from msgspec.structs import replace

from segue import BearerToken, OldCookies, OncePer
from segue.errors import (
    AlreadyMigrated,
    ClaimsRefused,
    ConfigurationError,
    MigrationClosed,
    MigrationRefused,
    NotYet,
    RequestRefused,
    SignatureRefused,
    SignInRevoked,
    StateUnavailable,
    TokenExpired,
    TokenRefused,
    Unavailable,
)
from segue.ids import TenantId
from segue.migration.credential import Credential
from segue.migration.flows import Migrated
from segue.migration.minting import MigrationResult
from segue.migration.rollout import Mode, Rollout
from tests.migration.issuer import NOW
from tests.migration.old_shop import (
    DAY,
    HOUR,
    MINUTE,
    TOKEN,
    Introspector,
    Rows,
    Shop,
    cookie,
    cookies_of,
    opaque,
    own,
    own_token,
    seconds,
    shop,
)
from tests.migration.world import CLIENT, LATER, STRANGER, interleave, issuance, request, run_with_fault

SIGNED: dict[str, Any] = {"user": "alice", "written_at": seconds(NOW - HOUR)}
BOB: dict[str, Any] = {**SIGNED, "user": "bob"}


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of credential."""

    make: Callable[[], Shop]
    credential: Credential
    other: Credential
    """Of another person."""
    user: str
    asks: tuple[str, ...]
    """What is asked before the claim."""


def _rows() -> Rows:
    return Rows(k1={"user": "alice", "authenticated_at": seconds(NOW - DAY)}, k2={"user": "bob"})


def _introspector() -> Introspector:
    asked = Introspector()
    asked.answers["tGzv3JOkF0XG5Qx2TlKWIA"] = {**asked.answers[TOKEN], "sub": "bob"}
    return asked


KINDS = {
    "signed cookie": Kind(
        make=lambda: Shop(providers=(shop(),)),
        credential=cookies_of(cookie(**SIGNED)),
        other=cookies_of(cookie(**BOB)),
        user="shop|alice",
        asks=("find_claim", "check_user"),
    ),
    "row": Kind(
        make=lambda: Shop(providers=(shop(_rows()),)),
        credential=cookies_of(cookie(row="k1")),
        other=cookies_of(cookie(row="k2")),
        user="shop|alice",
        asks=("find_session", "find_claim", "check_user"),
    ),
    "opaque token": Kind(
        make=lambda: Shop(providers=(opaque(),), introspector=_introspector()),
        credential=BearerToken(text=TOKEN),
        other=BearerToken(text="tGzv3JOkF0XG5Qx2TlKWIA"),
        user="opaque|alice",
        asks=("exchange", "find_claim"),
    ),
    "verifier of your own": Kind(
        make=lambda: Shop(providers=(own(),)),
        credential=BearerToken(text=own_token()),
        other=BearerToken(text=own_token("bob", "s2")),
        user="own|alice",
        asks=("verify_credential", "find_claim"),
    ),
}
each_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


@each_kind
def test_migration(kind: Kind) -> None:
    """A credential becomes a session of its user, and is asked about no more than it needs."""
    world = kind.make()
    migrated = world.migrate(request(credential=kind.credential))
    assert (migrated.result, migrated.user_id) == (MigrationResult.MIGRATED, kind.user)
    assert world.asked == [*kind.asks, "claim_and_create"]
    session = world.session(migrated.handle)
    assert session.provenance is not None
    assert session.provenance.issuer == world.providers[0].issuers[0]


@each_kind
def test_once(kind: Kind) -> None:
    """The same client gets the same session again, a stranger a refusal, and another person a session (T8, T15)."""
    world = kind.make()
    first = world.migrate(request(credential=kind.credential))
    again = world.migrate(request(credential=kind.credential), number=2)
    assert (again.result, again.handle) == (MigrationResult.REPEATED, first.handle)
    for key in (STRANGER, None):
        with pytest.raises(AlreadyMigrated):
            world.migrate(request(credential=kind.credential, client_key=key), number=3)
    assert world.migrate(request(credential=kind.other), number=4).handle != first.handle


@each_kind
@pytest.mark.parametrize("keys", [(CLIENT, CLIENT), (CLIENT, STRANGER)], ids=["one client", "two clients"])
def test_t15_two_at_once(kind: Kind, keys: tuple[Any, Any]) -> None:
    """However two calls interleave, there is one session; its client may have it twice, nobody else (T15)."""
    steps = len(kind.asks) + 2
    orders = sorted(set(permutations("A" * steps + "B" * steps))) if steps < 4 else _some_orders(steps)
    for order in orders:
        world = kind.make()
        flows = {
            name: world.flow(request(credential=kind.credential, client_key=key), number=number)
            for number, (name, key) in enumerate(zip("AB", keys, strict=True), 1)
        }
        ends = interleave(flows, order, world.perform)
        results = sorted(end.result.value if isinstance(end, Migrated) else end for end in ends.values())
        assert results == (
            ["MIGRATED", "REPEATED"] if keys[0] == keys[1] else ["ALREADY_MIGRATED", "MIGRATED"]
        )
        assert world.all_sessions == 1


def _some_orders(steps: int) -> list[tuple[str, ...]]:
    """B runs whole between two steps of A, or they go in turns."""
    whole = ["A" * cut + "B" * steps + "A" * steps for cut in range(steps)]
    return [tuple(order) for order in [*whole, "AB" * steps, "BA" * steps]]


@each_kind
@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("stopped", [False, True], ids=["raises", "stopped"])
def test_t26_every_step_failing(kind: Kind, done: bool, stopped: bool) -> None:
    """Whatever fails wherever, nobody is let in on it, and the same client's retry has the session (T26)."""
    for at in range(len(kind.asks) + 1):
        world = kind.make()
        flow = world.flow(request(credential=kind.credential))
        error = run_with_fault(flow, world.perform, at=at, done=done, stopped=stopped)
        assert error is None if stopped else isinstance(error, Unavailable)
        committed = at == len(kind.asks) and done
        assert world.all_sessions == int(committed)
        again = world.migrate(request(credential=kind.credential), number=2, by=issuance(now=LATER))
        assert again.result is (MigrationResult.REPEATED if committed else MigrationResult.MIGRATED)
        assert world.all_sessions == 1


@each_kind
def test_rehearsal_and_share(kind: Kind) -> None:
    """In shadow and outside of the share nothing is written, and the share is stable by person."""
    world = kind.make()
    (provider,) = world.providers
    for rollout in (Rollout(mode=Mode.SHADOW), Rollout(mode=Mode.ON, share=0), Rollout(mode=Mode.OFF)):
        world.providers = (replace(provider, rollout=rollout),)
        with pytest.raises(NotYet):
            world.migrate(request(credential=kind.credential))
        assert world.all_sessions == 0
    world.providers = (replace(provider, deadline=NOW),)
    with pytest.raises(MigrationClosed):
        world.migrate(request(credential=kind.credential))


@each_kind
def test_t23_path_of_another_tenant(kind: Kind) -> None:
    """The path cannot choose a tenant, whatever the credential is (T23)."""
    with pytest.raises(RequestRefused, match="tenant"):
        kind.make().migrate(request(credential=kind.credential, tenant_id=TenantId("other")))


@each_kind
def test_t22_nothing_shows_the_credential(kind: Kind) -> None:
    """No text form of request or result holds a credential, and the outbox holds it sealed (T22)."""
    world = kind.make()
    made = request(credential=kind.credential)
    migrated = world.migrate(made)
    texts = (
        [kind.credential.text]
        if isinstance(kind.credential, BearerToken)
        else list(kind.credential.values.values())
    )
    shown = f"{made!r} {migrated!r} {kind.credential!r} {world.deliveries()!r}"
    assert all(text not in shown for text in texts)
    assert all(text.encode() not in each.sealed for each in world.deliveries() for text in texts)


# --- cookies ---------------------------------------------------------------------------------------------------------


def test_row_is_ended_after_the_first_use() -> None:
    """The row stays until the new session is used: a retry whose answer was lost has to prove itself by it."""
    rows = _rows()
    world = Shop(providers=(shop(rows),))
    migrated = world.migrate(request(credential=cookies_of(cookie(row="k1"))))
    (delivery,) = world.deliveries()
    assert (delivery.held, delivery.handle) == (True, migrated.handle)


def test_signed_out_there() -> None:
    """A cookie whose row is gone is refused for good; while the store does not answer, for the moment (T9)."""
    rows = _rows()
    world = Shop(providers=(shop(rows),))
    rows.down = True
    with pytest.raises(StateUnavailable) as refused:
        world.migrate(request(credential=cookies_of(cookie(row="k1"))))
    assert "canary-text" not in str(refused.value)
    rows.down = False
    rows.end("k1")
    with pytest.raises(SignInRevoked):
        world.migrate(request(credential=cookies_of(cookie(row="k1"))))


RENEWED = cookies_of(cookie(user="alice", written_at=seconds(NOW - MINUTE)))


def test_t8_renewed_cookie() -> None:
    """A cookie that is written anew at every visit buys one session for its user (T8, T9, T10)."""
    world = Shop(providers=(shop(),))
    first = world.migrate(request(credential=KINDS["signed cookie"].credential))
    with pytest.raises(AlreadyMigrated):
        world.migrate(request(credential=RENEWED, client_key=STRANGER), number=2)
    again = world.migrate(request(credential=RENEWED), number=3)
    assert again.handle == first.handle


def test_renewed_cookie_where_each_counts() -> None:
    """By name that can be given up: then every cookie buys one, and the same content is the same cookie."""
    world = Shop(providers=(shop(once_per=OncePer.CREDENTIAL),))
    world.migrate(request(credential=KINDS["signed cookie"].credential))
    assert world.migrate(request(credential=RENEWED), number=2).result is MigrationResult.MIGRATED
    assert world.all_sessions == 2


@pytest.mark.parametrize("once_per", OncePer, ids=lambda once: once.value)
def test_t8_one_cookie_in_other_spellings(once_per: OncePer) -> None:
    """Padding, chunks and the order of members are not signed or mean nothing: they make no second cookie (T8)."""
    content: dict[str, Any] = {**SIGNED, "cart": "a"}
    turned: dict[str, Any] = dict(reversed(content.items()))
    whole = cookie(**content)
    payload, _, mac = whole.partition("|")
    assert payload.endswith("=")
    spellings = [
        cookies_of(f"{payload.rstrip('=')}|{mac}"),
        OldCookies(values={"shop.0": whole[:20], "shop.1": whole[20:]}),
        cookies_of(cookie(**turned)),
    ]
    world = Shop(providers=(shop(once_per=once_per),))
    world.migrate(request(credential=cookies_of(whole)))
    for spelling in spellings:
        with pytest.raises(AlreadyMigrated):
            world.migrate(request(credential=spelling, client_key=STRANGER), number=2)
    assert world.all_sessions == 1


def test_two_sign_ins_with_times() -> None:
    """Where a cookie says when the user signed in, two devices have a session each, and a renewed cookie has none."""
    world = Shop(providers=(shop(),))
    for number, ago in enumerate((HOUR, DAY), 1):
        signed_in = seconds(NOW - ago)
        made = cookies_of(cookie(user="alice", written_at=seconds(NOW - MINUTE), authenticated_at=signed_in))
        world.migrate(request(credential=made), number=number)
        renewed = cookies_of(cookie(user="alice", written_at=seconds(NOW), authenticated_at=signed_in))
        with pytest.raises(AlreadyMigrated):
            world.migrate(request(credential=renewed, client_key=STRANGER), number=9)
    assert world.all_sessions == 2


def test_t6_forged_cookie() -> None:
    """A cookie under another secret is refused, and no other provider is tried (T6)."""
    world = Shop(providers=(shop(), own()))
    with pytest.raises(SignatureRefused):
        world.migrate(request(credential=cookies_of(cookie(by=b"another secret", **SIGNED))))
    assert not world.asked


# --- opaque tokens ---------------------------------------------------------------------------------------------------


def test_t1_token_of_another_client() -> None:
    """A token that is active for another client of the provider is no credential here (T1)."""
    world = Shop(providers=(opaque(),), introspector=Introspector(client_id="another"))
    with pytest.raises(ClaimsRefused, match="client_id"):
        world.migrate(request(credential=BearerToken(text=TOKEN)))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503])
def test_introspection_that_says_nothing(status: int) -> None:
    """An error is neither yes nor no: nobody is let in, and a retry may help (T12)."""
    world = Shop(providers=(opaque(),))
    world.introspector.status = status
    with pytest.raises(StateUnavailable):
        world.migrate(request(credential=BearerToken(text=TOKEN)))
    world.introspector.status = 200
    assert world.migrate(request(credential=BearerToken(text=TOKEN))).result is MigrationResult.MIGRATED


def test_no_answer_is_remembered() -> None:
    """Each presentation is asked about: who was let in a moment ago is not let in by that (RFC 7662 §4)."""
    world = Shop(providers=(opaque(),))
    world.migrate(request(credential=BearerToken(text=TOKEN)))
    world.introspector.answers[TOKEN] = {"active": False}
    with pytest.raises(SignInRevoked):
        world.migrate(request(credential=BearerToken(text=TOKEN)), number=2)


@pytest.mark.parametrize(
    "text", ["short", "x" * 8193, "a token of spaces", "tökentökentökentöken", "a" * 20 + "\x7f"]
)
def test_t18_what_is_no_token_is_not_asked_about(text: str) -> None:
    """Form and length are looked at before anybody is asked (T18)."""
    world = Shop(providers=(opaque(),))
    with pytest.raises(TokenRefused):
        world.migrate(request(credential=BearerToken(text=text)))
    assert not world.introspector.seen


def test_t8_one_token_in_other_spellings() -> None:
    """A provider that compares without case or takes padding makes no second token of one (T8)."""
    asked = Introspector()
    spellings = (TOKEN.upper(), TOKEN + "==", TOKEN.swapcase())
    asked.answers |= dict.fromkeys(spellings, asked.answers[TOKEN])
    world = Shop(providers=(opaque(),), introspector=asked)
    world.migrate(request(credential=BearerToken(text=TOKEN)))
    for spelling in spellings:
        with pytest.raises(AlreadyMigrated):
            world.migrate(request(credential=BearerToken(text=spelling), client_key=STRANGER), number=2)


# --- a verifier of the application's own -----------------------------------------------------------------------------


def test_policy_holds_for_your_own_verifier() -> None:
    """What an own verifier returns is held to age, cut-off and time like anything else."""
    old = BearerToken(text=own_token(at=NOW - 2 * DAY))
    with pytest.raises(TokenExpired):
        Shop(providers=(own(),)).migrate(request(credential=old))
    with pytest.raises(ClaimsRefused, match="iat"):
        Shop(providers=(own(issued_before=NOW - DAY),)).migrate(
            request(credential=BearerToken(text=own_token()))
        )
    with pytest.raises(MigrationRefused):
        Shop(providers=(own(sign_ins_since=NOW),)).migrate(request(credential=BearerToken(text=own_token())))


@pytest.mark.parametrize("answer", [None, True, "alice", {"subject": "alice"}])
def test_verifier_that_returns_no_session(answer: object) -> None:
    """An answer that is no proof lets nobody in (T24)."""

    def verify(_credential: Credential) -> object:
        return answer

    world = Shop(providers=(own(verify=verify),))
    with pytest.raises(ConfigurationError, match="OldSession"):
        world.migrate(request(credential=BearerToken(text=own_token())))
    assert world.all_sessions == 0
