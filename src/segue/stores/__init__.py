"""
Where sessions, claims and keys are kept.

`segue.stores.memory` for tests and trials, `segue.stores.sqlite` for one machine; `segue.stores.contract` is the suite
that every store must pass, yours too. House rule: a store keeps and finds, it never judges, reads no clock and sees no
token. This package imports no database by itself.
"""

from __future__ import annotations
