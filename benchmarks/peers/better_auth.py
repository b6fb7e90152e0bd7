"""better-auth on Node.js, in a process of its own that tells its own CPU time."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.measuring import Contender, Sample

_NODE = Path(__file__).parent.parent / "node"


@contextmanager
def creating(folder: Path, *, synchronous: str, count: int) -> Iterator[list[Contender]]:
    """Sign-in with the hash stubbed out, and the adapter alone; nobody, if Node.js or its packages are not there."""
    node = shutil.which("node")
    if node is None or not (_NODE / "node_modules" / "better-auth").is_dir():
        print("better-auth is left out: it needs Node.js and `npm ci` in benchmarks/node")
        yield []
        return
    command = [node, "sessions.mjs", str(folder / "better-auth.sqlite3"), synchronous]
    with subprocess.Popen(
        command, cwd=_NODE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        asked, answers = process.stdin, process.stdout
        assert answers.readline() == "ready\n"

        def contender(name: str, what: str) -> Contender:
            def turn() -> Sample:
                asked.write(f"{what} {count}\n")
                asked.flush()
                return Sample(**json.loads(answers.readline()))

            return Contender(name, turn)

        yield [
            contender("better-auth, sign-in without its hash, FULL", "signIn"),
            contender("better-auth, internal adapter alone, FULL", "createSession"),
        ]
        asked.close()
