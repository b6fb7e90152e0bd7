"""Whole exchanges, header by header, replayed from `exchanges.txt`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from segue.http.anti_csrf import AntiCsrfMode
from tests.http.cases_claims import VERIFIED, claim
from tests.http.over_flows import LIFETIMES, START
from tests.http.world import Cases, Setup, Tokens, World, local, tokens_of

UNRELATED = {"content-type", "content-length", "cache-control", "date", "server"}
SHAPES = (
    (r"eyJhbGci[\w-]+\.[\w-]+\.[\w-]+", "<AT>"),
    (r"\bAQ[\w-]{100,140}", "<RT>"),
    (r"\beyJ1aWQi[A-Za-z0-9+/]+={0,2}", "<FT>"),
    (r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "<AC>"),
    (re.escape(format_datetime(START + timedelta(days=365), usegmt=True)), "<YEAR>"),
    (re.escape(format_datetime(START + LIFETIMES.refresh, usegmt=True)), "<END>"),
)
"""By which tokens and dates are known in an answer: each is of its kind. That it is the right one, the cases say."""


@dataclass(kw_only=True)
class Exchange:
    """One exchange as written down."""

    title: str
    settings: dict[str, Any] = field(default_factory=dict[str, Any])
    given: list[str] = field(default_factory=list[str])
    sent: list[str] = field(default_factory=list[str])
    answered: list[str] = field(default_factory=list[str])


def read(text: str) -> list[Exchange]:
    """The exchanges of a file."""
    found: list[Exchange] = []
    for line in text.splitlines():
        if line.startswith("== "):
            found.append(Exchange(title=line[3:]))
        elif not found or not line:
            continue
        elif line.startswith("settings: "):
            found[-1].settings = dict(setting(pair) for pair in line[10:].split())
        elif line.startswith("given: "):
            found[-1].given = line[7:].split()
        else:
            (found[-1].sent if line.startswith("> ") else found[-1].answered).append(line[2:])
    return found


def setting(pair: str) -> tuple[str, Any]:
    """One setting of an exchange."""
    name, _, value = pair.partition("=")
    return name, AntiCsrfMode(value) if name == "anti_csrf" else value


EXCHANGES = read((Path(__file__).parent / "exchanges.txt").read_text(encoding="utf-8"))


class TranscriptCases(Cases):
    """Every exchange of the file."""

    @pytest.mark.parametrize("exchange", EXCHANGES, ids=lambda exchange: exchange.title)
    def test_exchange(self, exchange: Exchange) -> None:
        """The answer is the one that was written down: status, body, and the session's header lines as a set."""
        world = self.open(Setup(http=local(**exchange.settings), validators=(VERIFIED,)))
        tokens = arranged(world, exchange.given)
        reply = world.send(*sent(exchange.sent, tokens))
        status, _, body = exchange.answered[0].partition(" ")
        assert reply.status == int(status)
        assert not body or reply.body.decode() == body
        lines = {shaped(f"{name}: {value}") for name, value in reply.lines if name not in UNRELATED}
        assert {sorted_list(line) for line in lines} == {sorted_list(line) for line in exchange.answered[1:]}
        assert len(lines) == len([name for name, _ in reply.lines if name not in UNRELATED])


def arranged(world: World, given: list[str]) -> Tokens | None:
    """The session that an exchange begins with."""
    if not given:
        return None
    payload = claim("st-ev", value="unverified" not in given)
    tokens = world.signed_in(given[0], payload)
    if "refreshed" in given:
        return tokens_of(world.refresh(tokens))
    if "reused" in given:
        world.refresh(tokens)
        world.advance(LIFETIMES.grace)
    return tokens


def sent(lines: list[str], tokens: Tokens | None) -> tuple[str, str, dict[str, str], bytes]:
    """What to send: method, path, headers, body."""
    method, path = lines[0].split()
    body, headers = b'{"userId":"ada","payload":{}}', dict[str, str]()
    for line in lines[1:]:
        if line.startswith("{"):
            body = line.encode()
        else:
            name, _, value = line.partition(": ")
            headers[name] = filled(value, tokens) if tokens else value
    return method, path, headers, body


def filled(text: str, tokens: Tokens) -> str:
    """With the session's own tokens in their places."""
    text = text.replace("<AT>", tokens.access).replace("<RT>", tokens.refresh)
    return text.replace("<AC>", tokens.anti_csrf or "<AC>")


def shaped(line: str) -> str:
    """An answer's line with its tokens and dates replaced by their names."""
    for shape, name in SHAPES:
        line = re.sub(shape, name, line)
    return line.rstrip()


def sorted_list(line: str) -> str:
    """Lists of exposed headers have no order."""
    name, _, value = line.partition(": ")
    return f"{name}: {', '.join(sorted(value.split(', ')))}" if name.endswith("expose-headers") else line
