"""`segue init`: a settings file that works, and a secret that stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from segue.cli.app import run
from segue.service.settings import load_settings

if TYPE_CHECKING:
    from pathlib import Path

KNOWN = [
    "--issuer",
    "https://login.example.org/",
    "--audience",
    "https://api.example.com",
    "--client-id",
    "spa",
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Commands run in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def mode(path: Path) -> int:
    """Who may do what with a file."""
    return path.stat().st_mode & 0o777


def test_filled_in_it_works(folder: Path) -> None:
    """With the provider's three values it is a complete configuration, closed to other users."""
    assert (
        run(["init", *KNOWN, "--api-domain", "https://api.example.com", "--website-domain", "example.com"])
        == 0
    )
    settings = load_settings(folder / "segue.toml", {})
    (provider,) = settings.config.providers
    assert provider.issuers == ("https://login.example.org/",)
    assert settings.config.http.website_domain == "https://example.com"
    assert (mode(folder / "segue.toml"), mode(folder / "segue.secret")) == (0o600, 0o600)


def test_not_filled_in_it_says_what_is_missing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without them it is written, and both commands say what is left to do."""
    assert run(["init"]) == 0
    assert "still to fill in: issuers, audiences, authorized_parties" in capsys.readouterr().out
    for missing in ("issuers", "audiences", "authorized_parties"):
        assert run(["doctor"]) == 2
        assert f"provider old: {missing}" in capsys.readouterr().err
        text = (folder / "segue.toml").read_text()
        (folder / "segue.toml").write_text(
            text.replace(f"\n{missing} = []", f'\n{missing} = ["https://a.example"]')
        )
    load_settings(folder / "segue.toml", {})


def test_secret_is_never_printed_and_never_the_same(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each call makes its own secret and shows none."""
    assert run(["init", "one.toml"]) == run(["init", "two.toml"]) == 0
    one, two = ((folder / f"{name}.secret").read_text().strip() for name in ("one", "two"))
    assert one != two
    said = capsys.readouterr()
    assert [secret for secret in (one, two) if secret in said.out + said.err] == []


def test_file_that_is_there(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It stays, unless --force; and the secret stays even then, for it would sign everybody out."""
    run(["init", *KNOWN])
    secret = (folder / "segue.secret").read_text()
    before = (folder / "segue.toml").read_text()
    assert run(["init"]) == 2
    assert "--force" in capsys.readouterr().err
    assert (folder / "segue.toml").read_text() == before
    assert run(["init", "--force"]) == 0
    assert (folder / "segue.toml").read_text() != before
    assert (folder / "segue.secret").read_text() == secret


def test_secret_in_the_file(folder: Path) -> None:
    """--secret-in-file needs no second file."""
    assert run(["init", *KNOWN, "--secret-in-file"]) == 0
    (secret,) = load_settings(folder / "segue.toml", {}).config.secrets
    assert secret in (folder / "segue.toml").read_text()
    assert [path.name for path in folder.iterdir()] == ["segue.toml"]


def test_folder_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    """It is named in one line."""
    assert run(["init", "no/such/segue.toml"]) == 1
    assert capsys.readouterr().err == "segue: No such file or directory: no/such/segue.secret\n"
