"""What Prometheus is told: counts without names of devices or accounts."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

CONTENT_TYPE = CONTENT_TYPE_LATEST
_CALL_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_REQUEST_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5, 10)


class Metrics:
    """One server's own registry, so that several can live in one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.deliveries = self._counter(
            "deliveries", "Answers with tokens: cached, applied or degraded", "how"
        )
        self.credentials = self._counter("credentials", "DeviceCredentials handed out")
        self.challenges = self._counter("challenges", "Nonces given out")
        self.refusals = self._counter("refusals", "Answers of no, by the wire's error", "error")
        self.proofs = self._counter(
            "bad_proofs", "Attempts that proved nothing: forged, expired, replayed, unknown, wrong", "why"
        )
        self.limited = self._counter("limited", "Requests over a rate limit: address or account", "by")
        self.calls = self._counter("cloud_calls", "Calls of the control plane", "operation", "outcome")
        self.call_seconds = Histogram(
            "devcred_token_cloud_call_seconds",
            "Duration of calls of the control plane",
            ["operation"],
            registry=self.registry,
            buckets=_CALL_S,
        )
        self.request_seconds = Histogram(
            "devcred_token_request_seconds",
            "Duration of requests",
            ["route", "status"],
            registry=self.registry,
            buckets=_REQUEST_S,
        )
        self.service_up = self._gauge("service_up", "1 unless the last call of the control plane failed")
        self.service_up.set(1)
        self.tokens = self._gauge("tokens", "Tokens in the database that are good")
        self.revocations_waiting = self._gauge("revocations_waiting", "Tokens in the queue to revoke")
        self.certificate_reloads = self._counter(
            "certificate_reloads", "TLS certificates read anew", "outcome"
        )

    def text(self) -> bytes:
        """In Prometheus's own format."""
        return generate_latest(self.registry)

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(f"devcred_token_{name}", about, labels, registry=self.registry)

    def _gauge(self, name: str, about: str) -> Gauge:
        return Gauge(f"devcred_token_{name}", about, registry=self.registry)
