"""`python -m segue.cli` is the `segue` command, also where scripts are not on the path."""

from __future__ import annotations

from segue.cli import main

if __name__ == "__main__":
    main()
