"""The file that `segue init` writes."""

from __future__ import annotations

import tomllib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.service.reading import read_settings
from segue.service.template import Answers, render_settings


def keys_without_a_comment(text: str) -> list[str]:
    """Keys and tables in use that no comment explains: the comment stands right above, or above the pair."""
    lines = text.splitlines()
    return [
        line
        for above, line in pairwise(lines)
        if " = " in line and not line.startswith("#") and not above.startswith("#")
    ]


def test_every_key_is_explained() -> None:
    """Each key has a comment above it; host and port share one."""
    assert keys_without_a_comment(render_settings(Answers())) == ["port = 8090"]


def test_example_lines_are_settings() -> None:
    """What is commented out would be read if it were not."""
    text = render_settings(Answers(issuer="https://a/", audience="b", client_id="c"))
    examples = ("# deadline", "# [provider", "# jwks_url", "# url", "# client_")
    lines = [line[2:] if line.startswith(examples) else line for line in text.splitlines()]
    settings = read_settings("\n".join(lines), name="x", environment={})
    (provider,) = settings.provider
    assert provider.deadline is not None
    assert provider.keys.jwks_url is not None
    assert provider.revocation is not None
    assert (provider.revocation.client_id, provider.revocation.client_secret_file) == (
        "c",
        "old-client.secret",
    )


@pytest.mark.parametrize("secret", [None, 'a"b\\c'])
def test_secret_or_its_file(secret: str | None) -> None:
    """The one or the other."""
    keys = tomllib.loads(render_settings(Answers(secret=secret)))["keys"]
    assert keys == ({"secret_file": "segue.secret"} if secret is None else {"secret": secret})


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_answer_is_written_so_that_it_reads_the_same(text: str) -> None:
    """Quotes, backslashes, line ends and control characters in an answer do no harm."""
    (provider,) = tomllib.loads(render_settings(Answers(issuer=text, audience=text)))["provider"]
    assert (provider["issuers"], provider["audiences"]) == ([text], [text])
