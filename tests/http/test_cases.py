"""The conformance cases, run against the flows without any framework."""

from __future__ import annotations

from tests.http.cases_claims import ClaimCases
from tests.http.cases_create import CreateCases
from tests.http.cases_refresh import RefreshCases
from tests.http.cases_routes import RouteCases
from tests.http.cases_transcripts import TranscriptCases
from tests.http.cases_verify import ChangeCases, VerifyCases
from tests.http.over_flows import OverFlows


class TestCreate(OverFlows, CreateCases):
    """Cases 1 to 22."""


class TestVerify(OverFlows, VerifyCases):
    """Cases 23 to 48."""


class TestChange(OverFlows, ChangeCases):
    """Cases 49 to 53."""


class TestClaims(OverFlows, ClaimCases):
    """Cases 54 to 63."""


class TestRefresh(OverFlows, RefreshCases):
    """Cases 64 to 82."""


class TestRoutes(OverFlows, RouteCases):
    """Cases 83 to 90."""


class TestTranscripts(OverFlows, TranscriptCases):
    """Whole exchanges."""
