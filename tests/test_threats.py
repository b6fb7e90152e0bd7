"""Every attack on a migration that we know of has a test that names it by its number."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent

THREATS = {
    "T1": "audience confusion: a token for another client of the issuer",
    "T2": "token-type substitution: ID, machine, one-purpose tokens as a user's",
    "T3": "algorithm confusion, none, curves, critical headers",
    "T4": "keys and addresses of keys in a token's header, key ids as a way in",
    "T5": "addresses of keys that lead inside, redirects",
    "T6": "issuer mix-up: one subject in two issuers, another provider's keys",
    "T7": "take-over by an e-mail address that is not verified or was handed on",
    "T8": "replay of a captured old token",
    "T9": "replay after sign-out, at the provider or here",
    "T10": "laundering: a short-lived token turned into a long session",
    "T11": "expiry extension and roles that outlive their withdrawal",
    "T12": "a user deleted, blocked or with a new password since the token was made",
    "T13": "login CSRF: a victim's browser migrates the attacker's token",
    "T14": "silent session creation without an existing sign-in, or with more assurance",
    "T15": "race: tabs, retries and machines that migrate one sign-in at once",
    "T16": "an idempotency key that is guessed or used again by somebody else",
    "T17": "downgrade: an older or weaker way in instead of the stronger",
    "T18": "floods of key fetches and of questions to others",
    "T19": "sizes, depths and numbers that wear out the verifier",
    "T20": "enumeration: answers that tell whether somebody exists",
    "T21": "limits evaded by forged addresses",
    "T22": "tokens and ids in logs, traces, errors and addresses",
    "T23": "tenants crossed by the caller's choice",
    "T24": "configuration that cannot be safe",
    "T25": "frozen keys whose private half leaks after the cut-over",
    "T26": "a migration that stops half-way",
    "T27": "forged logout events that end sessions",
    "T28": "cookies planted by a neighbour of the domain",
}


def named_in(source: str) -> set[str]:
    """The threats that tests of a module name in their docstrings."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            found.update(re.findall(r"\bT\d+\b", ast.get_docstring(node) or ""))
    return found


@pytest.fixture(scope="module")
def named() -> set[str]:
    """The threats that some test of the project names."""
    modules = (path for path in TESTS.rglob("test_*.py") if "node_modules" not in path.parts)
    return {name for path in modules for name in named_in(path.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("threat", THREATS)
def test_threat_has_a_test(threat: str, named: set[str]) -> None:
    """Each known attack is named by the docstring of a test that carries it out."""
    assert threat in named, f"no test names {threat}: {THREATS[threat]}"


def test_no_unknown_threat_is_named(named: set[str]) -> None:
    """A number that no attack has is a slip of the pen."""
    assert named <= THREATS.keys()


def test_comments_and_helpers_do_not_count() -> None:
    """Only what is run as a test shows anything."""
    source = '"""About T1."""\n# T2\ndef helper():\n    """T3"""\ndef test_it():\n    """T4, not XT5."""\n'
    assert named_in(source) == {"T4"}
