"""What Firebrick counts and times about itself, as Prometheus metrics of one process.

Whoever does something observes it here; `starter.monitor` serves them beside Temporal's own at /metrics. Labels hold
types, actions, outcomes and classes of errors, which are few; never a project, a stack, a name or a value.

All times are seconds. What is asked of the store (operations open, resources parked) is the same for every process
that looks at one database: take the greatest, not the sum.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

# They would be one more series for each counter and histogram, which nobody reads.
disable_created_metrics()  # type: ignore[no-untyped-call]

_STEP = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
_OPERATION = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 14400.0)
_COMMIT = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 15.0)
_GROUP = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)
_REQUEST = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

BUILD = Gauge("firebrick_build_info", "1; the labels say which code this process runs.", ["version", "build"])

# --- the worker ---------------------------------------------------------------------------------------------------

STEPS = Histogram(
    "firebrick_step_duration_seconds",
    "One step of a resource, from its claim to its recorded outcome. outcome: done, failed, retry, poll, ...",
    ["type", "action", "outcome"],
    buckets=_STEP,
)
STEPS_UNDER_WAY = Gauge(
    "firebrick_steps_in_progress", "Steps of resources that this worker is inside of.", ["type", "action"]
)
CALL_PLACES = Gauge("firebrick_call_places_in_use", "Places for calls of handlers that are taken.")
FAILURES = Counter(
    "firebrick_resource_failures_total",
    "Resources that failed for good, by class of error: transient, throttled, conflict, quota, permanent, unknown.",
    ["type", "action", "error_class"],
)
RETRIES = Counter(
    "firebrick_resource_retries_total",
    "Failed attempts after which another follows, by class of error.",
    ["type", "action", "error_class"],
)
OPERATIONS = Histogram(
    "firebrick_operation_duration_seconds",
    "An operation, from its beginning to its end. state: DONE, FAILED, SUPERSEDED.",
    ["action", "state"],
    buckets=_OPERATION,
)
INTERNAL_ERRORS = Counter(
    "firebrick_internal_errors_total", "Exceptions nobody expected, each with a report in the log.", ["where"]
)

# --- the store ----------------------------------------------------------------------------------------------------

COMMITS = Histogram(
    "firebrick_store_commit_duration_seconds", "One transaction of the writer, for all its writes.", buckets=_COMMIT
)
COMMIT_WRITES = Histogram("firebrick_store_commit_writes", "Writes that shared a transaction.", buckets=_GROUP)
OPERATIONS_OPEN = Gauge(
    "firebrick_operations_open",
    "Operations of all projects that have not ended: PENDING, RUNNING.",
    ["action", "state"],
)
PARKED = Gauge(
    "firebrick_resources_parked",
    "Resources that wait without a worker, by what for: poll, wait_until, wait_signal, retry.",
    ["action", "waits_for"],
)

# --- the reconciler -----------------------------------------------------------------------------------------------

FINDINGS = Counter(
    "firebrick_reconciler_findings_total",
    "Operations looked at. finding: started, lost (given up), moved (to a build that has workers), put_back (options "
    "of an activity, or search attributes, without which a run cannot go on), failed (not looked at to the end).",
    ["finding"],
)
PASSES = Counter(
    "firebrick_reconciler_passes_total", "Passes of the reconciler. result: completed, broken.", ["result"]
)
LAST_PASS = Gauge("firebrick_reconciler_last_pass_timestamp_seconds", "When a pass was last completed, Unix time.")

# --- the API ------------------------------------------------------------------------------------------------------

REQUESTS = Histogram(
    "firebrick_http_request_duration_seconds",
    "One request of the API. route: its pattern, without names; - for none.",
    ["method", "route", "status"],
    buckets=_REQUEST,
)

for _work in ("run_step", "run_batch", "api"):
    INTERNAL_ERRORS.labels(_work)
for _finding in ("started", "lost", "moved", "put_back", "failed"):
    FINDINGS.labels(_finding)  # so that a rate is 0 before the first, not unknown
for _result in ("completed", "broken"):
    PASSES.labels(_result)


@contextmanager
def commit(writes: int) -> Iterator[None]:
    """Time a transaction of so many writes, however it ends."""
    began = time.perf_counter()
    try:
        yield
    finally:
        COMMITS.observe(time.perf_counter() - began)
        COMMIT_WRITES.observe(writes)
