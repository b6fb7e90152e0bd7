"""`segue init`: a settings file that works, and a secret that stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from segue.cli.app import run
from segue.migration.provider import Provider
from segue.profiles import PROFILES
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


AUTH0 = [
    "--profile",
    "auth0",
    "--value",
    "domain=acme.eu.auth0.com",
    "--value",
    "api=https://api.example.com",
]


def test_profile_filled_in_works(folder: Path) -> None:
    """With the profile's values it is a complete configuration."""
    assert run(["init", *AUTH0, "--value", "client_ids=spa, app"]) == 0
    (provider,) = load_settings(folder / "segue.toml", {}).config.providers
    assert isinstance(provider, Provider)
    assert provider.rules.profile == "auth0"
    assert provider.authorized_parties == frozenset({"spa", "app"})


def test_profile_not_filled_in_says_what_is_missing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is left out is named, and refused when the file is read, with the sentence that mends it."""
    assert run(["init", *AUTH0]) == 0
    assert "still to fill in: client_ids" in capsys.readouterr().out
    assert run(["doctor"]) == 2
    assert "client_ids names nobody" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--profile", "autho"], "did you mean auth0"),
        (["--value", "domain=x"], "name it with --profile"),
        (["--profile", "auth0", "--value", "domian=x"], "did you mean domain"),
        (["--profile", "auth0", "--issuer", "https://x/"], "instead of --issuer"),
    ],
    ids=str,
)
def test_profile_that_cannot_be(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A profile or value that there is not is refused, and nothing is written."""
    assert run(["init", *arguments]) == 2
    assert sentence in capsys.readouterr().err.replace("\n", " ")


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_writes_a_file_that_can_be_read(profile: str, folder: Path) -> None:
    """The file of every profile, its examples filled in, makes a provider."""
    values = [
        f"--value={value.name}={_as_text(value.example)}"
        for value in PROFILES[profile].values
        if value.required
    ]
    assert run(["init", "--profile", profile, *values]) == 0
    text = (folder / "segue.toml").read_text().replace("# deadline", "deadline")
    (folder / "segue.toml").write_text(text)
    environment = {"SEGUE_PROVIDER_OLD_SECRET": "s" * 32} if PROFILES[profile].keys_given else {}
    (provider,) = load_settings(folder / "segue.toml", environment).config.providers
    assert isinstance(provider, Provider)
    assert provider.rules.profile == profile


def _as_text(example: object) -> str:
    return (
        ",".join(map(str, cast("tuple[object, ...]", example)))
        if isinstance(example, tuple)
        else str(example)
    )
