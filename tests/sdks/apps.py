"""
The applications on the published SDKs, installed once and started as processes.

House rule: what runs is what npm's lock file, `requirements.txt` and `go.sum` name, and none of it comes near the
environment of the tests.
"""

from __future__ import annotations

import fcntl
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support import npm, pip
from tests.support.processes import Server, free_port, start
from tests.support.programs import missing, required_program

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[1] / "examples"
SDKS = ("node", "fastapi", "flask", "django", "go")
INSTALL_SECONDS = 300


def command(sdk: str) -> list[str | Path]:
    """What starts the application of an SDK; installs what it needs."""
    match sdk:
        case "node":
            npm.install(HERE / "node")
            return [required_program("node", package="nodejs"), HERE / "node" / "app.mjs"]
        case "go":
            return [_built_go(HERE / "go")]
        case _:
            return [_python(), HERE / "python" / f"with_{sdk}.py"]


@contextmanager
def running(
    sdk: str, *, core: str, api_key: str = "", logs: Path, settings: Mapping[str, str] | None = None
) -> Generator[Server]:
    """
    An application that uses a core.

    Args:
        sdk: one of `SDKS`.
        core: connection URI; several with semicolons between them.
        api_key: of the core.
        logs: folder for its output.
        settings: `ANTI_CSRF`, `STATIC`, `WEBSITE`.
    """
    port = free_port()
    environment = {"PORT": str(port), "CORE": core, "API_KEY": api_key, **(settings or {})}
    server = start(
        f"{sdk}-{port}",
        command(sdk),
        port=port,
        logs=logs,
        ready="/ready",
        env=environment | {"PYTHONPATH": "", "PYTHONDONTWRITEBYTECODE": "1"},
    )
    try:
        yield server
    finally:
        server.stop()


def example(name: str) -> list[str | Path]:
    """What starts an application of `examples`; installs what it needs."""
    match name:
        case "express":
            npm.install(EXAMPLES / name)
            return [required_program("node", package="nodejs"), EXAMPLES / name / "server.mjs"]
        case "go":
            return [_built_go(EXAMPLES / name)]
        case _:
            return [_python(), EXAMPLES / name / "app.py"]


def _python() -> Path:
    folder = HERE / "python"
    return pip.environment(
        folder, folder / "requirements.txt", EXAMPLES / "fastapi-supertokens" / "requirements.txt"
    )


def _built_go(folder: Path) -> Path:
    go = required_program("go", package="golang-go")
    program = folder / "build" / "app"
    program.parent.mkdir(exist_ok=True)
    with (folder / "main.go").open() as gate:  # not go.mod, which go itself locks
        fcntl.flock(gate, fcntl.LOCK_EX)
        _run([go, "build", "-o", program, "."], what="go build", cwd=folder)
    return program


def _run(words: list[str | Path], *, what: str, cwd: Path | None = None) -> None:
    done = subprocess.run(
        [str(word) for word in words],
        check=False,
        capture_output=True,
        text=True,
        timeout=INSTALL_SECONDS,
        cwd=cwd,
    )
    if done.returncode != 0:
        missing(f"{what} failed: {done.stderr[-1000:]}")
