"""A test whose program is missing says how to get it: skipped at home, failed where everything is required."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.programs import required_program

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _nothing_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("SEGUE_REQUIRE_ALL", raising=False)


def test_at_home_a_missing_program_skips() -> None:
    """The reason names the Debian package."""
    with pytest.raises(pytest.skip.Exception, match="apt-get install nodejs"):
        required_program("node", package="nodejs")


@pytest.mark.parametrize(("name", "value"), [("CI", "true"), ("SEGUE_REQUIRE_ALL", "1")])
def test_where_all_is_required_a_missing_program_fails(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """Nothing is skipped silently in a pipeline."""
    monkeypatch.setenv(name, value)
    with pytest.raises(pytest.fail.Exception, match="apt-get install chromium"):
        required_program("chromium", package="chromium")
