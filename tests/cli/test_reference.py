"""docs/reference/cli.md has every command and every option."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from segue.cli.app import COMMANDS, run

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "cli.md").read_text()
SUBCOMMANDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "identities": (("import",),),
    "sessions": (("list",),),
    "db": (("upgrade",),),
    "users": (("import",),),
}
CALLS = [(name, *rest) for name in COMMANDS for rest in SUBCOMMANDS.get(name, ((),))]
COMMON = {"--help", "--config"}


def section(call: tuple[str, ...]) -> str:
    """What the page says of a command."""
    return PAGE.split(f"\n## segue {' '.join(call)}\n")[1].split("\n## ")[0]


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_every_option_has_a_line(call: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """The options of the page are those of the command."""
    assert run([*call, "--help"]) == 0
    options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", capsys.readouterr().out)) - COMMON
    documented = set(re.findall(r"^\| .*?\|", section(call), re.MULTILINE))
    assert options == set(re.findall(r"--[a-z][a-z-]*", " ".join(documented))) - COMMON


def test_every_command_is_in_the_table() -> None:
    """The table at the top lists the commands of `segue --help`, in its order."""
    assert re.findall(r"^\| \[`segue (\w+)`\]", PAGE, re.MULTILINE) == list(COMMANDS)
