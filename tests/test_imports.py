"""
Who may import whom: one direction, no I/O on the left, every framework in its own corner.

    … ids ← tokens ← sessions ← core ← migration ← profiles ← remote ← http ← stores ← engine ← adapters ← service ← cli

The modules are read, not imported, so an import inside a function or under TYPE_CHECKING counts like any other.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import segue

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = Path(__file__).parent.parent / "src" / "segue"
MODULES = sorted(SOURCE.rglob("*.py"))

LAYERS = [
    {"flow", "errors", "clock", "json", "ids", "discreet", "_version"},
    {"tokens"},
    {"sessions"},
    {"core"},
    {"migration"},
    {"profiles"},
    {"remote"},
    {"http"},
    {"stores"},
    {"config", "old_application", "application", "operations", "engine"},
    {"adapters"},
    {"service"},
    {"demo"},
    {"cli"},
]
"""Left to right: a module may import its own layer and those before it."""

PURE = {"tokens", "sessions", "core", "migration", "profiles", "remote", "http"}
"""These decide and ask; they do nothing themselves."""

DOING = {
    *("asyncio", "anyio", "concurrent", "multiprocessing", "queue", "signal", "subprocess", "threading"),
    *("http.client", "select", "selectors", "socket", "socketserver", "ssl", "urllib.request"),
    *("sqlite3", "psycopg", "asyncpg", "httpx2", "httpcore2", "uvicorn", "typer", "rich"),
    *("random", "secrets", "time"),
}
"""I/O, concurrency, the clock and chance; the last two are arguments in pure code."""

CORNERS = {
    "fastapi": ("segue.adapters.fastapi", "segue.demo"),
    "starlette": ("segue.adapters.asgi", "segue.adapters.fastapi", "segue.demo"),
    "flask": ("segue.adapters.flask",),
    "django": ("segue.adapters.django",),
    "prometheus_client": ("segue.adapters.prometheus", "segue.service.metrics"),
    "opentelemetry": ("segue.adapters.opentelemetry",),
    "typer": ("segue.cli",),
    "rich": ("segue.cli", "segue.demo"),
}
"""Where a framework may be imported, and nowhere else."""

WITH_ANY = {
    "segue.flow",
    "segue.stores.sqlite.commit",
    "segue.stores.sqlite.group_writer",
    "segue.stores.sqlite.writer_thread",
}
"""Modules whose signatures may say `Any`."""

HEAVY = {*CORNERS, "httpx2", "httpcore2", "uvicorn", "pydantic"}
"""What `import segue` must not pull in."""


@cache
def parsed(path: Path) -> ast.Module:
    """The syntax tree of a module."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def module_name(path: Path) -> str:
    """`src/segue/tokens/jws.py` is segue.tokens.jws; a package goes by its folder."""
    parts = ["segue", *path.relative_to(SOURCE).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and full name of everything that a module imports; `from a import b` counts as a.b."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import; write the full name"
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def part(name: str) -> str:
    """`segue.tokens.jws` belongs to tokens."""
    return name.split(".")[1] if "." in name else ""


def layer(name: str) -> int:
    """The place of a part in LAYERS; the package itself comes last, for it re-exports from everywhere."""
    if not part(name):
        return len(LAYERS)
    known = "engine" if part(name) in segue.__all__ else part(name)  # public names come from up to there
    for place, parts in enumerate(LAYERS):
        if known in parts:
            return place
    raise AssertionError(f"{name}: give {part(name)!r} a place in LAYERS of {Path(__file__).name}")


def within(name: str, package: str) -> bool:
    """Whether a dotted name is this package or lies in it."""
    return name == package or name.startswith(f"{package}.")


def in_pure_code() -> list[Path]:
    """The modules that do no I/O."""
    return [path for path in MODULES if part(module_name(path)) in PURE]


def test_imports_point_one_way() -> None:
    """No module imports a layer to its right."""
    wrong = [
        f"{module_name(path)}:{line} imports {name}"
        for path in MODULES
        for line, name in imports(path)
        if within(name, "segue") and name != "segue.__version__" and layer(name) > layer(module_name(path))
    ]
    assert wrong == []


def test_pure_code_imports_nothing_that_acts() -> None:
    """tokens, sessions, core, migration and http import no loop, socket, thread, driver, clock or dice."""
    wrong = [
        f"{module_name(path)}:{line} imports {name}"
        for path in in_pure_code()
        for line, name in imports(path)
        if any(within(name, banned) for banned in DOING | set(CORNERS))
    ]
    assert wrong == []


def test_pure_code_reads_no_clock_and_rolls_no_dice() -> None:
    """In pure code `now` and randomness are arguments: no `datetime.now()`, `uuid4()` or `os.urandom()`."""
    banned = {"now", "utcnow", "today", "uuid1", "uuid4", "urandom", "getrandom"}
    wrong = [
        f"{module_name(path)}:{node.lineno} calls {called}()"
        for path in in_pure_code()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and (called := ast.unparse(node.func)).rpartition(".")[2] in banned
    ]
    assert wrong == []


@pytest.mark.parametrize("framework", CORNERS)
def test_framework_stays_in_its_corner(framework: str) -> None:
    """A framework is imported by its adapter and by nothing else."""
    wrong = [
        f"{module_name(path)}:{line} imports {name}"
        for path in MODULES
        for line, name in imports(path)
        if within(name, framework)
        and not any(within(module_name(path), corner) for corner in CORNERS[framework])
    ]
    assert wrong == []


def test_signatures_hold_no_any() -> None:
    """`Any` stands in the signatures of flow.py, and where one queue holds operations of every result type."""
    wrong = [
        f"{module_name(path)}:{node.lineno} {node.name}"
        for path in MODULES
        if module_name(path) not in WITH_ANY
        for node in ast.walk(parsed(path))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and mentions_any(node)
    ]
    assert wrong == []


def mentions_any(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a parameter or the result is annotated with Any, alone or inside something."""
    arguments = function.args
    every = [
        *arguments.posonlyargs,
        *arguments.args,
        *arguments.kwonlyargs,
        arguments.vararg,
        arguments.kwarg,
    ]
    annotations = [argument.annotation for argument in every if argument] + [function.returns]
    names = (node for annotation in annotations if annotation for node in ast.walk(annotation))
    return any(isinstance(node, ast.Name) and node.id == "Any" for node in names)


def test_modules_open_with_a_docstring() -> None:
    """Every module says first what it decides; empty package files may stay empty."""
    assert [
        module_name(path) for path in MODULES if parsed(path).body and not ast.get_docstring(parsed(path))
    ] == []


def test_import_segue_is_light() -> None:
    """`import segue` pulls in no framework, no HTTP client and no server."""
    script = "import sys, segue; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert HEAVY.intersection(loaded.stdout.split()) == set()
