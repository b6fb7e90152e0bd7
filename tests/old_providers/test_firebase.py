"""
People of the Firebase Auth emulator: its own tokens are refused, and what its REST API says is honoured.

Google's keys are not to be had, so that where a token has to verify, the claims that the emulator made are signed here.
"""

from __future__ import annotations

import http.server
import json
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric import rsa

from segue import PinnedKeys
from segue.adapters.web import AsyncHttpWeb
from segue.migration.endings import EndOldSession, FirebaseEnding, Reach
from segue.profiles import firebase as profile
from segue.profiles import firebase_cookie
from segue.tokens.algorithms import Algorithm
from segue.tokens.jws import sign_jws
from tests.old_providers import journey
from tests.old_providers.firebase import PROJECT, Firebase, claims_of, firebase
from tests.old_providers.site import Held, Site, site
from tests.support.processes import wait_until

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from segue.migration.model import Identity
    from segue.profiles import Policy

pytestmark = [pytest.mark.processes, pytest.mark.heavy]

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()).decode()
PUBLIC = KEY.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo).decode()


def signed(token: str) -> Held:
    """The claims of an emulator's token, with a signature."""
    payload = json.dumps(dict(claims_of(token))).encode()
    header = {"alg": "RS256", "kid": "ours", "typ": "JWT"}
    return Held(bearer=sign_jws(header, payload, KEY, Algorithm.RS256))


class Signing(Firebase):
    """The emulator, with ID tokens that verify."""

    def sign_in(self, user: str) -> Held:
        """As a page does; a second later, for sign-ins are voided by whole seconds."""
        held = signed(self.id_token(user))
        since = claims_of(held.bearer or "")["auth_time"]
        assert isinstance(since, int)
        wait_until(lambda: datetime.now(UTC).timestamp() >= since + 1, what="the next second")
        return held

    def sign_out(self, held: Held) -> None:
        """Everywhere; there is nothing smaller."""
        user_id = str(claims_of(held.bearer or "")["sub"])
        self.sign_out_everywhere(user_id, at=datetime.now(UTC))

    def cut_off(self, identity: Identity) -> datetime | None:
        """What an application writes."""
        return self.valid_since(identity.subject)


@contextmanager
def token_endpoint() -> Generator[str]:
    """In place of Google's, which nobody can have here: it gives out what the emulator takes for a token."""

    class Answering(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            body = json.dumps({"access_token": "owner", "expires_in": 3600, "token_type": "Bearer"}).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/token"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signing]:
    """The old provider."""
    with firebase(tmp_path_factory.mktemp("firebase")) as started:
        yield Signing(origin=started.origin)


@pytest.fixture(scope="module")
def policy(old: Signing) -> Iterator[Policy]:
    """What a deployment writes besides its project."""
    with token_endpoint() as address:
        yield {
            "keys": PinnedKeys.from_pem(PUBLIC, key_id="ours"),
            "deadline": datetime.now(UTC) + timedelta(days=30),
            "valid_since": old.cut_off,
            "revocation": FirebaseEnding(
                project_id=PROJECT,
                client_email="segue@demo-old.iam.gserviceaccount.com",
                private_key=PEM,
                reach=Reach.USER,
                url=old.api,
                token_url=address,
                when=EndOldSession.AFTER_FIRST_USE,
            ),
        }


@pytest.fixture(scope="module")
def new(policy: Policy, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The new application."""
    database = tmp_path_factory.mktemp("new") / "new.sqlite3"
    with site(profile(project_id=PROJECT, **policy), database=database, web=AsyncHttpWeb()) as made:
        yield made


def test_unsigned_tokens(old: Signing, new: Site) -> None:
    """The emulator's own token is refused although its every claim is right; so is its session cookie."""
    old.person("ada")
    token = old.id_token("ada")
    for bearer in (token, old.session_cookie(token)):
        journey.is_refused(new, Held(bearer=bearer), code="TOKEN_MALFORMED")


def test_journey(old: Signing, new: Site) -> None:
    """Signed, the same claims move once; `validSince` then voids every sign-in of the user there, and here."""
    user_id = old.person("bob")
    another = old.sign_in("bob")
    visitor = journey.moves(new, old, user="bob", user_id=user_id)
    journey.ends_for_real(new, old, visitor.held)
    journey.is_refused(new, another, code="SIGN_IN_REVOKED")


def test_signed_out_before(old: Signing, new: Site) -> None:
    """A sign-in from before `validSince` is refused, and a later one is not."""
    user_id = old.person("eve")
    held = old.sign_in("eve")
    old.sign_out(held)
    journey.is_refused(new, held, code="SIGN_IN_REVOKED")
    journey.becomes_a_session(new, old.sign_in("eve"), user_id=user_id)


def test_anonymous_users(old: Signing, new: Site) -> None:
    """Somebody who never said who he is buys nothing."""
    journey.is_refused(new, signed(old.anonymous()), code="TOKEN_CLAIMS_INVALID")


def test_session_cookies(old: Signing, policy: Policy, tmp_path: Path) -> None:
    """A session cookie moves where cookies are asked for, and an ID token does not."""
    user_id = old.person("tim")
    token = old.id_token("tim")
    provider = firebase_cookie(project_id=PROJECT, **policy)
    with site(provider, database=tmp_path / "new.sqlite3", web=AsyncHttpWeb()) as made:
        journey.is_refused(made, signed(token), code="TOKEN_CLAIMS_INVALID")
        journey.becomes_a_session(made, signed(old.session_cookie(token)), user_id=user_id)
