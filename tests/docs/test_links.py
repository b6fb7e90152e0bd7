"""What the pages point at is there: files, headings, `make` targets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.docs.pages import ROOT, anchors, blocks, links, page_id, pages, prose

if TYPE_CHECKING:
    from pathlib import Path

every_page = pytest.mark.parametrize("page", pages(), ids=page_id)


def broken(page: Path, link: str) -> bool:
    """Whether a link within the project leads nowhere."""
    if re.match(r"[a-z][a-z0-9+.-]*:|//", link):
        return False
    name, _, fragment = link.partition("#")
    target = (page.parent / name).resolve() if name else page
    if not target.exists() or not target.is_relative_to(ROOT):
        return True
    return (
        bool(fragment)
        and target.suffix == ".md"
        and fragment not in anchors(target.read_text(encoding="utf-8"))
    )


@every_page
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link names a file of the project, and its fragment a heading there."""
    assert [link for link in links(page.read_text(encoding="utf-8")) if broken(page, link)] == []


def make_targets() -> set[str]:
    """The targets that the Makefile declares."""
    return set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def targets_named(text: str) -> set[str]:
    """Targets in `make …` code spans and on the command lines of fenced blocks."""
    spans = re.findall(r"`make ([a-z][a-z-]*)[^`\n]*`", prose(text))
    shell = [block.body for block in blocks(text) if block.language in {"", "sh", "bash", "console"}]
    commands = [
        name for body in shell for name in re.findall(r"^(?:\$ )?make ([a-z][a-z-]*)", body, re.MULTILINE)
    ]
    return {*spans, *commands}


@every_page
def test_make_targets_exist(page: Path) -> None:
    """Every `make` target that a page names is in the Makefile."""
    assert targets_named(page.read_text(encoding="utf-8")) - make_targets() == set()


def test_make_targets_explain_themselves() -> None:
    """Every target that is not a file has a `##` line for `make help`."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    explained = set(re.findall(r"^([a-z][a-z-]*):.*? ## \S", makefile, re.MULTILINE))
    assert explained == {name for line in phony for name in line.split()}


def test_every_page_can_be_reached() -> None:
    """From the README and the index of the docs, link by link, a reader comes to every other page."""
    seen: set[Path] = set()
    ahead = [ROOT / "README.md", ROOT / "docs" / "README.md"]
    while ahead:
        page = ahead.pop()
        if page in seen or page.suffix != ".md" or not page.is_file():
            continue
        seen.add(page)
        targets = (
            link.partition("#")[0] for link in links(page.read_text(encoding="utf-8")) if ":" not in link
        )
        ahead += [(page.parent / target).resolve() for target in targets if target]
    assert [page_id(page) for page in pages() if page not in seen] == []
