"""`doctor`, `pin`, `db`, `outbox`, `sessions` and `revoke`, against a real provider and a real database."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from segue import NewSession, PinnedKeys, Provider
from segue.cli.app import run
from segue.cli.common import engine_on
from segue.ids import UserId
from segue.migration.model import DeliveryState
from segue.service.settings import load_settings
from segue.stores.contract.examples import NOW, claim, delivery, session
from segue.tokens.algorithms import Algorithm
from segue.tokens.jwk import public_jwk
from tests.cli.world import CANARY, Deployment

if TYPE_CHECKING:
    from segue.sessions.issuing import Issued

Captured = pytest.CaptureFixture[str]
pytestmark = pytest.mark.processes  # the provider is one


@pytest.fixture(autouse=True)
def in_folder(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands run in the deployment's folder."""
    monkeypatch.chdir(deployment.folder)


def test_doctor_finds_all_well(deployment: Deployment, capsys: Captured) -> None:
    """A right deployment: exit 0, the provider's document and keys were seen, the policy is shown, no secret is."""
    assert run(["doctor"]) == 0
    said = capsys.readouterr().out
    assert f"is the document of {deployment.issuer}" in said
    assert "1 usable key(s)" in said
    assert f"{deployment.issuer}/revoke is where old sessions are ended" in said
    assert "demo-api" in said
    assert said.count("GIVEN UP") == 1
    assert "GIVEN UP: keys alone decide" in said
    assert CANARY not in said
    assert (deployment.folder / "segue.secret").read_text().strip() not in said


def test_doctor_changes_nothing(deployment: Deployment) -> None:
    """No database appears because somebody looked."""
    run(["doctor"])
    assert not (deployment.folder / "segue.sqlite3").exists()


BAD = {
    "provider does not answer": (r"^issuers = .*", 'issuers = ["http://127.0.0.1:9"]', "127.0.0.1:9"),
    "issuer with another slash": (r'^(issuers = .*)"\]', r'\1/"]', "is not the one of"),
    "no key fits": (
        r'^credential = "access_token"',
        'credential = "access_token"\nalgorithms = ["ES256"]',
        "fits",
    ),
    "deadline has passed": (r"^# deadline = 2030", "deadline = 2020", "its deadline"),
    "no folder for the database": (r'^database = "', 'database = "no/such/', "is not there or not writable"),
}


@pytest.mark.parametrize("bad", BAD)
def test_doctor_finds_what_would_fail(deployment: Deployment, bad: str, capsys: Captured) -> None:
    """What would fail is marked and makes exit code 1."""
    pattern, replacement, sentence = BAD[bad]
    deployment.edit(pattern, replacement)
    assert run(["doctor"]) == 1
    (marked,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("✗")]
    assert sentence in marked


NOTES = {
    "revocation elsewhere": (r'^(url = .*)/revoke"', r'\1/other"', "/other is configured"),
    "audience given up": (r'^audiences = \["demo-api"\]', 'audiences = "any"', "GIVEN UP: the audience"),
}


@pytest.mark.parametrize("noted", NOTES)
def test_doctor_notes(deployment: Deployment, noted: str, capsys: Captured) -> None:
    """What works but may not be meant is said and is no failure."""
    pattern, replacement, sentence = NOTES[noted]
    deployment.edit(pattern, replacement)
    assert run(["doctor"]) == 0
    assert sentence in capsys.readouterr().out


def test_doctor_notices_a_mistyped_variable(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that sets nothing and looks like one that would is named with it."""
    monkeypatch.setenv("SEGUE_DATABSE", "x")
    assert run(["doctor"]) == 0
    assert "SEGUE_DATABSE sets nothing; did you mean SEGUE_DATABASE?" in capsys.readouterr().out


@pytest.mark.parametrize("content", ["no database", "another program's", "newer"])
def test_doctor_and_a_wrong_database(deployment: Deployment, content: str, capsys: Captured) -> None:
    """A file that is no database, or somebody else's, or of a newer program, would fail."""
    path = deployment.folder / "segue.sqlite3"
    if content == "no database":
        path.write_bytes(b"no database " * 100)
    else:
        table = (
            "CREATE TABLE theirs (x)"
            if content == "another program's"
            else "CREATE TABLE schema_version (version, compatible_since)"
        )
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(table)
            if content == "newer":
                connection.execute("INSERT INTO schema_version VALUES (999, 999)")
            connection.commit()
    assert run(["doctor"]) == 1
    assert "✗ store: " in capsys.readouterr().out


def test_pinned_keys_take_the_providers_place(deployment: Deployment, capsys: Captured) -> None:
    """`segue pin` writes what the settings can name; the provider is not asked any more."""
    assert run(["pin", f"{deployment.issuer}/", "-o", "keys.json"]) == 0  # a slash too many is forgiven
    written = json.loads((deployment.folder / "keys.json").read_text())
    assert written["issuer"] == deployment.issuer
    assert written["key_ids"] == [key["kid"] for key in written["keys"]]
    deployment.edit(r"^# \[provider.keys\]", "[provider.keys]")
    deployment.edit(r"^# file = ", "not_after = 2100-01-01T00:00:00Z\nfile = ")
    deployment.edit(r"old-keys.json\"", 'keys.json"')
    capsys.readouterr()
    assert run(["doctor"]) == 0
    said = capsys.readouterr().out
    assert "usable key(s) pinned" in said
    assert "is the document of" not in said
    (provider,) = load_settings(deployment.settings, {}).config.providers
    assert isinstance(provider, Provider)
    assert isinstance(provider.keys, PinnedKeys)
    assert provider.keys.pinned_at == datetime.fromisoformat(written["pinned_at"])


def test_pin_by_the_address_of_the_keys(deployment: Deployment, capsys: Captured) -> None:
    """Where there is no discovery the JWK set's own URL will do; without -o the keys are printed."""
    assert run(["pin", f"{deployment.issuer}/jwks"]) == 0
    assert "issuer" not in json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("address", ["{issuer}/nothing", "http://192.0.2.1/", "no-url"])
def test_pin_without_keys(deployment: Deployment, address: str, capsys: Captured) -> None:
    """What is neither issuer nor JWK set is refused in one line, and nothing is written."""
    assert run(["pin", address.format(issuer=deployment.issuer), "-o", "keys.json"]) in {1, 2}
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert not (deployment.folder / "keys.json").exists()


def test_pin_over_a_file_that_is_there(deployment: Deployment, capsys: Captured) -> None:
    """It stays, unless --force; then what changed is said."""
    path = deployment.folder / "keys.json"
    path.write_text('{"key_ids": ["before"], "keys": []}')
    assert run(["pin", deployment.issuer, "-o", "keys.json"]) == 2
    assert "before" in path.read_text()
    assert run(["pin", deployment.issuer, "-o", "keys.json", "--force"]) == 0
    assert "gone: before" in capsys.readouterr().out


def test_db_upgrade(deployment: Deployment, capsys: Captured) -> None:
    """The first time it makes the tables, the second time it has nothing to do."""
    assert run(["db", "upgrade"]) == 0
    assert "schema 0 is now" in capsys.readouterr().out
    assert run(["db", "upgrade"]) == 0
    assert "already" in capsys.readouterr().out


def test_schema_is_upgraded_only_when_it_may_be(deployment: Deployment, capsys: Captured) -> None:
    """With auto_upgrade = false an old database is refused with the command that mends it."""
    deployment.edit(r"^(database = .*)", r"\1\nauto_upgrade = false")
    assert run(["outbox"]) == 2
    assert "segue db upgrade" in capsys.readouterr().err
    run(["db", "upgrade"])
    assert run(["outbox"]) == 0


def test_signing_keys_are_listed_and_revoked(deployment: Deployment, capsys: Captured) -> None:
    """A key that others may know is replaced by its id; an id that is not there is a slip of the pen."""
    created(deployment, "alice")
    assert run(["keys"]) == 0
    first = next(word for word in capsys.readouterr().out.split() if word.startswith("d-"))
    assert run(["keys", "--revoke", first]) == 0
    assert first not in capsys.readouterr().out
    assert run(["keys", "--revoke", first]) == 1


def test_given_up_messages_are_kept_until_purged(deployment: Deployment, capsys: Captured) -> None:
    """What was given up is shown until it is purged; what waits and what was done stay."""
    states = {1: DeliveryState.DEAD, 2: DeliveryState.DEAD, 3: DeliveryState.DONE}
    with closing(load_settings(deployment.settings, {}).store.open()) as store:
        store.claim_and_create(claim(1), session(1), tuple(delivery(number) for number in range(1, 5)))
        for number, state in states.items():
            store.settle_delivery(
                delivery(number).delivery_id, state=state, at=NOW, due_at=NOW, last_error="CLIENT_REFUSED"
            )
    assert run(["outbox"]) == 0
    said = capsys.readouterr().out
    assert "2  dead" in said
    assert "CLIENT_REFUSED" in said
    assert run(["outbox", "--purge"]) == 0
    said = capsys.readouterr().out
    assert "forgot 2 message(s)" in said
    assert [f"{count}  {state}" in said for count, state in ((0, "dead"), (1, "done"), (1, "pending"))] == [
        True
    ] * 3
    assert "CLIENT_REFUSED" not in said


def created(deployment: Deployment, *users: str) -> list[Issued]:
    """Sessions in the deployment's database."""
    new = (NewSession(user_id=UserId(user), payload={}, data={}) for user in users)
    with engine_on(load_settings(deployment.settings, {})) as engine:
        return [engine.create_session(one) for one in new]


def test_sessions_are_listed_and_revoked(deployment: Deployment, capsys: Captured) -> None:
    """By handle one ends, by user all; others stay; no token is shown."""
    first, second, other = created(deployment, "ada", "ada", "bob")
    handles = [issued.session.handle for issued in (first, second, other)]
    assert run(["sessions", "list", "ada"]) == 0
    said = capsys.readouterr().out
    assert [handle in said for handle in handles] == [True, True, False]
    assert run(["revoke", handles[0]]) == 0
    assert run(["revoke", handles[0]]) == 1
    assert run(["revoke", "--user", "ada"]) == 0
    assert "ended 1 session(s)" in capsys.readouterr().out.splitlines()[-1]
    assert run(["revoke", "--user", "ada"]) == 0
    run(["sessions", "list", "ada"])
    run(["sessions", "list", "bob"])
    said = capsys.readouterr().out
    assert "no living session" in said
    assert handles[2] in said


def test_t25_pin_check(deployment: Deployment, capsys: Captured) -> None:
    """`segue pin --check` tells a file that is still the provider's from one that is not, and writes nothing (T25)."""
    path = deployment.folder / "keys.json"
    pin = ["pin", deployment.issuer, "-o", "keys.json"]
    assert run(pin) == 0
    same = path.read_text()
    assert run([*pin, "--check"]) == 0
    jwk = public_jwk(
        ec.generate_private_key(ec.SECP256R1()).public_key(), key_id="x", algorithm=Algorithm.ES256
    )
    path.write_text(json.dumps({"keys": [jwk]}))
    capsys.readouterr()
    assert run([*pin, "--check"]) == 1
    said = capsys.readouterr().out
    assert "withdrawn: x; added: " in said
    assert path.read_text() != same
    assert run(["pin", deployment.issuer, "--check"]) == 2


@pytest.mark.parametrize(
    "text",
    [
        'subject,user_id\nalice,u-1\n"auth0|42",u-2\n',
        '{"subject": "alice", "user_id": "u-1"}\n\n{"subject": "auth0|42", "user_id": "u-2"}\n',
    ],
    ids=["CSV", "JSON lines"],
)
def test_identities_are_imported(deployment: Deployment, capsys: Captured, text: str) -> None:
    """A list becomes the table, once; who would become somebody else stays, and is named by his line."""
    path = deployment.folder / "people"
    path.write_text(text)
    for _ in range(2):
        assert run(["identities", "import", "old", "people"]) == 0
        assert capsys.readouterr().out.startswith("2 identities of ")
    path.write_text("subject,user_id\nalice,u-9\nbob,u-3\n")
    assert run(["identities", "import", "old", "people"]) == 1
    said = capsys.readouterr()
    assert said.out.startswith("1 identities of ")
    assert "lines 2" in said.err
    assert "alice" not in said.err + said.out


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("subject,user_id\nalice,\n", ()),
        ("sub,user_id\nalice,u-1\n", ()),
        ('{"subject": "alice", "user_id": 7}\n', ()),
        ('{"subject": "alice"\n', ()),
        ("subject,user_id\n", ("--issuer", "https://stranger.example")),
    ],
    ids=["no user", "no heading", "no text", "no JSON", "no issuer of his"],
)
def test_list_that_cannot_be_meant(
    deployment: Deployment, capsys: Captured, text: str, arguments: tuple[str, ...]
) -> None:
    """A list that cannot be meant ends the command in one line that quotes nobody."""
    (deployment.folder / "people").write_text(text)
    assert run(["identities", "import", "old", "people", *arguments]) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert "alice" not in said
