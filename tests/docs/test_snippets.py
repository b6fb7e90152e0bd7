"""
Every Python block of the pages runs.

The blocks of one page share a namespace and run from top to bottom in an empty directory, so a reader can paste them
one after the other. A block that cannot run says why, after its language: `python no-run: needs your provider`.
"""

from __future__ import annotations

import doctest
import importlib
import json
import re
import sys
import tomllib
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from tests.docs.pages import ROOT, Block, blocks, page_id, pages

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

READERS: dict[str, Callable[[str], object]] = {"toml": tomllib.loads, "json": json.loads}


def blocks_in(page: Path, language: str) -> list[Block]:
    """The page's blocks in this language."""
    return [block for block in blocks(page.read_text(encoding="utf-8")) if block.language == language]


def pages_with(language: str) -> list[Path]:
    """The pages that have such blocks."""
    return [page for page in pages() if blocks_in(page, language)]


def run_blocks(page: Path, snippets: list[Block]) -> None:
    """Run blocks in one module, with the page's own line numbers in tracebacks."""
    module = ModuleType("page")
    sys.modules[module.__name__] = module
    try:
        for block in snippets:
            source = "\n" * (block.line - 1) + block.body
            exec(compile(source, page, "exec", dont_inherit=True), vars(module))  # noqa: S102 - our own pages
    finally:
        del sys.modules[module.__name__]


@pytest.mark.parametrize("page", pages_with("python"), ids=page_id)
def test_python_blocks_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page's Python blocks run, pasted in their order."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SEGUE_SECRET", "what a reader exports before: 0123456789")
    run_blocks(page, [block for block in blocks_in(page, "python") if not block.remark])


@pytest.mark.parametrize("page", pages_with("python"), ids=page_id)
def test_blocks_that_do_not_run_say_why(page: Path) -> None:
    """The one remark that a Python block may carry is `no-run:` and a reason."""
    remarks = [block.remark for block in blocks_in(page, "python") if block.remark]
    assert [remark for remark in remarks if not re.fullmatch(r"no-run: \w.+", remark)] == []


@pytest.mark.parametrize("page", pages_with("python"), ids=page_id)
def test_blocks_that_do_not_run_still_compile(page: Path) -> None:
    """A block that needs the outside world is at least Python."""
    for block in blocks_in(page, "python"):
        compile(block.body, f"{page}:{block.line}", "exec", dont_inherit=True)


@pytest.mark.parametrize("language", READERS)
def test_data_blocks_can_be_read(language: str) -> None:
    """TOML and JSON blocks parse; an abridged one is marked with another language."""
    for page in pages_with(language):
        for block in blocks_in(page, language):
            try:
                READERS[language](block.body)
            except ValueError as error:
                pytest.fail(f"{page_id(page)}:{block.line}: {error}")


def modules_with_examples() -> list[str]:
    """The package's modules whose source holds a `>>>` example."""
    source = ROOT / "src"
    found = [path for path in sorted(source.rglob("*.py")) if ">>> " in path.read_text(encoding="utf-8")]
    return [".".join(path.relative_to(source).with_suffix("").parts) for path in found]


def test_docstring_examples_hold() -> None:
    """Each `>>>` in a docstring prints what it says."""
    failed = [
        name for name in modules_with_examples() if doctest.testmod(importlib.import_module(name)).failed
    ]
    assert failed == []
