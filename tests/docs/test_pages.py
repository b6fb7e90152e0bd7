"""The reader of pages sees what a person sees, so that the other tests here can fail."""

from __future__ import annotations

from tests.docs.pages import anchors, blocks, links

PAGE = """\
# One *thing*: `make`

See [two](two.md#part "title"), ![three](pictures/three.svg) and <img src="four.png">, not `[five](five.md)`.

- a list

  ```python no-run: needs a provider
  [six](six.md)
    indented
  ```

## Part
## Part

[seven]: docs/seven.md
"""


def test_blocks() -> None:
    """A block comes with language, remark, line, and without the indentation of its list."""
    (block,) = blocks(PAGE)
    assert (block.language, block.remark, block.line) == ("python", "no-run: needs a provider", 8)
    assert block.body == "[six](six.md)\n  indented\n"


def test_links() -> None:
    """Links count in prose, in pictures and in HTML, not in code."""
    assert links(PAGE) == ["two.md#part", "pictures/three.svg", "docs/seven.md", "four.png"]


def test_anchors() -> None:
    """Headings become fragments as forges make them; the second of a name is numbered."""
    assert anchors(PAGE) == {"one-thing-make", "part", "part-1"}
