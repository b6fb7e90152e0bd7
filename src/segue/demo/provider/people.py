"""Who can sign in: three people of the demo, or any name at all."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from hashlib import sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A subject of the provider. `subject` never changes for a name, so that signing in again finds the same user."""

    subject: str
    name: str


def person_named(name: str) -> Person | None:
    """The person of that name, or None when nothing readable is left of it."""
    shown = " ".join("".join(c for c in name if c.isprintable()).split())[:60]
    if not shown:
        return None
    plain = unicodedata.normalize("NFKD", shown).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", ".", plain).strip(".")
    return Person(subject=slug or f"user.{sha256(shown.encode()).hexdigest()[:10]}", name=shown)


DEMO_PEOPLE = (
    Person(subject="ada.lindqvist", name="Ada Lindqvist"),
    Person(subject="noor.haddad", name="Noor Haddad"),
    Person(subject="tomas.rivera", name="Tomás Rivera"),
)
