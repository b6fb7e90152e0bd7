"""
`GET /metrics` of `segue serve`: on a port of its own that only this machine can reach.

The public port never shows it, whatever a proxy in front says about who is asking. House rule: prometheus-client is an
extra, and is imported only where the port is configured.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Generator
from importlib.util import find_spec

from segue.adapters.asgi import Scope
from segue.errors import ConfigurationError
from segue.http.message import HttpResponse
from segue.migration.events import MigrationEvent
from segue.migration.pins import PinEvent
from segue.service.schema import ServerSection

METRICS = "/metrics"
_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


class Metrics:
    """The metrics of one process."""

    def __init__(self, port: int) -> None:
        """*port*: on which they are shown."""
        from prometheus_client import CollectorRegistry  # noqa: PLC0415 - an extra

        from segue.adapters import prometheus  # noqa: PLC0415 - likewise

        shown = CollectorRegistry()
        self._port = port
        self._exposition: Callable[[], bytes] = lambda: prometheus.exposition(shown)
        self._content_type = prometheus.CONTENT_TYPE
        made = prometheus.PrometheusMetrics(shown)
        self.listener: Callable[[MigrationEvent], None] = made
        self.pin_listener: Callable[[PinEvent], None] = made.compared

    def asked(self, scope: Scope) -> bool:
        """Whether a connection came to their port."""
        server = scope.get("server")
        return server is not None and server[1] == self._port

    def answer(self, scope: Scope) -> HttpResponse:
        """The metrics; nothing else is on this port."""
        if scope["path"] != METRICS or scope["method"] != "GET":
            return HttpResponse(status=404, headers=(("content-type", "text/plain"),), body=b"not found")
        headers = (("content-type", self._content_type),)
        return HttpResponse(status=200, headers=headers, body=self._exposition())


@contextlib.contextmanager
def shared_metrics(server: ServerSection) -> Generator[None]:
    """
    Where several workers are to be added up, give them a folder for it, as long as they run.

    Raises:
        ConfigurationError: prometheus-client is not installed.
    """
    if server.metrics_port is not None and find_spec("prometheus_client") is None:
        raise ConfigurationError("server.metrics_port needs prometheus-client: pip install 'segue[metrics]'")
    if server.metrics_port is None or server.workers == 1 or os.environ.get(_FOLDER):
        yield
        return
    with tempfile.TemporaryDirectory(prefix="segue-metrics-") as folder:
        os.environ[_FOLDER] = folder
        try:
            yield
        finally:
            del os.environ[_FOLDER]
