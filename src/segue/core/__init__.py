"""
What the core service knows besides sessions: apps, tenants, mapped user ids, registered users.

On values: what each operation of the core protocol means, without its wire. House rule: nothing here does I/O, reads a
clock or makes randomness.
"""

from __future__ import annotations
