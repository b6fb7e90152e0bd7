"""The `segue` command. House rule: an error is one line that says how to go on; exit codes are 0, 1 and 2."""

from __future__ import annotations

import sys
from importlib import import_module


def main() -> None:
    """Run the command line of this process and end with its exit code: 0 done, 1 failed, 2 wrong usage or settings."""
    try:
        run = import_module("segue.cli.app").run
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "segue":
            raise
        sys.stderr.write(f"segue: the command line needs {error.name}: pip install 'segue[cli]'\n")
        sys.exit(1)
    sys.exit(run(sys.argv[1:]))
