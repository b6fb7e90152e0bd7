"""Every error survives pickle, has a code of its own and a page for that code; the drawn tree is the real one."""

from __future__ import annotations

import inspect
import pickle
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from segue import errors
from segue.errors import SessionError
from tests.docs.error_index import INDEX, PAGES, error_classes, has_own_code, render

HEADINGS = ("## What happened", "## What the client sees", "## What to do")

SAMPLES: dict[object, object] = {
    str: "text",
    int: 7,
    float: 0.5,
    bool: True,
    bytes: b"bytes",
    datetime: datetime(2026, 1, 2, tzinfo=UTC),
    timedelta: timedelta(seconds=3),
}
"""What stands in for a constructor's parameter, by its type."""


CLASSES = error_classes()
every_error = pytest.mark.parametrize("error", CLASSES, ids=lambda error: error.__name__)


def sample_of(annotation: object) -> object:
    """A value of this type: from SAMPLES, or for a NewType, tuple or union through its parts."""
    if annotation in SAMPLES:
        return SAMPLES[annotation]
    if supertype := getattr(annotation, "__supertype__", None):
        return sample_of(supertype)
    origin = getattr(annotation, "__origin__", None)
    parts = [part for part in getattr(annotation, "__args__", ()) if part is not Ellipsis]
    if inspect.isclass(origin) and issubclass(origin, tuple):
        return tuple(sample_of(part) for part in parts)
    if parts and origin is None:
        return sample_of(parts[0])
    raise AssertionError(f"{annotation}: give this type a value in SAMPLES of {Path(__file__).name}")


def made(error: type[SessionError]) -> SessionError:
    """An instance with a value for every parameter; `*args` get two facts."""
    if "__init__" not in {
        name for one in error.__mro__ if issubclass(one, SessionError) for name in vars(one)
    }:
        return error("first fact", 2)
    hints = get_type_hints(error.__init__)
    signature = inspect.signature(error)
    values = {name: sample_of(hints[name]) for name in signature.parameters if name in hints}
    positional = [
        v for n, v in values.items() if signature.parameters[n].kind is not inspect.Parameter.KEYWORD_ONLY
    ]
    keyword = {
        n: v for n, v in values.items() if signature.parameters[n].kind is inspect.Parameter.KEYWORD_ONLY
    }
    build: Any = error
    built: SessionError = build(*positional, **keyword)
    return built


@every_error
def test_error_survives_pickle(error: type[SessionError]) -> None:
    """An error that crosses a process keeps its class, arguments, attributes and text."""
    original = made(error)
    copy = pickle.loads(pickle.dumps(original))  # noqa: S301 - our own bytes
    assert type(copy) is error
    assert copy.args == original.args
    assert vars(copy) == vars(original)
    assert str(copy) == str(original)


@every_error
def test_error_speaks(error: type[SessionError]) -> None:
    """Its text is never empty and it has a docstring of its own."""
    assert str(made(error)).strip()
    assert error.__doc__


@every_error
def test_code_is_its_own(error: type[SessionError]) -> None:
    """Each class names a code; a borrowed one could not be told from its family's."""
    assert has_own_code(error), f"{error.__name__} has no `code` of its own"
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*|[A-Z]+(_[A-Z]+)*", error.code)


def test_codes_are_unique() -> None:
    """No two classes share a code, not even in another spelling."""
    shared = [code for code, count in Counter(error.code.upper() for error in CLASSES).items() if count > 1]
    assert shared == []


@every_error
def test_error_has_a_page(error: type[SessionError]) -> None:
    """docs/reference/errors/<code>.md tells what happened, what the client sees and what to do."""
    page = PAGES / f"{error.code}.md"
    assert page.is_file(), f"{error.__name__}: write docs/reference/errors/{error.code}.md"
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# {error.code}\n\n`{error.__name__}`"), (
        f"{page.name} must name its code and class on top"
    )
    assert [heading for heading in HEADINGS if f"\n{heading}\n" not in text] == []


def test_no_page_outlives_its_error() -> None:
    """Every page belongs to a class that is still there."""
    pages = {page.stem for page in PAGES.glob("*.md")} - {"README"}
    assert pages - {error.code for error in CLASSES} == set()


def test_index_is_current() -> None:
    """The index lists exactly the classes, with today's docstrings."""
    assert INDEX.read_text(encoding="utf-8") == render(), "run `make fix` and commit the index"


def test_drawn_tree_matches_the_classes() -> None:
    """The tree in the module's docstring shows every class under its parent, and no other."""
    assert drawn_tree() == {
        (error.__name__, str(error.__base__ and error.__base__.__name__)) for error in CLASSES
    }


def drawn_tree() -> set[tuple[str, str]]:
    """Each name in the drawing, with the name above it one step to the left."""
    pairs: set[tuple[str, str]] = set()
    above: dict[int, str] = {-1: "Exception"}
    for line in (errors.__doc__ or "").splitlines():
        if match := re.match(r"^    ((?:[│├└─ ]{4})*)([A-Z]\w+)", line):
            depth = len(match[1]) // 4
            above[depth] = match[2]
            pairs.add((match[2], above[depth - 1]))
    return pairs
