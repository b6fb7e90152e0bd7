"""What must not be in the tree: paths of one machine, addresses of one registry, keys and passwords of anyone."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.support.programs import required_program

ROOT = Path(__file__).parent.parent

LEFTOVERS = {
    "a path of one machine": re.compile(r"(?<![\w.:/-])/(work|root|home|Users|farm)/\w"),
    "a private key": re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\s+[A-Za-z0-9+/]{40}"),
    "a cloud or forge credential": re.compile(
        r"\b(?:AKIA[0-9A-Z]{16}|gh[pousr]_\w{36}|sk_live_\w{20}|xox[bp]-\w{10})"
    ),
    "an address with a password": re.compile(
        r"\b(?:https?|postgres(?:ql)?)://[\w.-]+:[^\s@/{}<>$*]{12,}@(?!localhost)"
    ),
    "an unresolved merge": re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE),
}
PUBLIC_REGISTRIES = ("https://registry.npmjs.org/",)


def tracked() -> list[Path]:
    """The files under version control that are still there."""
    git = required_program("git", package="git")
    listed = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True)
    files = (ROOT / name for name in listed.stdout.split("\0") if name)
    return [path for path in files if path.is_file()]


def text_of(path: Path) -> str:
    """The text of a file; nothing for pictures and other binaries."""
    content = path.read_bytes()
    return "" if b"\0" in content else content.decode("utf-8")


@pytest.mark.parametrize("leftover", LEFTOVERS)
def test_tree_holds_no_leftover(leftover: str) -> None:
    """No tracked file holds what belongs to one machine or one person only."""
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in tracked()
        for match in LEFTOVERS[leftover].finditer(text_of(path))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("leftover", "text"),
    [
        ("a path of one machine", "see /" + "home/ada/notes"),
        ("a private key", "-----BEGIN PRIVATE" + " KEY-----\n" + "A" * 64),
        ("a cloud or forge credential", "AK" + "IA" + "ABCDEFGH" * 2),
        ("an address with a password", "postgres://ada:" + "correct-horse-battery" + "@db.example/x"),
        ("an unresolved merge", "<" * 7 + " HEAD"),
    ],
)
def test_leftover_is_recognised(leftover: str, text: str) -> None:
    """Each pattern finds what it is for."""
    assert LEFTOVERS[leftover].search(text)


def test_lock_files_name_no_private_registry() -> None:
    """A lock file resolves from the public registry or names none, so that it installs anywhere."""
    found = [
        f"{path.relative_to(ROOT)}: {name} from {address}"
        for path in tracked()
        if path.name == "package-lock.json"
        for name, entry in json.loads(text_of(path))["packages"].items()
        if (address := str(entry.get("resolved", ""))).startswith("http")
        and not address.startswith(PUBLIC_REGISTRIES)
    ]
    assert found == []


def test_no_index_of_packages_is_configured() -> None:
    """No tracked file points pip or npm at a registry: that is the machine's business."""
    setting = re.compile(r"--(?:extra-)?index-url|^\s*(?:index-url|registry)\s*=", re.MULTILINE)
    here = Path(__file__)
    assert [path.name for path in tracked() if path != here and setting.search(text_of(path))] == []
