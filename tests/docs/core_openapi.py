"""
Writes docs/reference/core-openapi.json from the routes of the core service. `make fix` runs it, a test compares.
"""

from __future__ import annotations

import json
from pathlib import Path

from segue import __version__
from segue.service.core.description.document import document
from segue.service.core.routes.table import ROUTES

PAGE = Path(__file__).parent.parent.parent / "docs" / "reference" / "core-openapi.json"


def render() -> str:
    """The whole document."""
    return json.dumps(document(ROUTES, version=__version__), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PAGE.write_text(render())
