"""No dependency comes in without a line that says what it is for."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from tests.docs.pages import ROOT


def declared() -> set[str]:
    """The names of all packages that pyproject.toml asks for, our own extras left out."""
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lists: list[list[Any]] = [
        project["build-system"]["requires"],
        project["project"]["dependencies"],
        *project["project"]["optional-dependencies"].values(),
        *project["dependency-groups"].values(),
    ]
    requirements = [one for every in lists for one in every if isinstance(one, str)]
    return {re.split(r"[^\w.-]", one)[0] for one in requirements} - {"segue"}


def test_every_dependency_is_explained() -> None:
    """docs/dependencies.md has a row for each declared package, and for no other."""
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| \[([\w.-]+)\]", page, re.MULTILINE)) == declared()
