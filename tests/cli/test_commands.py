"""The command line as a whole: help, versions, missing packages, wrong usage, and errors of one line."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

from segue import __version__
from segue.cli.app import COMMANDS, run
from tests.cli.world import clean_environment, segue

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Commands run in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    """`segue --version` says it."""
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"segue {__version__}\n"


@pytest.mark.parametrize("arguments", [[], ["--help"]], ids=["nothing", "help"])
def test_help_lists_every_command(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Without a command, or asked for help, all of them are listed."""
    assert run(arguments) == 0
    said = capsys.readouterr().out
    assert [name for name in COMMANDS if f" {name} " not in said] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_command_says_what_the_list_says(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each command is there, and its own help begins with its line in the list."""
    assert run([name, "--help"]) == 0
    assert COMMANDS[name].help in " ".join(capsys.readouterr().out.split())


def test_help_imports_no_command() -> None:
    """`segue --help` loads neither server nor HTTP client, so that it is quick and needs no extra."""
    script = (
        "import sys; from segue.cli.app import run; run(['--help']);"
        "sys.stderr.write(' '.join(name for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    loaded = {name.partition(".")[0] for name in done.stderr.split()}
    assert loaded & {"uvicorn", "httpx2", "httpcore2", "fastapi", "starlette", "sqlite3"} == set()


BLOCK = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == {package!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Missing())
sys.argv[0] = "segue"
from segue.cli import main
main()
"""


@pytest.mark.parametrize(
    ("package", "arguments", "command"),
    [
        ("typer", ["--help"], "pip install 'segue[cli]'"),
        ("uvicorn", ["serve"], "pip install 'segue[serve]'"),
        ("httpcore2", ["doctor"], "pip install 'segue[serve]'"),
        ("httpx2", ["demo"], "pip install 'segue[demo]'"),
    ],
)
def test_missing_package(package: str, arguments: list[str], command: str) -> None:
    """Where a package is not installed, the one line says what to install."""
    script = BLOCK.format(package=package)
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], check=False, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert command in done.stderr
    assert len(done.stderr.splitlines()) == 1


WRONG = {
    "unknown command": ["serv"],
    "unknown option": ["serve", "--prot", "1"],
    "no number": ["serve", "--port", "many"],
    "missing argument": ["pin"],
    "missing subcommand": ["db"],
    "nothing to revoke": ["revoke"],
    "handle and user": ["revoke", "x", "--user", "y"],
    "no settings": ["doctor"],
    "no such settings": ["serve", "--config", "not-there.toml"],
}


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_usage(wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2 and one line on standard error."""
    assert run(WRONG[wrong]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("segue: ")
    assert len(captured.err.splitlines()) == 1
    assert captured.out == ""


def test_unknown_command_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    """A slip of the pen is understood."""
    run(["serv"])
    assert "'serve'" in capsys.readouterr().err


def test_mistake_of_ours_keeps_its_text_to_itself(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error that nobody foresaw is one line with its place, without its text."""

    def init() -> None:
        raise KeyError("secret-token")

    monkeypatch.setattr(import_module("segue.cli.init"), "init", init)
    assert run(["init"]) == 1
    said = capsys.readouterr().err
    assert "KeyError < init (test_commands.py" in said
    assert "secret-token" not in said
    assert len(said.splitlines()) == 1


@pytest.mark.processes
def test_script_and_module_are_one(folder: Path) -> None:
    """The process ends with the exit code of the command."""
    assert segue("--version", cwd=folder).out == f"segue {__version__}\n"
    done = segue("serve", cwd=folder)
    assert (done.code, "segue init" in done.err, "Traceback" in done.err) == (2, True, False)
    assert not any(name.startswith("SEGUE_") for name in clean_environment())
