"""Files of mappings are read line by line, and a line that cannot be used costs no other one."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from segue.cli.mapping_files import LONGEST_LINE, BadLine, Form, MappingLine, form_of, read_mappings
from segue.errors import ConfigurationError
from segue.ids import AppId

SHOP = AppId("shop")
HEAD = b"superTokensUserId,externalUserId,externalUserIdInfo\n"
GOOD = {
    "plain": (b"a,x,\n", ("a", "x", None)),
    "info": (b"a,x,from the old shop\n", ("a", "x", "from the old shop")),
    "quoted": (b'"a ""b""","x,y","i"\n', ('a "b"', "x,y", "i")),
    "blanks around": (b"  a , x ,  \r\n", ("a", "x", None)),
    "letters of the world": ("ada ☃,x,é\n".encode(), ("ada ☃", "x", "é")),
    "no end of line": (b"a,x,i", ("a", "x", "i")),
    "as long as may be": (b"a," + b"x" * 128 + b",\n", ("a", "x" * 128, None)),
}
BAD = {
    "too few": (b"a,x\n", "2 fields where the first line names 3"),
    "too many": (b"a,x,i,j\n", "4 fields where the first line names 3"),
    "no user id": (b" ,x,\n", "no superTokensUserId"),
    "no external id": (b"a,,\n", "no externalUserId"),
    "quote not closed": (b'a,"x,\n', "quotes that are not closed, or more than one line"),
    "text after a quote": (b'"a"b,x,\n', "quotes that are not closed, or more than one line"),
    "not UTF-8": (b"a,\xff,\n", "not UTF-8"),
    "id too long": (b"a," + b"x" * 129 + b",\n", "externalUserId is longer than 128 characters"),
    "control character": (b"a\x1b[2J,x,\n", "a control character in superTokensUserId"),
    "NUL": (b"a,x,\x00\n", "a NUL in externalUserIdInfo"),
    "line too long": (b"a,x," + b"i" * (3 * LONGEST_LINE) + b"\n", "longer than 64 KiB"),
}


def read(content: bytes, form: Form = "csv") -> list[MappingLine | BadLine]:
    """All lines."""
    return list(read_mappings(io.BytesIO(content), form=form, app_id=SHOP))


def fields(line: MappingLine | BadLine) -> tuple[str, str, str | None]:
    """What a good line says."""
    assert isinstance(line, MappingLine), line
    assert line.mapping.app_id == SHOP
    return line.mapping.user_id, line.mapping.external_id, line.mapping.info


@pytest.mark.parametrize(("line", "meant"), GOOD.values(), ids=list(GOOD))
def test_csv_line(line: bytes, meant: tuple[str, str, str | None]) -> None:
    """A line of CSV is one mapping."""
    assert [fields(each) for each in read(HEAD + line)] == [meant]


@pytest.mark.parametrize(("line", "reason"), BAD.values(), ids=list(BAD))
def test_bad_csv_line(line: bytes, reason: str) -> None:
    """A line that cannot be used is told by its number and reason; those around it are read."""
    before, bad, after = read(HEAD + b"b,y,\n" + line + b"c,z,\n")
    assert fields(before) == ("b", "y", None)
    assert bad == BadLine(number=3, reason=reason)
    assert fields(after) == ("c", "z", None)
    assert isinstance(after, MappingLine)
    assert after.number == 4


@pytest.mark.parametrize(
    ("head", "line"),
    [
        (b"userId,externalUserId\n", b"a,x\n"),
        (b"externalUserId,superTokensUserId\n", b"x,a\n"),
        (b"\xef\xbb\xbfsuperTokensUserId,externalUserId\r\n", b"a,x\r\n"),
        (b' "userId" , externalUserId ,e-mail\n', b"a,x,ada@example.org\n"),
        (b"userId,externalUserId,externalUserIdInfo\n", b"a,x,\n"),
    ],
)
def test_columns_by_their_names(head: bytes, line: bytes) -> None:
    """Columns are found by their names, in any order; those that mean nothing here are passed over."""
    if head.startswith(b' "'):
        with pytest.raises(ConfigurationError, match="first line"):  # a blank before a quote is not CSV
            read(head + line)
        head = head.replace(b' "userId" ', b'"userId"')
    assert [fields(each) for each in read(head + line)] == [("a", "x", None)]


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"a,x\n",
        b"userId\n",
        b"externalUserId\n",
        b"userId,externalUserId,userId\n",
        b"userId,superTokensUserId,externalUserId\n",
        b'"userId\n',
    ],
)
def test_csv_without_columns(head: bytes) -> None:
    """A file whose first line does not name the columns is refused as a whole."""
    with pytest.raises(ConfigurationError, match="first line must name the columns"):
        read(head + b"a,x\n")


def test_blank_lines() -> None:
    """Blank lines are passed over, and count."""
    (line,) = read(HEAD + b"\n   \r\na,x,\n\n")
    assert isinstance(line, MappingLine)
    assert line.number == 4


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        (b'{"superTokensUserId":"a","externalUserId":"x"}', ("a", "x", None)),
        (b'{"userId":" a ","externalUserId":"x\\u2603","externalUserIdInfo":"i"}', ("a", "x☃", "i")),
        (b'\xef\xbb\xbf{"userId":"a","externalUserId":"x","externalUserIdInfo":null}', ("a", "x", None)),
        (
            b'{"userId":"a","superTokensUserId":null,"externalUserId":"x","externalUserIdInfo":""}',
            ("a", "x", None),
        ),
    ],
)
def test_json_line(line: bytes, meant: tuple[str, str, str | None]) -> None:
    """A line of JSON lines is one mapping."""
    assert [fields(each) for each in read(line + b"\n\n", "jsonl")] == [meant]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "not JSON"),
        (b"[]", "not an object of texts"),
        (b'{"userId":1,"externalUserId":"x"}', "not an object of texts"),
        (b'{"userId":"a"}', "no externalUserId"),
        (b'{"userId":"b","superTokensUserId":"a","externalUserId":"x"}', "both superTokensUserId and userId"),
        (b'{"externalUserId":"x"}', "no superTokensUserId"),
        (b'{"userId":"a\\u0000","externalUserId":"x"}', "a control character in userId"),
    ],
)
def test_bad_json_line(line: bytes, reason: str) -> None:
    """A line of JSON that cannot be used costs no other."""
    good = b'{"userId":"a","externalUserId":"x"}\n'
    first, bad, last = read(good + line + b"\n" + good, "jsonl")
    assert fields(first) == fields(last)
    assert bad == BadLine(number=2, reason=reason)


def test_form_by_name() -> None:
    """The ending of a name tells the form; where it does not, that is said."""
    names = ("a.csv", "b.CSV", "c.jsonl", "d.ndjson")
    assert [form_of(Path(name)) for name in names] == ["csv", "csv", "jsonl", "jsonl"]
    with pytest.raises(ConfigurationError, match="--format"):
        form_of(Path("users.json"))
