"""
What `from segue import …` offers is a promise, kept in public_surface.txt and changed there on purpose.

A name that leaves the list breaks somebody's import: the CHANGELOG says so.
"""

from __future__ import annotations

import inspect
from pathlib import Path

import segue

PROMISED = Path(__file__).with_name("public_surface.txt").read_text(encoding="utf-8").split()


def test_public_names_are_the_promised_ones() -> None:
    """`segue.__all__` equals public_surface.txt."""
    assert sorted(segue.__all__) == PROMISED


def test_public_names_are_sorted() -> None:
    """Neither list names anything twice; the linter keeps one sorted, this the other."""
    assert len(set(segue.__all__)) == len(segue.__all__)
    assert sorted(set(PROMISED)) == PROMISED


def test_public_names_exist() -> None:
    """Every promised name can be imported."""
    assert [name for name in segue.__all__ if not hasattr(segue, name)] == []


def test_public_names_have_docstrings() -> None:
    """Every public class and function says what it does, in words of its own."""
    named = {name: getattr(segue, name) for name in segue.__all__}
    described = {
        name: thing for name, thing in named.items() if inspect.isclass(thing) or inspect.isroutine(thing)
    }
    assert [name for name, thing in described.items() if not own_docstring(thing)] == []


def own_docstring(thing: object) -> str:
    """The docstring, unless it is the signature that `dataclass` puts in the place of a missing one."""
    text = (getattr(thing, "__doc__", None) or "").strip()
    return "" if text.startswith(f"{getattr(thing, '__name__', '')}(") else text


def test_version_is_pep_440() -> None:
    """The version reads as a version, so that installers can compare it."""
    assert segue.__version__.split(".")[0].isdigit()
