"""
Writes docs/reference/errors/README.md from the classes in `segue.errors`. `make fix` runs it, a test compares.

The pages it points to are written by hand.
"""

from __future__ import annotations

import inspect
from pathlib import Path

from segue import errors
from segue.errors import SessionError

PAGES = Path(__file__).parent.parent.parent / "docs" / "reference" / "errors"
INDEX = PAGES / "README.md"

HEAD = """\
# Errors by code

<!-- Written by `make fix` from the docstrings in src/segue/errors.py. -->

Every error that segue raises on purpose has a stable code. It is the only part that a client may see; the exception's
text is for your log. Each code has a page: what happened, what the client sees, what to do.

In Python, catch the class, or its family to catch all of a kind:

```python
from segue.errors import RefreshRefused, ReuseDetected, Unavailable

assert issubclass(ReuseDetected, RefreshRefused)
assert ReuseDetected.code == "refresh_reuse_detected"
assert not issubclass(Unavailable, RefreshRefused)  # a fault is not a refusal
```
"""


def error_classes() -> list[type[SessionError]]:
    """Every class of the module, in the order in which it is written there."""
    found = [
        thing for thing in vars(errors).values() if inspect.isclass(thing) and issubclass(thing, SessionError)
    ]
    return [thing for thing in found if thing.__module__ == errors.__name__]


def has_own_code(error: type[SessionError]) -> bool:
    """Whether the class itself names its code, and does not borrow its family's."""
    return "code" in vars(error)


def family_of(error: type[SessionError]) -> type[SessionError]:
    """The class right under SessionError that this one descends from; the root is its own family."""
    line = [one for one in error.__mro__ if issubclass(one, SessionError)]
    return line[-2] if len(line) > 1 else error


def effect(error: type[SessionError]) -> str:
    """The first line of the class's docstring."""
    return (inspect.getdoc(error) or "").partition("\n\n")[0].replace("\n", " ")


def render() -> str:
    """The whole index page, grouped by family."""
    lines = [HEAD]
    for family in dict.fromkeys(family_of(error) for error in error_classes()):
        members = [error for error in error_classes() if family_of(error) is family and has_own_code(error)]
        lines += [f"## {family.__name__}", "", effect(family), "", "| code | class | when |", "|---|---|---|"]
        lines += [f"| [{one.code}]({one.code}.md) | `{one.__name__}` | {effect(one)} |" for one in members]
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    INDEX.write_text(render(), encoding="utf-8")
