"""What an operator sees of a server and its worker: metrics, health, logs, traces; and no value in any of it.

One server, with everything turned on, makes two stacks, of which one fails with a secret in its properties.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.integration.collector import Collector, Span
from tests.integration.rig import ROOT
from tests.integration.server_process import ANY_PORTS, server

SECRET = "swordfish-4711"
GOOD = """\
heat_template_version: 2021-04-16
parameters: {word: {type: string, hidden: true}}
resources:
  first: {type: OS::Heat::TestResource, properties: {value: {get_param: word}}}
  second: {type: OS::Heat::TestResource, depends_on: first}
  third: {type: OS::Heat::RandomString}
"""
BAD = """\
heat_template_version: 2021-04-16
parameters: {word: {type: string, hidden: true}}
resources:
  broken: {type: OS::Heat::TestResource, properties: {value: {get_param: word}, fail: true}}
"""
TYPE = "OS::Heat::TestResource"
PARTS = ("bucket", "sum", "count")


@dataclass(frozen=True)
class Seen:
    """metrics: process -> (name, labels) -> value. text: all that was shown, for what must not be in it."""

    metrics: Mapping[str, Mapping[tuple[str, frozenset[tuple[str, str]]], float]]
    health: Mapping[str, Any]
    logs: Mapping[str, list[dict[str, Any]]]
    spans: list[Span]
    text: str
    failed_stack: Mapping[str, Any]

    def value(self, process: str, name: str, **labels: str) -> float:
        return self.metrics[process].get((name, frozenset(labels.items())), 0.0)

    def declared(self) -> set[str]:
        """Names of metrics that a process exposes, also where nothing was counted yet; of histograms, the parts."""
        kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", self.text, re.MULTILINE))
        parts = {f"{name}_{part}" for name, kind in kinds.items() if kind == "histogram" for part in PARTS}
        return kinds.keys() | parts


def got(url: str) -> str:
    with urlopen(url, timeout=30) as answer:
        return str(answer.read().decode())


def parsed(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    folder = tmp_path_factory.mktemp("watched")
    state = folder / "state"
    (folder / "good.yaml").write_text(GOOD)
    (folder / "bad.yaml").write_text(BAD)
    with Collector() as collector, pytest.MonkeyPatch.context() as environment:
        environment.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint)
        environment.setenv("FIREBRICK_LOG_FORMAT", "json")
        environment.setenv("FIREBRICK_LOG_LEVEL", "debug")
        with server(state, *ANY_PORTS, "--metrics-address", "127.0.0.1:0") as one:
            for name, code in (("good", 0), ("bad", 1)):
                made = one.run(
                    *("stack", "create", name, "-t", str(folder / f"{name}.yaml"), "--wait"),
                    *("--parameter", f"word={SECRET}"),
                )
                assert made.returncode == code, made.stderr
            failed = json.loads(one.run("stack", "show", "bad", "-f", "json").stdout)
            told = one.told
            urls = {"api": told["metrics_url"], "worker": told["worker_metrics_url"]}
            shown = {process: got(url) for process, url in urls.items()}
            bases = {"front": told["api_url"]} | {name: url.removesuffix("/metrics") for name, url in urls.items()}
            health = {name: json.loads(got(f"{base}/ready")) for name, base in bases.items()}
            assert all(got(f"{base}/live") == "ok\n" for base in bases.values())
            assert one.stop() == 0
        logs = {name: (state / "logs" / f"{name}.log").read_text() for name in ("http", "worker")}
        yield Seen(
            metrics={process: parsed(text) for process, text in shown.items()},
            health=health,
            logs={name: [json.loads(line) for line in text.splitlines()] for name, text in logs.items()},
            spans=list(collector.spans),
            text="".join([*shown.values(), *logs.values(), collector.raw.decode("latin-1"), json.dumps(health)]),
            failed_stack=failed,
        )


def test_steps_operations_failures_and_commits_are_counted(seen: Seen) -> None:
    steps = "firebrick_step_duration_seconds_count"
    assert seen.value("worker", steps, type=TYPE, action="CREATE", outcome="done") == 2
    assert seen.value("worker", steps, type="OS::Heat::RandomString", action="CREATE", outcome="done") == 1
    failures = "firebrick_resource_failures_total"
    assert seen.value("worker", failures, type=TYPE, action="CREATE", error_class="permanent") == 1
    ended = "firebrick_operation_duration_seconds_count"
    assert (
        seen.value("worker", ended, action="CREATE", state="DONE"),
        seen.value("worker", ended, action="CREATE", state="FAILED"),
    ) == (1, 1)
    assert seen.value("worker", "firebrick_steps_in_progress", type=TYPE, action="CREATE") == 0
    assert seen.value("worker", "firebrick_reconciler_passes_total", result="completed") >= 1
    asked = {"method": "POST", "route": "/v1/{project}/stacks", "status": "201"}
    assert seen.value("api", "firebrick_http_request_duration_seconds_count", **asked) == 2
    for process in ("api", "worker"):
        assert seen.value(process, "firebrick_store_commit_duration_seconds_count") > 0
        assert any(name == "temporal_request_total" for name, _ in seen.metrics[process]), process


def test_the_dashboard_asks_for_metrics_that_exist(seen: Seen) -> None:
    dashboard = json.loads((ROOT / "docs" / "dashboards" / "firebrick.json").read_text())
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    asked = {name for query in queries for name in re.findall(r"\b(?:firebrick|temporal|process)_[a-z0-9_]+", query)}
    assert len(asked) > 20 and sorted(asked - seen.declared()) == []


def test_processes_are_live_and_ready_and_say_by_which_checks(seen: Seen) -> None:
    both = {"database": "ok", "temporal": "ok"}
    workers = {**both, "workers": "ok"}
    assert seen.health["front"] == seen.health["api"] == {"ready": True, "checks": workers}
    assert seen.health["worker"] == {"ready": True, "checks": {**both, "polling": "ok"}}


def test_a_failure_is_logged_with_all_that_it_is_about(seen: Seen) -> None:
    (line,) = [one for one in seen.logs["worker"] if one["event"] == "resource failed"]
    assert line["stack"] == seen.failed_stack["id"] and line["project"] == "default"
    assert (line["resource"], line["attempt"], line["level"]) == ("broken", 1, "warning")
    (started,) = [one for one in seen.logs["http"] if one["event"] == "started" and one["stack"] == line["stack"]]
    assert started["operation"] == line["operation"] and started["request"].startswith("req-")


def test_a_trace_leads_from_the_request_through_the_workflow_to_each_activity(seen: Seen) -> None:
    by_id = {span.id: span for span in seen.spans}
    requests = [span for span in seen.spans if span.name == "POST /v1/{project}/stacks"]
    assert len(requests) == 2 and {span.attributes["http.response.status_code"] for span in requests} == {201}
    for request in requests:
        trace = [span for span in seen.spans if span.trace == request.trace]
        assert {span.service for span in trace} == {"firebrick-api", "firebrick-worker"}
        names = {span.name for span in trace}
        assert {"StartWorkflow:CreateStack", "RunWorkflow:CreateStack", "StartActivity:run_step"} <= names
        activities = [span for span in trace if span.name.startswith("RunActivity:")]
        assert {span.name.partition(":")[2] for span in activities} >= {"begin_operation", "run_step"}
        for span in activities:
            above = [span]
            while above[-1].parent:
                above.append(by_id[above[-1].parent])
            assert above[-1] == request
            assert "StartWorkflow:CreateStack" in [one.name for one in above]


def test_no_value_is_shown_anywhere(seen: Seen) -> None:
    assert SECRET not in seen.text
