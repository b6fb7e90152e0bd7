"""The older place of two names of `segue.migration.endings`."""

from __future__ import annotations

from segue.migration.endings import EndOldSession, Revocation7009

__all__ = ["EndOldSession", "Revocation7009"]
