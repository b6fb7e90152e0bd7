"""From identity to user: computed, imported, found by e-mail, made just in time; one person is one user, always."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from segue.application import Application
from segue.errors import (
    AlreadyMigrated,
    ClaimsRefused,
    ConfigurationError,
    Contended,
    IdentityAmbiguous,
    MappingConflict,
    UserIdCollision,
    UserRefused,
    UserUnknown,
)
from segue.ids import PUBLIC_APP, TenantId, UserId
from segue.migration.mapping import FromClaim, ImportedTable, Prefixed, proposed_user_id
from segue.migration.mapping_flows import MAKING, map_user
from segue.migration.minting import MigrationResult
from segue.migration.model import IdentityLink, LinkOrigin, subject_digest
from tests.migration.issuer import ABSENT, ISSUER, NOW, provider, token, verified
from tests.migration.world import (
    LATER,
    STRANGER,
    World,
    interleave,
    issuance,
    request,
    revoking,
    run_with_fault,
)

MAIL = {"email": "ada@example.com", "email_verified": True}


def nobody(_address: str) -> tuple[str, ...]:
    """Stands in the configuration; the world's `Users` answers for it."""
    return ()


def make(_identity: object, proposed: UserId) -> str:
    """Likewise."""
    return proposed


def world(**table: Any) -> World:
    """A deployment whose users are imported."""
    return World(providers=(revoking(map_user=ImportedTable(**table)),))


def link(user_id: str | None, *, subject: str = "alice", issuer: str = ISSUER) -> IdentityLink:
    """A row of the table."""
    return IdentityLink(
        app_id=PUBLIC_APP,
        subject_digest=subject_digest(issuer, subject),
        provider="old",
        issuer=issuer,
        user_id=None if user_id is None else UserId(user_id),
        origin=LinkOrigin.IMPORTED,
        linked_at=NOW,
        busy_until=None if user_id else NOW + MAKING,
    )


# --- computed --------------------------------------------------------------------------------------------------------


def test_by_claim() -> None:
    """The text of a verified claim is the user id; a token without it is nobody's."""
    rules = World(providers=(provider(map_user=FromClaim("https://example.com/user_id")),))
    named = token(**{"https://example.com/user_id": "u-17"})
    assert rules.migrate(request(token=named)).user_id == "u-17"
    for wrong in (ABSENT, "", 17, ["u-17"]):
        with rules.nothing_written(), pytest.raises(UserUnknown):
            rules.migrate(
                request(token=token(**{"https://example.com/user_id": wrong, "sid": "2"})), number=2
            )


@pytest.mark.parametrize("name", ["email", "preferred_username", "phone_number", ""], ids=repr)
def test_t7_unstable_claims_map_nobody(name: str) -> None:
    """An address or a name is handed on to other people: no user id is read from it (T7)."""
    with pytest.raises(ConfigurationError):
        FromClaim(name)


def test_prefix() -> None:
    """A prefix keeps two providers' subjects apart."""
    assert World(providers=(provider(map_user=Prefixed("old|")),)).migrate().user_id == "old|alice"


def test_a_computed_id_that_is_somebody_elses() -> None:
    """A subject that is another person's user id in the table is a collision, and his own is not."""
    other = provider(name="other", issuers=("https://other.example",), map_user=ImportedTable())
    shared = World(providers=(provider(), other))
    shared.store.link_identity(link("alice", subject="42", issuer="https://other.example"))
    with shared.nothing_written(), pytest.raises(UserIdCollision):
        shared.migrate()
    shared.store.link_identity(link("alice"))
    assert shared.migrate().user_id == "alice"


# --- imported --------------------------------------------------------------------------------------------------------


def test_imported() -> None:
    """Who is in the table is the user that it names; who is not is refused, whatever his token says."""
    imported = world()
    with imported.nothing_written(), pytest.raises(UserUnknown):
        imported.migrate(request(token=token(**MAIL)))
    imported.store.link_identity(link("u-17"))
    assert imported.migrate().user_id == "u-17"


def test_t6_imported_for_another_issuer() -> None:
    """The same subject of another issuer is another person (T6)."""
    imported = world()
    imported.store.link_identity(link("u-17", issuer="https://other.example"))
    with imported.nothing_written(), pytest.raises(UserUnknown):
        imported.migrate()


# --- by e-mail -------------------------------------------------------------------------------------------------------


def test_by_verified_email_once() -> None:
    """A verified address finds the user, once: afterwards the person counts, whoever has the address by then."""
    opened = world(find_by_email=nobody)
    opened.users.by_email["ada@example.com"] = UserId("u-17")
    assert opened.migrate(request(token=token(**MAIL))).user_id == "u-17"
    opened.users.by_email["ada@example.com"] = UserId("u-18")
    assert opened.migrate(request(token=token(**MAIL, sid="2")), number=2).user_id == "u-17"
    stranger = token(**MAIL, sub="mallory", sid="3")
    assert opened.migrate(request(token=stranger), number=3).user_id == "u-18"


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "ada@example.com"},
        {"email": "ada@example.com", "email_verified": False},
        {"email": "ada@example.com", "email_verified": "true"},
        {"email": "ada@example.com", "email_verified": 1},
        {"email": ["ada@example.com"], "email_verified": True},
        {"email_verified": True},
    ],
    ids=repr,
)
@pytest.mark.parametrize("opened", [True, False], ids=["opened", "not opened"])
def test_t7_takeover_by_email(claims: dict[str, Any], *, opened: bool) -> None:
    """An address that the provider has not clearly verified is nobody's, and without opt-in none is (T7)."""
    made = world(find_by_email=nobody if opened else None)
    made.users.by_email["ada@example.com"] = UserId("u-17")
    said = claims if opened else MAIL
    with made.nothing_written(), pytest.raises(UserUnknown):
        made.migrate(request(token=token(**said)))


def test_address_of_several_users() -> None:
    """Two users with one address are nobody in particular."""
    table = ImportedTable(find_by_email=lambda _address: ("u-17", "u-18", "u-17"))
    application = Application((provider(map_user=table),), None)
    with pytest.raises(IdentityAmbiguous):
        application.find_by_email(verified(token()), "ada@example.com")


# --- just in time ----------------------------------------------------------------------------------------------------


def test_created_just_in_time() -> None:
    """The first sign-in of somebody unknown makes a user, the next one finds him."""
    opened = world(create=make)
    first = opened.migrate()
    assert opened.users.created == [("alice", proposed_user_id(verified(token())))]
    assert opened.migrate(request(token=token(sid="2")), number=2).user_id == first.user_id
    assert len(opened.users.created) == 1


def test_replay_makes_no_user_again() -> None:
    """Neither the client's own retry nor a stranger's replay calls the hook again."""
    opened = world(create=make)
    opened.migrate()
    assert opened.migrate(number=2, by=issuance(now=LATER)).result is MigrationResult.REPEATED
    with pytest.raises(AlreadyMigrated):
        opened.migrate(request(client_key=STRANGER), number=3)
    assert len(opened.users.created) == 1


@pytest.mark.parametrize("order", sorted(set(permutations("AAAABBBB"))), ids="".join)
def test_t15_user_made_once_under_a_race(order: tuple[str, ...]) -> None:
    """However two sign-ins of a new user interleave, the hook runs once; the other one is told to try again (T15)."""
    opened = world(create=make)
    flows: Any = {
        "A": opened.flow(request(), number=1),
        "B": opened.flow(request(token=token(sid="2"), client_key=STRANGER), number=2),
    }
    ends = interleave(flows, (*order, *"AAABBB"), opened.perform)
    assert len(opened.users.created) == 1
    users = {end.user_id for end in ends.values() if not isinstance(end, str)}
    assert {end for end in ends.values() if isinstance(end, str)} <= {Contended.code}
    again = opened.migrate(request(token=token(sid="3")), number=3)
    assert users == {again.user_id} == {opened.users.created[0][1]}


@pytest.mark.parametrize(
    "at", range(7), ids=["find_claim", "find", "reserve", "create", "owners", "link", "claim"]
)
@pytest.mark.parametrize("done", [True, False], ids=["after", "before"])
@pytest.mark.parametrize("stopped", [True, False], ids=["stopped", "raises"])
def test_t26_making_a_user_fails(at: int, *, done: bool, stopped: bool) -> None:
    """Whatever fails wherever, a later retry has one user and one session; the hook sees one and the same id (T26)."""
    opened = world(create=make)
    run_with_fault(opened.flow(request()), opened.perform, at=at, done=done, stopped=stopped)
    later = issuance(now=NOW + MAKING)
    migrated = opened.migrate(number=2, by=later)
    assert len(set(opened.users.created)) == 1
    assert migrated.user_id == opened.users.created[0][1]
    assert len(opened.sessions()) == 1


def test_reservation_of_somebody_who_died() -> None:
    """While a reservation stands the answer is "try again"; when it is over the next caller makes the user."""
    opened = world(create=make)
    opened.store.reserve_identity(link(None))
    with opened.nothing_written(), pytest.raises(Contended):
        opened.migrate()
    assert opened.migrate(by=issuance(now=NOW + MAKING)).result is MigrationResult.MIGRATED


def test_hook_that_was_too_slow() -> None:
    """A hook that outlives its reservation while somebody else was written down loses, with a code."""
    opened = world(create=make)

    def slow(_identity: object, _proposed: UserId) -> str:
        opened.store.link_identity(link("u-17"))
        return "u-18"

    opened.users.make = slow
    with opened.nothing_written(), pytest.raises(MappingConflict):
        opened.migrate()
    assert opened.migrate(number=2).user_id == "u-17"


def test_hook_that_returns_another_persons_user() -> None:
    """A hook may not make two people of one issuer one user."""
    opened = world(create=make)
    opened.store.link_identity(link("u-17", subject="bob"))
    opened.users.make = lambda _identity, _proposed: "u-17"
    with opened.nothing_written(), pytest.raises(UserIdCollision):
        opened.migrate()


@pytest.mark.parametrize("answer", [None, "", 7, "u" * 129], ids=repr)
def test_hook_without_a_user(answer: object) -> None:
    """A hook that answers no user id refuses the migration, and the person stays unknown."""
    opened = world(create=make)
    opened.users.make = lambda _identity, _proposed: answer
    with opened.nothing_written(), pytest.raises(UserRefused):
        opened.migrate()
    known = opened.store.find_identity(PUBLIC_APP, subject_digest(ISSUER, "alice"))
    assert known is not None
    assert known.user_id is None


# --- tenants ---------------------------------------------------------------------------------------------------------


def test_t23_tenant_from_a_verified_claim() -> None:
    """The tenant is what the verified token says, in our words; the caller cannot choose another (T23)."""
    tenants = (("org_1", TenantId("acme")),)
    rules = World(providers=(provider(tenant_claim="org_id", tenants=tenants),))
    migrated = rules.migrate(request(token=token(org_id="org_1")))
    assert rules.session(migrated.handle).tenant_id == "acme"
    plain = World(providers=(provider(tenant_claim="org_id"),))
    assert plain.migrate(request(token=token(org_id="blue"))).identity.tenant_id == "blue"


@pytest.mark.parametrize("said", [ABSENT, "", "org_2", 7, ["org_1"], "Acme", "a/b"], ids=repr)
@pytest.mark.parametrize("tenants", [(("org_1", TenantId("acme")),), ()], ids=["listed", "as it is"])
def test_t23_tenant_that_nobody_named(said: object, tenants: tuple[tuple[str, TenantId], ...]) -> None:
    """A token without a tenant, or with one that is not ours, is refused (T23)."""
    rules = World(providers=(provider(tenant_claim="org_id", tenants=tenants),))
    with rules.nothing_written(), pytest.raises(ClaimsRefused, match="org_id"):
        rules.migrate(request(token=token(org_id=said)))


@pytest.mark.parametrize(
    "changes",
    [
        {"tenants": (("org_1", TenantId("acme")),)},
        {"tenant_claim": "org_id", "tenant_id": TenantId("acme")},
        {"carried_claims": frozenset({"st-mfa"})},
        {"carried_claims": frozenset({"plan", "st-role"})},
        {"carried_claims": frozenset({"amr"})},
        {"carried_claims": frozenset({"acr"})},
        {"carried_claims": frozenset({"auth_time"})},
    ],
    ids=[
        "values without a claim",
        "two tenants",
        "factors",
        "roles",
        "methods carried",
        "strength carried",
        "time of sign-in carried",
    ],
)
def test_t17_configuration_that_would_say_too_much(changes: dict[str, Any]) -> None:
    """Two sources of tenants, or claims by which a token could raise its own assurance, are refused (T17, T24)."""
    with pytest.raises(ConfigurationError):
        provider(**changes)


def test_hooks_are_the_tables() -> None:
    """The application's functions are called with what they were promised."""
    seen: list[object] = []

    def create(identity: object, proposed: UserId) -> str:
        seen.append((identity, proposed))
        return "u-1"

    table = ImportedTable(find_by_email=lambda address: (address,), create=create)
    application, alice = Application((provider(map_user=table),), None), verified(token())
    assert application.find_by_email(alice, "ada@example.com") == "ada@example.com"
    assert application.create_user(alice, proposed_user_id(alice)) == "u-1"
    assert seen == [(alice, proposed_user_id(alice))]


def test_rehearsal_makes_nobody() -> None:
    """A mapping that is only rehearsed calls no hook that makes users, and writes nothing into the table."""
    opened = world(create=make, find_by_email=nobody)
    opened.users.by_email["ada@example.com"] = UserId("u-17")
    (rules,) = opened.providers
    for said, expected in ((MAIL, "u-17"), ({}, proposed_user_id(verified(token())))):
        identity = verified(token(**said))
        mapping = map_user(identity, rules, app_id=PUBLIC_APP, now=NOW, shared=False, rehearsing=True)
        assert opened.drive(mapping) == expected
    assert not opened.users.created
    assert opened.store.find_identity(PUBLIC_APP, subject_digest(ISSUER, "alice")) is None
