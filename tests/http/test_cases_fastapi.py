"""The conformance cases, run over HTTP: FastAPI, uvicorn and SQLite."""

from __future__ import annotations

from tests.http.cases_claims import ClaimCases
from tests.http.cases_create import CreateCases
from tests.http.cases_refresh import RefreshCases
from tests.http.cases_routes import RouteCases
from tests.http.cases_transcripts import TranscriptCases
from tests.http.cases_verify import ChangeCases, VerifyCases
from tests.http.over_fastapi import OverFastApi, empty_database, server

__all__ = ["empty_database", "server"]  # fixtures


class TestCreate(OverFastApi, CreateCases):
    """Cases 1 to 22."""


class TestVerify(OverFastApi, VerifyCases):
    """Cases 23 to 48."""


class TestChange(OverFastApi, ChangeCases):
    """Cases 49 to 53."""


class TestClaims(OverFastApi, ClaimCases):
    """Cases 54 to 63."""


class TestRefresh(OverFastApi, RefreshCases):
    """Cases 64 to 82."""


class TestRoutes(OverFastApi, RouteCases):
    """Cases 83 to 90."""


class TestTranscripts(OverFastApi, TranscriptCases):
    """Whole exchanges."""
