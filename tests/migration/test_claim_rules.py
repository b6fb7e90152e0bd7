"""What one provider's tokens in particular must and must not say: each rule refuses, and fails closed."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from segue.errors import ClaimsRefused, ConfigurationError, TokenExpired, TokenNotActive
from segue.flow import drive, performer
from segue.migration.binding import ANY_AUDIENCE, ANY_PARTY
from segue.migration.claim_rules import (
    EACH,
    ClaimRules,
    ClockUnit,
    Form,
    IssuerClaim,
    IssuerTie,
    Moments,
    OneOf,
    RefuseIf,
    Required,
    SubjectRule,
    TimeClaims,
    Unwanted,
    WithoutExp,
)
from segue.migration.credential import BearerToken
from segue.migration.key_sources import LiveKeys
from segue.migration.kinds import require_distinct
from segue.migration.model import Identity
from segue.migration.once import absolute_end, claim_id_of
from segue.migration.provider import Provider
from segue.migration.rule_words import rules_in_words
from segue.migration.verifying import Migration, Verified, verify
from tests.migration.issuer import (
    ABSENT,
    ISSUER,
    NOW,
    PAGE,
    claims,
    provider,
    seconds,
    signed,
    token,
    verified,
)

NESTED = ("https://old.example/session", "id")
MACHINE = Unwanted.MACHINE


def ruled(**changes: Any) -> Provider:
    """The provider with rules of its own."""
    return provider(rules=ClaimRules(**changes))


FORMS: dict[Form, tuple[list[object], list[object]]] = {
    Form.ANY: ([0, "", [], False], [None]),
    Form.TEXT: (["x"], ["", 7, ["x"], None]),
    Form.NUMBER: ([7, 7.5], [True, "7", None]),
    Form.LIST: ([[], ["x"]], ["x", {}, None]),
    Form.OBJECT: ([{}], [[], "x", None]),
}


@pytest.mark.parametrize("form", Form)
def test_required_claim(form: Form) -> None:
    """A required claim is there and of its form; null is not there."""
    good, bad = FORMS[form]
    rules = ruled(required=(Required("kind", form),))
    for value in good:
        assert verified(token(kind=value), by=rules).subject == "alice"
    for value in [*bad, ABSENT]:
        with pytest.raises(ClaimsRefused, match="kind"):
            verified(token(kind=value), by=rules)


def test_required_claim_inside_of_another() -> None:
    """A path leads into objects; a name with dots in it is one name, and what is no object on the way refuses."""
    rules = ruled(required=(Required(NESTED, Form.TEXT),))
    assert verified(token(**{NESTED[0]: {"id": "s"}}), by=rules).subject == "alice"
    for outer in ({"id": ""}, {}, "id", ["id"], None, ABSENT):
        with pytest.raises(ClaimsRefused):
            verified(token(**{NESTED[0]: outer}), by=rules)


@pytest.mark.parametrize("value", ["c", "", ["a"], None, True, ABSENT], ids=str)
def test_claim_that_is_none_of_the_values(value: object) -> None:
    """A claim that has to be one of a few texts is exactly one of them."""
    rules = ruled(one_of=(OneOf("kind", frozenset({"a", "b"})),))
    assert verified(token(kind="b"), by=rules).subject == "alice"
    with pytest.raises(ClaimsRefused, match="kind"):
        verified(token(kind=value), by=rules)


@pytest.mark.parametrize(
    ("mark", "refused", "taken"),
    [
        (RefuseIf(path="robot", because=MACHINE), [True, False, None, ""], [ABSENT]),
        (
            RefuseIf(path="robot", because=MACHINE, values=frozenset({True})),
            [True, [True]],
            [False, 1, "true", None, ABSENT],
        ),
        (
            RefuseIf(path="robot", because=MACHINE, values=frozenset({"app"})),
            ["app", ["user", "app"]],
            ["user", "App", ["user"], ABSENT],
        ),
        (
            RefuseIf(path="robot", because=MACHINE, pattern=re.compile(".+@clients")),
            ["x@clients", ["x@clients"]],
            ["x@clients.example", "@clients", 7, ABSENT],
        ),
        (
            RefuseIf(path="robot", because=MACHINE, other_than=frozenset({"user"})),
            ["agent", ["user"], None, True, ""],
            ["user", ABSENT],
        ),
        (RefuseIf(path=("a", "b"), because=MACHINE), [], [{"b": 1}]),
    ],
    ids=str,
)
def test_mark_of_the_unwanted(mark: RefuseIf, refused: list[object], taken: list[object]) -> None:
    """Whoever bears the mark is refused, and nobody else; a list bears it with one of its entries."""
    rules = ruled(refused=(mark,))
    for value in refused:
        with pytest.raises(ClaimsRefused, match="robot"):
            verified(token(robot=value), by=rules)
    for value in taken:
        assert verified(token(robot=value), by=rules).subject == "alice"


def test_mark_in_the_header() -> None:
    """A mark of the unwanted may stand in the header."""
    rules = ruled(
        refused_headers=(RefuseIf(path="gty", because=MACHINE, values=frozenset({"client_credentials"})),)
    )
    assert verified(signed(claims(), header={"gty": ["password"]}), by=rules).subject == "alice"
    with pytest.raises(ClaimsRefused, match="gty"):
        verified(signed(claims(), header={"gty": ["client_credentials"]}), by=rules)


def test_t6_claim_tied_to_the_issuer() -> None:
    """What the issuer's name promises, the claim keeps: another tenant's id under this issuer is refused (T6, T23)."""
    second = f"{ISSUER}/t2"
    rules = replace(
        ruled(
            issuer_ties=(
                IssuerTie(issuer=ISSUER, path="tid", value="t1"),
                IssuerTie(issuer=second, path="tid", value="t2"),
            )
        ),
        issuers=(ISSUER, second),
    )
    assert verified(token(tid="t1"), by=rules).subject == "alice"
    assert verified(token(iss=second, tid="t2"), by=rules).subject == "alice"
    for wrong in ({"tid": "t2"}, {"tid": ABSENT}, {"iss": second, "tid": "t1"}):
        with pytest.raises(ClaimsRefused, match="tid"):
            verified(token(**wrong), by=rules)


def test_t1_client_in_a_claim_of_its_own() -> None:
    """Where the client stands in another claim, that one counts, and a machine is known by it too (T1, T2)."""
    rules = ruled(client_claims=("cid",))
    assert verified(token(azp=ABSENT, cid=PAGE), by=rules).subject == "alice"
    for wrong in ({"cid": "other"}, {"cid": ABSENT}, {"cid": [PAGE]}):
        with pytest.raises(ClaimsRefused, match="azp"):
            verified(token(azp=PAGE, **wrong), by=rules)
    with pytest.raises(ClaimsRefused, match="sub"):
        verified(token(azp=ABSENT, cid=PAGE, sub=PAGE), by=rules)


def test_t1_issuer_alone_needs_a_reason() -> None:
    """Neither audience nor client are checked only where somebody says why that is enough (T1, T24)."""
    free: dict[str, Any] = {"audiences": ANY_AUDIENCE, "authorized_parties": ANY_PARTY}
    with pytest.raises(ConfigurationError, match="name one of them"):
        provider(**free)
    rules = provider(**free, rules=ClaimRules(issuer_only="it signs for this application alone"))
    assert verified(token(aud=ABSENT, azp=ABSENT), by=rules).subject == "alice"


# --- subject and session ---------------------------------------------------------------------------------------------


def test_subject_of_two_claims() -> None:
    """A person who is one only together with a tenant becomes one subject of both."""
    rules = ruled(subject=SubjectRule(claims=("oid",), scope=("tid",), pattern=re.compile("[0-9a-f]+")))
    assert verified(token(oid="0a", tid="t1"), by=rules).subject == "t1:0a"
    for wrong in ({"oid": "0a"}, {"tid": "t1"}, {"oid": "x:y", "tid": "t1"}, {"oid": 7, "tid": "t1"}):
        with pytest.raises(ClaimsRefused):
            verified(token(**wrong), by=rules)


def test_subject_in_the_first_claim_that_is_there() -> None:
    """Of several places for the user id the first that is there counts; what is odd there is not passed over."""
    rules = ruled(subject=SubjectRule(claims=("sub", "userId")))
    assert verified(token(userId="other"), by=rules).subject == "alice"
    assert verified(token(sub=ABSENT, userId="other"), by=rules).subject == "other"
    with pytest.raises(ClaimsRefused, match="sub"):
        verified(token(sub=7, userId="other"), by=rules)


@pytest.mark.parametrize(("value", "subject"), [(7, "7"), (0, "0"), ("7", "7")], ids=str)
def test_numeric_subject(value: object, subject: str) -> None:
    """A user id that is a number is its decimal text where the rules say so, and refused elsewhere."""
    rules = ruled(subject=SubjectRule(claims=("user_id",), whole_numbers=True))
    assert verified(token(user_id=value), by=rules).subject == subject
    if not isinstance(value, str):
        with pytest.raises(ClaimsRefused):
            verified(token(user_id=value), by=provider(user_claim="user_id"))


@pytest.mark.parametrize("value", [True, 7.0, 2**63, None, [7], ABSENT], ids=str)
def test_numeric_subject_that_is_none(value: object) -> None:
    """Truth, fractions and numbers beyond any column are no user ids."""
    with pytest.raises(ClaimsRefused):
        verified(token(user_id=value), by=ruled(subject=SubjectRule(claims=("user_id",), whole_numbers=True)))


def test_session_id_inside_of_a_claim() -> None:
    """The sign-in may be named inside of another claim."""
    rules = provider(session_claims=(NESTED,))
    assert verified(token(**{NESTED[0]: {"id": "s-9"}}), by=rules).provider_session_id == "s-9"


def test_t8_time_of_the_sign_in_stands_for_it() -> None:
    """Where nothing names the sign-in, its time does, so that a renewed token is no second one to migrate (T8)."""
    rules = ruled(times=TimeClaims(name_the_sign_in=True))

    def claimed(**changes: Any) -> bytes:
        text = token(**{"sid": ABSENT, **changes})
        return claim_id_of(verified(text, by=rules), text)

    first = claimed(auth_time=seconds(NOW) - 60)
    assert first == claimed(jti="j2", auth_time=seconds(NOW) - 60, iat=seconds(NOW) - 5)
    others = [claimed(auth_time=seconds(NOW) - 61), claimed(sub="bob", auth_time=seconds(NOW) - 60)]
    others += [claimed(auth_time=ABSENT), claimed(auth_time=ABSENT, jti="j2"), claimed(sid="s")]
    assert len({first, *others}) == 6


# --- times -----------------------------------------------------------------------------------------------------------


def test_times_in_milliseconds() -> None:
    """Times under other names and in milliseconds are the same instants; seconds there are long past."""
    rules = ruled(
        times=TimeClaims(issued="timeCreated", expires="expiryTime", unit=ClockUnit.MILLISECONDS),
    )
    good = {"auth_time": ABSENT, "timeCreated": seconds(NOW) * 1000, "expiryTime": seconds(NOW) * 1000 + 1}
    identity = verified(token(**good), by=rules)
    assert (identity.issued_at, identity.expires_at) == (NOW, NOW + timedelta(milliseconds=1))
    with pytest.raises(TokenExpired):
        verified(token(**{**good, "expiryTime": seconds(NOW)}), by=rules)
    with pytest.raises(ClaimsRefused):
        verified(token(auth_time=ABSENT), by=rules)


def test_token_without_end() -> None:
    """A token without exp is taken for as long as configuration says, and one with exp no longer than it says."""
    rules = ruled(times=TimeClaims(without_exp=WithoutExp(accepted_for=timedelta(hours=2))))
    assert verified(token(exp=ABSENT), by=rules).expires_at is None
    edge = NOW - timedelta(hours=2, seconds=10)
    with pytest.raises(TokenExpired, match="iat"):
        verified(token(exp=ABSENT, iat=seconds(edge)), by=rules)
    assert verified(token(exp=ABSENT, iat=seconds(edge) + 1), by=rules).subject == "alice"
    with pytest.raises(TokenExpired, match="exp"):
        verified(token(exp=seconds(NOW) - 60), by=rules)
    with pytest.raises(ClaimsRefused, match="iat"):
        verified(token(exp=ABSENT, iat=ABSENT), by=rules)
    with pytest.raises(ClaimsRefused, match="exp"):
        verified(token(exp=None), by=rules)


def test_token_without_issue() -> None:
    """A token without iat was made its whole life before its end, so that its age counts all the same."""
    rules = ruled(times=TimeClaims(lifetime=timedelta(hours=1)))
    identity = verified(token(iat=ABSENT, auth_time=ABSENT, exp=seconds(NOW) + 60), by=rules)
    assert identity.issued_at == NOW - timedelta(minutes=59)
    old = replace(rules, maximum_age=timedelta(minutes=30))
    with pytest.raises(TokenExpired, match="iat"):
        verified(token(iat=ABSENT, auth_time=ABSENT, exp=seconds(NOW) + 60), by=old)
    with pytest.raises(TokenNotActive):  # longer than its whole life to go: made in the future
        verified(token(iat=ABSENT, auth_time=ABSENT, exp=seconds(NOW) + 7200), by=rules)
    with pytest.raises(TokenExpired):
        verified(token(iat=ABSENT, auth_time=ABSENT, exp=0), by=rules)


def test_t10_sign_in_is_the_earliest_of_a_list() -> None:
    """Of several times of sign-in the earliest counts, so that the session is not stretched (T10)."""
    rules = ruled(times=TimeClaims(authenticated=("amr", EACH, "timestamp")))
    first = NOW - timedelta(hours=5)
    factors = [{"method": "totp", "timestamp": seconds(NOW)}, {"method": "pw", "timestamp": seconds(first)}]
    assert verified(token(amr=factors), by=rules).authenticated_at == first
    for none in ([], "pw", ["pw"], ABSENT):
        identity = verified(token(amr=none), by=rules)
        assert identity.authenticated_at == identity.issued_at
    with pytest.raises(ClaimsRefused, match="amr"):
        verified(token(amr=[{"timestamp": "yesterday"}]), by=rules)


def test_t10_sign_in_ends_when_the_provider_says() -> None:
    """The new session ends with the old one, where the token tells when; texts carry their offset (T10)."""
    rules = ruled(times=TimeClaims(authenticated=("s", "start"), ends=("s", "end"), moments=Moments.TEXTS))
    inner = {"start": "2026-11-23T12:00:00+02:00", "end": "2026-11-23T14:30:00Z"}
    identity = verified(token(s=inner), by=rules)
    assert identity.authenticated_at == datetime(2026, 11, 23, 10, tzinfo=UTC)
    assert absolute_end(identity, rules, now=NOW) == datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
    with pytest.raises(TokenExpired, match="end"):
        verified(token(s={**inner, "end": "2026-11-23T11:00:00Z"}), by=rules)
    for wrong in ("2026-11-23T14:30:00", "2026-11-23", "2026-13-23T14:30:00Z", 1763899200, ["x"]):
        with pytest.raises(ClaimsRefused):
            verified(token(s={**inner, "end": wrong}), by=rules)


# --- typ and iss -----------------------------------------------------------------------------------------------------


def test_missing_type_of_its_own() -> None:
    """A token without typ can be a kind of its own: then a JWT is none of it, and it no JWT (T2)."""
    only_missing = provider(
        token_types=frozenset({"none given"}), rules=ClaimRules(missing_type="none given")
    )
    only_jwt = provider(token_types=frozenset({"jwt"}), rules=ClaimRules(missing_type="none given"))
    bare = signed(claims(), header={"typ": ABSENT})
    assert verified(bare, by=only_missing).subject == verified(token(), by=only_jwt).subject == "alice"
    for text, rules in ((token(), only_missing), (bare, only_jwt)):
        with pytest.raises(ClaimsRefused, match="typ"):
            verified(text, by=rules)


def nameless(**changes: Any) -> Provider:
    """A provider whose tokens name no issuer."""
    return provider(
        **{
            "name": "app",
            "issuers": ("app",),
            "rules": ClaimRules(issuer_claim=IssuerClaim.ABSENT),
            "map_user": _same_user,
            **changes,
        }
    )


def proved(text: str, *providers: Provider) -> Verified:
    """What the flow says of a token."""
    configured = Migration(providers=providers, key_caches={}, version="test")
    return drive(verify(BearerToken(text=text), configured, now=NOW), performer({}))


def _same_user(_identity: Identity) -> str:
    return "user"


def test_t6_token_without_issuer() -> None:
    """A token without iss is of the one provider that makes such; its people are known by that provider's name (T6)."""
    both = (provider(), nameless())
    for text, name, issuer in ((token(iss=ABSENT), "app", "app"), (token(), "old", ISSUER)):
        found = proved(text, *both)
        assert (found.provider.name, found.identity.issuer) == (name, issuer)
    for wrong in ("app", None, ""):
        with pytest.raises(ClaimsRefused, match="iss"):
            proved(token(iss=wrong), *both)
    with pytest.raises(ClaimsRefused, match="iss"):
        verified(token(iss="app"), by=nameless())
    with pytest.raises(ClaimsRefused, match="iss"):
        proved(token(iss=ABSENT), provider())


def test_t6_two_providers_without_issuer() -> None:
    """Two providers whose tokens name no issuer could only be told apart by trying keys; that is refused (T6)."""
    require_distinct((provider(), nameless()))
    with pytest.raises(ConfigurationError, match="one such provider is"):
        require_distinct((nameless(), nameless(name="other", issuers=("other",))))


@pytest.mark.parametrize(
    ("changes", "mend"),
    [
        (
            {"rules": ClaimRules(issuer_claim=IssuerClaim.ABSENT), "keys": LiveKeys(issuer=ISSUER)},
            "need one name of yours",
        ),
        (
            {"rules": ClaimRules(issuer_claim=IssuerClaim.ABSENT), "issuers": ("a", "b")},
            "need one name of yours",
        ),
        (
            {"rules": ClaimRules(times=TimeClaims(without_exp=WithoutExp(accepted_for=timedelta(hours=25))))},
            "at most maximum_age",
        ),
        (
            {"rules": ClaimRules(times=TimeClaims(without_exp=WithoutExp(accepted_for=timedelta(0))))},
            "must be positive",
        ),
        ({"rules": ClaimRules(times=TimeClaims(lifetime=timedelta(0)))}, "must be positive"),
        (
            {"rules": ClaimRules(subject=SubjectRule(claims=("uid",))), "user_claim": "id"},
            "not both",
        ),
        ({"rules": ClaimRules(subject=SubjectRule(claims=("email",)))}, "somebody else's tomorrow"),
    ],
    ids=str,
)
def test_t24_rules_that_cannot_be_safe(changes: dict[str, Any], mend: str) -> None:
    """Rules that would let everything pass, or nothing, are refused when the provider is built (T24)."""
    with pytest.raises(ConfigurationError, match=mend):
        provider(**changes)


def test_rules_in_words() -> None:
    """Every rule has its line."""
    rules = ClaimRules(
        required=(Required("scp", Form.LIST),),
        one_of=(OneOf("typ", frozenset({"Bearer"})),),
        refused=(RefuseIf(path=("a", "b"), because=MACHINE, values=frozenset({True})),),
        refused_headers=(RefuseIf(path="gty", because=MACHINE),),
        issuer_only="one application",
        issuer_claim=IssuerClaim.ABSENT,
        issuer_ties=(IssuerTie(issuer="i", path="tid", value="t"),),
        client_claims=("cid",),
        subject=SubjectRule(claims=("oid",), scope=("tid",)),
        times=TimeClaims(
            issued="made",
            authenticated="since",
            ends="until",
            without_exp=WithoutExp(accepted_for=timedelta(hours=1)),
            lifetime=timedelta(hours=1),
        ),
    )
    text = "\n".join(f"{label}: {said}" for label, said in rules_in_words(rules))
    for part in (
        *("scp (a list)", "typ = Bearer", "machines: a → b = true; in the header gty", "one application"),
        *("names none", "of i: tid = t", "cid", "tid, oid", "made and exp, in seconds", "since", "until"),
    ):
        assert part in text or part.replace("names none", "name none") in text
