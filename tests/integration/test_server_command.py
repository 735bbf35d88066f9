"""`firebrick server` as a process: it becomes ready, keeps its children alive, and leaves nothing when it ends."""

import os
import signal
import socket
import subprocess
from pathlib import Path

import psutil
import pytest

from firebrick.testing.dev_server import DevServer
from tests.integration.server_process import ANY_PORTS, FIREBRICK, WITHIN, runs, server, until

SLOW = """\
heat_template_version: 2021-04-16
resources:
  slow:
    type: OS::Heat::TestResource
    properties: {value: x, wait_secs: 3}
"""


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def refused(state: Path, *options: str) -> str:
    """What a server says that must not start: exit code 1, nothing running, no file of a running server."""
    done = subprocess.run(
        [FIREBRICK, "server", "--state-dir", state, *options], capture_output=True, text=True, timeout=WITHIN
    )
    assert done.returncode == 1, done.stderr
    assert not [one for one in psutil.process_iter(["cmdline"]) if str(state) in " ".join(one.info["cmdline"] or [])]
    assert not (state / "server.json").exists() and not (state / "server.lock").exists()
    return done.stderr


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_tells_where_it_answers_and_stops_without_a_trace(state: Path, how: signal.Signals) -> None:
    with server(state) as one:
        told = one.told
        assert one.run("stack", "list", "-f", "json").stdout == "[]\n"
        for key in ("api_url", "temporal_address", "ui_url", "state_dir"):
            assert str(told[key]) in one.log.read_text()
        assert one.stop(how) == 0
    assert not any(runs(told[key]) for key in ("pid", "worker_pid", "temporal_pid"))
    left = {path.name for path in state.iterdir()}
    assert left - {"firebrick.db", "keyring", "logs"} <= {"temporal.db", "temporal.db-shm", "temporal.db-wal"}


def test_it_takes_requests_and_templates_as_large_as_it_is_told(state: Path, tmp_path: Path) -> None:
    template = tmp_path / "long.yaml"
    template.write_text("heat_template_version: 2018-08-31\ndescription: " + "x" * 3000 + "\n")
    with server(state, *ANY_PORTS, "--max-body-size", "5000", "--max-template-size", "4000") as one:
        assert one.run("stack", "create", "fits", "-t", str(template)).returncode == 0
        (tmp_path / "env.yaml").write_text("parameter_defaults: {a: " + "x" * 3000 + "}\n")
        large = one.run("stack", "create", "web", "-t", str(template), "-e", str(tmp_path / "env.yaml"))
        assert large.returncode == 1 and "exceeds maximum allowed size (5000 bytes)" in large.stderr
        template.write_text(template.read_text() + "#" * 1000)
        long = one.run("stack", "create", "web", "-t", str(template))
        assert long.returncode == 1 and "4000 are the most" in long.stderr


def test_it_has_the_limits_and_hides_the_tags_it_is_told(state: Path, tmp_path: Path) -> None:
    one_resource, nested = tmp_path / "one.yaml", tmp_path / "nested.yaml"
    one_resource.write_text("heat_template_version: 2018-08-31\nresources: {a: {type: OS::Heat::None}}\n")
    nested.write_text("heat_template_version: 2018-08-31\nresources: {n: {type: one.yaml}}\n")
    limits = ("--max-resources-per-stack", "1", "--max-stacks-per-project", "2", "--hidden-stack-tags", "dull, secret")
    with server(state, *ANY_PORTS, *limits) as one:
        create = ("stack", "create", "--wait", "-t")
        assert one.run(*create, str(one_resource), "a", "--tags", "secret").returncode == 0
        failed = one.run(*create, str(nested), "b")
        assert failed.returncode == 1 and "Maximum resources per stack exceeded" in failed.stdout + failed.stderr
        refused = one.run(*create, str(one_resource), "c")
        assert refused.returncode == 1 and "the maximum stacks per tenant, 2" in refused.stderr
        names = ("stack", "list", "-f", "value", "-c", "Stack Name")
        assert one.run(*names).stdout.split() == ["b"]
        assert one.run(*names, "--hidden").stdout.split() == ["b", "a"]


def test_killed_children_are_started_again_and_the_stack_goes_on(state: Path, tmp_path: Path) -> None:
    (tmp_path / "slow.yaml").write_text(SLOW)
    with server(state) as one:
        told = one.told
        assert one.run("stack", "create", "web", "-t", str(tmp_path / "slow.yaml")).returncode == 0
        for key in ("worker_pid", "temporal_pid"):
            os.kill(told[key], signal.SIGKILL)
        until(lambda: one.told["worker_pid"] != told["worker_pid"], "a new worker")
        until(lambda: one.told["temporal_pid"] != told["temporal_pid"], "a new Temporal")
        assert one.told["temporal_address"] == told["temporal_address"]
        waited = one.run("stack", "wait", "web", "-f", "value", "-c", "stack_status")
        assert (waited.returncode, waited.stdout) == (0, "CREATE_COMPLETE\n"), waited.stderr
        assert one.log.read_text().count("starting it again") >= 2


def test_a_killed_server_takes_its_children_along_and_the_next_one_goes_on(state: Path, tmp_path: Path) -> None:
    (tmp_path / "slow.yaml").write_text(SLOW)
    with server(state) as one:
        told = one.told
        assert one.run("stack", "create", "web", "-t", str(tmp_path / "slow.yaml")).returncode == 0
        one.process.kill()
        one.process.wait(WITHIN)
        until(lambda: not runs(told["worker_pid"]) and not runs(told["temporal_pid"]), "the children are gone")
    with server(state) as two:
        waited = two.run("stack", "wait", "web", "-f", "value", "-c", "stack_status")
        assert (waited.returncode, waited.stdout) == (0, "CREATE_COMPLETE\n"), waited.stderr


def test_ctrl_c_detaches_a_follower_and_the_stack_goes_on(state: Path, tmp_path: Path) -> None:
    (tmp_path / "slow.yaml").write_text(SLOW)
    with server(state) as one:
        follower = subprocess.Popen(
            [FIREBRICK, "stack", "create", "web", "-t", tmp_path / "slow.yaml", "--wait"],
            env={**os.environ, "FIREBRICK_STATE": str(state)},
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        assert follower.stderr is not None
        assert "Stack CREATE started" in follower.stderr.readline()
        follower.send_signal(signal.SIGINT)
        said = follower.communicate(timeout=WITHIN)[1]
        assert follower.returncode == 130 and "re-attach with: firebrick stack wait web" in said
        assert one.run("stack", "wait", "web").returncode == 0


def test_a_second_server_on_the_folder_is_refused_with_the_pid_of_the_first(state: Path) -> None:
    with server(state) as one:
        done = one.run("server", "--state-dir", str(state), *ANY_PORTS)
        assert done.returncode == 1
        assert f"pid {one.process.pid}" in done.stderr and "--state-dir" in done.stderr
        assert one.run("stack", "list").returncode == 0


@pytest.mark.parametrize("option", ["--port", "--temporal-port", "--ui-port"])
def test_a_taken_port_is_named_with_the_option_to_change(state: Path, option: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        others = [part for name in ("--port", "--temporal-port", "--ui-port") if name != option for part in (name, "0")]
        said = refused(state, option, port, *others)
    assert f"port {port}" in said and f"{option} PORT" in said


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--database", "sqlite:////no/such/folder/x.db"), "store-unavailable"),
        (("--database", "mysql://me:s3cret@host/db"), "store-url"),
        (("--database", "postgresql+psycopg://me:s3cret@127.0.0.1:1/db"), ""),
        (("--address", "127.0.0.1:1"), "no-temporal-server"),
        (("--profile", "nobody"), "bad-temporal-profile"),
        (("--host", "203.0.113.7"), "port-not-available"),
    ],
)
def test_what_it_cannot_use_is_refused(state: Path, options: tuple[str, ...], code: str) -> None:
    said = refused(state, *ANY_PORTS, *options)
    assert f"[{code}" in said and "s3cret" not in said


@pytest.mark.parametrize(
    ("variable", "value", "code"),
    [("TEMPORAL_ADDRESS", "127.0.0.1:1", "no-temporal-server"), ("TEMPORAL_PROFILE", "nobody", "bad-temporal-profile")],
)
def test_the_cluster_that_temporals_variables_name_is_used_and_none_of_its_own(
    state: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, code: str
) -> None:
    """With one of its own it would share its database with that cluster's workers, and each undo the other's work."""
    monkeypatch.setenv(variable, value)
    assert f"[{code}" in refused(state, *ANY_PORTS)


def test_a_file_that_is_no_database_is_refused(state: Path) -> None:
    state.mkdir()
    for name, said in (("firebrick.db", "store-unavailable"), ("temporal.db", "child-process-failed")):
        (state / name).write_text("this is text, and quite enough of it to be read as the head of a database file")
        assert f"[{said}]" in refused(state, *ANY_PORTS)
        (state / name).unlink()


def test_a_plug_in_that_cannot_be_loaded_is_named(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIREBRICK_PLUGINS", "no_such_plugin")
    assert "no_such_plugin" in refused(state, *ANY_PORTS)


def test_an_existing_cluster_is_prepared_and_used(state: Path, tmp_path: Path) -> None:
    with (
        DevServer(tmp_path / "temporal.db") as cluster,
        server(state, "--port", "0", "--address", cluster.address) as one,
    ):
        assert one.told["temporal_address"] == cluster.address and "temporal_pid" not in one.told
        (tmp_path / "t.yaml").write_text("heat_template_version: 2021-04-16\n")
        created = one.run("stack", "create", "web", "-t", str(tmp_path / "t.yaml"), "--wait")
        assert created.returncode == 0, created.stderr
        setup = one.run("server", "setup", "--address", cluster.address)
        assert setup.returncode == 0 and "nothing to add" in setup.stderr
        missing = one.run("server", "setup", "--address", cluster.address, "--namespace", "other")
        assert missing.returncode == 1 and "[no-such-namespace]" in missing.stderr


def test_a_namespace_is_prepared_by_setup_once(state: Path, tmp_path: Path) -> None:
    database = tmp_path / "temporal.db"
    with DevServer(database) as cluster:
        binary = cluster.command()[0]
        create = [binary, "operator", "namespace", "create", "-n", "mine", "--address", cluster.address]
        subprocess.run(create, check=True, capture_output=True)
        said: list[str] = []

        def set_up() -> bool:
            """Whether it succeeded; a new namespace is known to all parts of the cluster only after a moment."""
            line = [str(FIREBRICK), "server", "setup", "--address", cluster.address, "--namespace", "mine"]
            done = subprocess.run(line, capture_output=True, text=True)
            said.append(done.stderr)
            return done.returncode == 0

        until(set_up, "the namespace is known")
        until(lambda: set_up() and "nothing to add" in said[-1], "the search attributes are known")
