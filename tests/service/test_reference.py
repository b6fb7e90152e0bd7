"""The reference pages know every setting, variable, command and option."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from segue.service import schema
from segue.service.environment import variable
from segue.service.reading import read_settings
from segue.service.schema import OVERRIDABLE

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"

SECTIONS: dict[str, type] = {
    **{f"[{name}]": table for name, table in OVERRIDABLE},
    "[token_exchange]": schema.TokenExchangeSection,
    "[[token_exchange.client]]": schema.ExchangeClientSection,
    "[[provider]]": schema.ProviderSection,
    "[provider.keys]": schema.ProviderKeysSection,
    "[[provider.carried_roles]]": schema.CarriedRoleSection,
    "[provider.introspection]": schema.IntrospectionSection,
    "[provider.revocation]": schema.RevocationSection,
    "[[opaque_provider]]": schema.OpaqueProviderSection,
    "[[cookie_provider]]": schema.CookieProviderSection,
}


def rows(heading: str) -> dict[str, list[str]]:
    """The table under a heading of the settings page: cells by key."""
    page = (REFERENCE / "settings.md").read_text()
    section = page.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if "|" in line
    ]
    return {row[0].strip("`"): row[1:] for row in cells[2:]}


@pytest.mark.parametrize("heading", SECTIONS)
def test_every_setting_has_a_line(heading: str) -> None:
    """The page's tables have the keys of the schema, and no others."""
    assert list(rows(heading)) == [field.name for field in dataclasses.fields(SECTIONS[heading])]


@pytest.mark.parametrize("section", [name for name, _ in OVERRIDABLE])
def test_every_variable_is_named(section: str) -> None:
    """Beside each key stands the variable that really sets it."""
    assert {key: row[0].strip("`") for key, row in rows(f"[{section}]").items()} == {
        key: variable(section, key) for key in rows(f"[{section}]")
    }


def test_defaults_are_the_real_ones() -> None:
    """Defaults that are written as values are those of the schema."""
    least = '[http]\napi_domain = "a"\nwebsite_domain = "b"\n'
    stated = "".join(
        f"[{section}]\n" * (section != "http")
        + "".join(
            f"{key} = {row[1].strip('`')}\n" for key, row in rows(f"[{section}]").items() if "`" in row[1]
        )
        for section in ("http", "server", "lifetimes", "keys", "store", "limits")
    )
    assert stated.count(" = ") > 20
    assert read_settings(least + stated, name="x", environment={}) == read_settings(
        least, name="x", environment={}
    )


def test_there_is_no_other_section() -> None:
    """A section that is added gets its place on the page."""
    named = {re.sub(r"[\[\]]", "", heading).partition(".")[0] for heading in SECTIONS}
    assert {field.name for field in dataclasses.fields(schema.SettingsFile)} == named
