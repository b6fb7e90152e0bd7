"""
A cookie in chunks: `name.0`, `name.1` and so on, as Auth.js and NextAuth divide what is too long for one.

House rule: one value has one reading. In one piece and in chunks at once, a gap, an empty chunk or more than the bound
is refused; joining them anyhow would let whoever can plant a cookie choose among the readings.
"""

from __future__ import annotations

import re

from segue.errors import TokenMalformed, TokenMissing
from segue.migration.cookies.model import MAX_COOKIES, Cookies

_NUMBER = re.compile("0|[1-9][0-9]{0,5}")


def join_chunks(cookies: Cookies, name: str) -> str:
    """
    The whole value of a cookie that may have come in chunks.

    Raises:
        TokenMissing: neither the cookie nor a chunk of it is there.
        TokenMalformed: there in two ways, with a gap, with an empty chunk, or longer than `MAX_COOKIES` in all.
    """
    whole = cookies.get(name)
    chunks = _numbered(cookies, name)
    if whole is None and not chunks:
        raise TokenMissing(name)
    if whole is not None and chunks:
        raise TokenMalformed("there in one piece and in chunks")
    if whole is None and set(chunks) != set(range(len(chunks))):
        raise TokenMalformed("a chunk is missing")
    pieces = [whole] if whole is not None else [chunks[number] for number in range(len(chunks))]
    if not all(pieces):
        raise TokenMalformed("empty")
    if sum(map(len, pieces)) > MAX_COOKIES:
        raise TokenMalformed(f"longer than {MAX_COOKIES} characters")
    return "".join(pieces)


def _numbered(cookies: Cookies, name: str) -> dict[int, str]:
    start = f"{name}."
    return {
        int(each.removeprefix(start)): value
        for each, value in cookies.items()
        if each.startswith(start) and _NUMBER.fullmatch(each.removeprefix(start))
    }
