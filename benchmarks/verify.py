"""Verify an access token in this process, first sight and repeated (goals 1 and 2)."""

from __future__ import annotations

from collections.abc import Callable

import jwt

from benchmarks import limits, scene
from benchmarks.measuring import alternate, here, times
from benchmarks.peers import supertokens
from benchmarks.reporting import Goal, Report, main
from segue import Engine
from segue.http.message import HttpRequest
from segue.tokens.algorithms import Algorithm

TOKENS = 100


def verifying(made: Engine, tokens: list[str]) -> Callable[[int], None]:
    """`Engine.verify_access_token` of a text that is made anew each time, as from the bytes of a request."""
    raw = [token.encode() for token in tokens]
    verify = made.verify_access_token

    def run(count: int) -> None:
        for number in range(count):
            verify(raw[number % TOKENS].decode())

    return run


def authenticating(made: Engine, tokens: list[str]) -> Callable[[int], None]:
    """`Engine.authenticate` of a request with some headers."""
    others = (("host", "localhost:8000"), ("accept", "*/*"), ("user-agent", "benchmark"))
    lines = [(*others, ("authorization", f"Bearer {token}")) for token in tokens]

    def run(count: int) -> None:
        for number in range(count):
            made.authenticate(HttpRequest(method="GET", path="/", headers=lines[number % TOKENS]))

    return run


def with_pyjwt(made: Engine, tokens: list[str]) -> Callable[[int], None]:
    """PyJWT with the one key that fits at hand, and the claims that must be there."""
    document = made.respond(HttpRequest(method="GET", path="/auth/jwt/jwks.json", headers=())).body
    keys = {key.key_id: key for key in jwt.PyJWKSet.from_json(document.decode()).keys}
    key = keys[jwt.get_unverified_header(tokens[0])["kid"]]
    options = {"require": ["exp", "iat", "sub"]}

    def run(count: int) -> None:
        for number in range(count):
            jwt.decode(tokens[number % TOKENS], key, algorithms=["RS256"], options=options)

    return run


def measure(report: Report, rounds: int) -> None:
    """Both sides on the same tokens."""
    hot, es_hot = scene.engine(), scene.engine(Algorithm.ES256)
    tokens, es_tokens = scene.access_tokens(hot, TOKENS), scene.access_tokens(es_hot, TOKENS)
    # Remembers one token of a hundred in turn, so that each is seen for the first time and pushes another one out.
    cold = Engine(scene.config(remembered=1), store=hot.store)
    es_cold = Engine(scene.config(Algorithm.ES256, remembered=1), store=es_hot.store)
    jwks = hot.respond(HttpRequest(method="GET", path="/auth/jwt/jwks.json", headers=())).body
    with supertokens.core(jwks) as address:
        supertokens.set_up(address)
        found = alternate(
            [
                here("segue, first sight, RS256", verifying(cold, tokens), count=4_000),
                here("raw RSA-2048 verify", limits.rsa_verify(), count=5_000),
                here("supertokens-python, RS256", supertokens.verifying(tokens), count=1_000),
                here("segue, repeated, RS256", verifying(hot, tokens), count=100_000),
                here("segue, authenticate(request), first sight", authenticating(cold, tokens), count=4_000),
                here("segue, authenticate(request), repeated", authenticating(hot, tokens), count=50_000),
                here("PyJWT, RS256", with_pyjwt(hot, tokens), count=2_000),
                here("segue, first sight, ES256", verifying(es_cold, es_tokens), count=2_000),
                here("raw P-256 verify", limits.p256_verify(), count=2_000),
            ],
            rounds=rounds,
        )
    report.add(found)
    ours, repeated_ = found["segue, first sight, RS256"], found["segue, repeated, RS256"]
    raw, peer = found["raw RSA-2048 verify"], found["supertokens-python, RS256"]
    es = times(found["raw P-256 verify"], found["segue, first sight, ES256"]) * 100
    report.figures["ES256, first sight: % of raw P-256 verify"] = es
    report.figures["first sight, RS256: times PyJWT"] = times(found["PyJWT, RS256"], ours)
    report.goals = [
        Goal(number=1, text="first sight, RS256: times supertokens-python", value=times(peer, ours), bar=5),
        Goal(
            number=1,
            text="first sight, RS256: of raw RSA verify",
            value=times(raw, ours) * 100,
            bar=65,
            unit="%",
        ),
        Goal(number=2, text="repeated: times supertokens-python", value=times(peer, repeated_), bar=150),
        Goal(number=2, text="repeated: times raw RSA verify", value=times(raw, repeated_), bar=18),
    ]


if __name__ == "__main__":
    main("verify", measure)
