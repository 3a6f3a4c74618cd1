"""Figures for Prometheus, of one service."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from api.lists import Posted
from linkage.banlist.entries import Measure
from linkage.errors import StateError
from linkage.state.jobs import Job, JobState
from linkage.webhooks import Outcome

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """A registry of its own, so that two services in one process do not mix."""

    media_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "linkage_requests_total", "Requests answered.", ("method", "route", "status"),
            registry=self._registry,
        )  # fmt: skip
        self._seconds = Histogram(
            "linkage_request_seconds", "How long answers took.", ("method", "route"),
            buckets=SECONDS, registry=self._registry,
        )  # fmt: skip
        self._events = Counter(
            "linkage_events_total", "Events that came in: accepted, repeated, rejected.",
            ("outcome",), registry=self._registry,
        )  # fmt: skip
        self._run_age = Gauge(
            "linkage_run_age_seconds", "Since the run that is served was published.",
            registry=self._registry,
        )  # fmt: skip

        self._job = Gauge(
            "linkage_job_state", "1 for the state that the latest job is in.", ("state",),
            registry=self._registry,
        )  # fmt: skip
        self._stages = Gauge(
            "linkage_run_stage_seconds", "How long each stage of the last detection took.",
            ("stage",), registry=self._registry,
        )  # fmt: skip
        self._list_age = Gauge(
            "linkage_banlist_age_seconds", "Since the latest list was published.", ("channel",),
            registry=self._registry,
        )  # fmt: skip
        self._listed = Gauge(
            "linkage_banlist_entries", "Entries of the latest list that hold.",
            ("channel", "action"), registry=self._registry,
        )  # fmt: skip
        self._attempts = Counter(
            "linkage_webhook_attempts_total", "Attempts to deliver a message: delivered, failed "
            "(it is tried again) or dead (it is not).", ("webhook", "outcome"),
            registry=self._registry,
        )  # fmt: skip
        # To look them up by their labels takes longer than to count.
        self._of_route: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request. route: its template, never the path, which names people."""
        figures = self._of_route.get((method, route, status))
        if figures is None:
            figures = (
                self._requests.labels(method, route, str(status)),
                self._seconds.labels(method, route),
            )
            self._of_route[method, route, status] = figures
        figures[0].inc()
        figures[1].observe(seconds)

    def came_in(self, **outcomes: int) -> None:
        """The events of one call."""
        for outcome, count in outcomes.items():
            self._events.labels(outcome).inc(count)

    def job(self, job: Job) -> None:
        """A change of a job; or the latest that are known, in their order."""
        for state in JobState:
            self._job.labels(state).set(state is job.state)
        if job.state is JobState.done:
            self._stages.clear()
            for stage in job.progress.stages:
                self._stages.labels(stage.stage).set(stage.seconds or 0.0)

    def attempted(self, webhook: str, outcome: Outcome) -> None:
        """A message was delivered, or not."""
        self._attempts.labels(webhook, outcome.value).inc()

    def watch(self, oldest: Callable[[], Mapping[str, float]]) -> None:
        """Ask, whenever figures are read, how long the oldest message of each webhook waits."""
        self._registry.register(_Oldest(oldest))

    def text(self, published: datetime | None, lists: Mapping[str, Posted], now: datetime) -> bytes:
        """All of it, as Prometheus reads it. published: when the run was; lists: the latest, by
        channel."""
        if published is not None:
            self._run_age.set((datetime.now(UTC) - published).total_seconds())
        for channel, posted in lists.items():
            self._list_age.labels(channel).set((now - posted.head.published_at).total_seconds())
            actions = posted.actions(now)
            for action in Measure:
                self._listed.labels(channel, action.value).set(actions[action.value])
        return generate_latest(self._registry)


class _Oldest(Collector):
    """Is asked when figures are read; says nothing while the state is away."""

    def __init__(self, oldest: Callable[[], Mapping[str, float]]) -> None:
        self._oldest = oldest

    def describe(self) -> list[Metric]:
        return [self._family()]

    def collect(self) -> Iterator[Metric]:
        family = self._family()
        try:
            for webhook, seconds in self._oldest().items():
                family.add_metric([webhook], seconds)
        except StateError:
            return
        yield family

    def _family(self) -> GaugeMetricFamily:
        return GaugeMetricFamily(
            "linkage_webhook_oldest_seconds",
            "Since the oldest message was made that was not delivered; 0 for none.",
            labels=["webhook"],
        )
