"""
What the killed application and its clients agree on.

House rule: limits of time are wide, so that a slow machine changes no verdict.
"""

from __future__ import annotations

from datetime import timedelta

from tests.support import issuer

API = "http://localhost:9"
"""Never asked: clients use the process's own port and carry tokens in headers."""
SECRET = "deployment secret of the fault tests, 0123456789"
ISSUER, AUDIENCE, CLIENT = issuer.ISSUER, issuer.AUDIENCE, issuer.CLIENT
ACCESS = timedelta(hours=1)
GRACE = timedelta(minutes=5)
KEY_INTERVAL = timedelta(hours=4)
LAG = timedelta(seconds=1)
"""How long after a revocation another process may still accept an access token."""
