"""The project's pages as data: which there are, their code blocks, headings and links."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent.parent

FENCE = re.compile(
    r"^(?P<indent> *)(?P<ticks>`{3,})(?P<info>[^`\n]*)\n(?P<body>.*?)^(?P=indent)(?P=ticks) *$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A fenced block: the words after the fence, what it holds and the line where that starts."""

    info: str
    body: str
    line: int

    @property
    def language(self) -> str:
        """The first word after the fence."""
        return self.info.split(" ")[0]

    @property
    def remark(self) -> str:
        """What follows the language."""
        return self.info.partition(" ")[2].strip()


def pages() -> list[Path]:
    """Every Markdown page that a reader of the project meets."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def page_id(page: Path) -> str:
    """A page's name in test output."""
    return str(page.relative_to(ROOT))


def blocks(text: str) -> Iterator[Block]:
    """The fenced blocks of a page, from top to bottom, freed from their indentation."""
    for match in FENCE.finditer(text):
        indent = re.compile(rf"^ {{0,{len(match['indent'])}}}", re.MULTILINE)
        yield Block(
            info=match["info"].strip(),
            body=indent.sub("", match["body"]),
            line=text.count("\n", 0, match.start("body")) + 1,
        )


def prose(text: str) -> str:
    """A page without its fenced blocks."""
    return FENCE.sub("", text)


def links(text: str) -> list[str]:
    """Targets of the links and pictures in a page's prose, in Markdown or as HTML attributes."""
    plain = re.sub(r"`[^`\n]*`", "", prose(text))
    markdown = re.findall(r"\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)", plain)
    references = re.findall(r"^\[[^\]]+\]:\s*(\S+)", plain, re.MULTILINE)
    attributes = re.findall(r"(?:src|srcset|href)=\"([^\"]+)\"", plain)
    return [*markdown, *references, *attributes]


def anchors(text: str) -> set[str]:
    """The fragments that a page's headings can be reached by, as forges make them."""
    found: set[str] = set()
    for heading in re.findall(r"^#{1,6} +(.+?) *#*$", prose(text), re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        count = sum(1 for one in found if re.fullmatch(rf"{re.escape(slug)}(-\d+)?", one))
        found.add(f"{slug}-{count}" if count else slug)
    return found | set(re.findall(r"<a (?:id|name)=\"([^\"]+)\"", text))
