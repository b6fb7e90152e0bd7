"""
Which version of the core protocol is spoken (core protocol §3, §18).

As back-end SDKs do it: ask once which versions a core serves, and speak the highest that both know. What a version
changes for us shows in the tokens themselves: one that names a parent is to be confirmed at its first use (up to 5.5).
House rule: versions are names, never compared as text.
"""

from __future__ import annotations

from collections.abc import Iterable

from segue.errors import CoreRefused

SPOKEN = ("5.6", "5.5", "5.4", "5.3", "5.2", "5.1", "5.0", "4.0", "3.1", "3.0")
"""Highest first."""


def negotiate(served: Iterable[str]) -> str:
    """
    The highest version that both sides know.

    Raises:
        CoreRefused: there is none.
    """
    known = frozenset(served)
    for version in SPOKEN:
        if version in known:
            return version
    raise CoreRefused(f"it serves no version of the core protocol from {SPOKEN[-1]} to {SPOKEN[0]}")
