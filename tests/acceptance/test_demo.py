"""`make demo`: the right exit code and message, and no process and no file left, however it ends."""

import configparser
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "tests" / "templates"


class RunningDemo:
    """One demo in a session of its own; its temporary folder is the test's, so what it leaves can be seen."""

    def __init__(self, folder: Path, *command: str, **environment: str) -> None:
        self.folder = folder
        self.output = ""
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "TMPDIR": str(folder), **environment},
            start_new_session=True,
        )

    def read_until(self, *words: str) -> None:
        """Until one line holds all the words. Fails when the demo ends before that."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.output += line
            if all(word in line for word in words):
                return
        pytest.fail(f"the demo ended without saying {words}:\n{self.output}")

    def end(self) -> int:
        """Wait for its end; the exit code."""
        rest, _ = self.process.communicate(timeout=60)
        self.output += rest
        return self.process.returncode

    def left(self) -> list[str]:
        """Processes and files that are still there: of its session, or naming its folder."""
        processes = [
            f"{process.pid} {' '.join(process.info['cmdline'])}"
            for process in psutil.process_iter(["cmdline"])
            if any(str(self.folder) in part for part in process.info["cmdline"] or ())
            or self.session_of(process.pid) == self.process.pid
        ]
        return processes + [str(path) for path in sorted(self.folder.rglob("*"))]

    @staticmethod
    def session_of(pid: int) -> int:
        try:
            return os.getsid(pid)
        except ProcessLookupError:
            return 0


class Launcher:
    """Starts demos and sees to it that a failed test leaves none running."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started: list[RunningDemo] = []

    def __call__(self, *arguments: str, **environment: str) -> RunningDemo:
        return self.start(sys.executable, "-m", "tools.demo", *arguments, **environment)

    def make(self, *variables: str) -> RunningDemo:
        """By the Makefile, with this environment instead of .venv: it is set up already."""
        return self.start("make", "-o", ".venv/.installed", f"BIN={Path(sys.executable).parent}", "demo", *variables)

    def start(self, *command: str, **environment: str) -> RunningDemo:
        demo = RunningDemo(self.folder, *command, **environment)
        self.started.append(demo)
        return demo


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Launcher]:
    launcher = Launcher(tmp_path)
    yield launcher
    for one in launcher.started:
        if one.process.poll() is None:
            one.process.terminate()
            one.process.communicate(timeout=60)


def test_the_demo_of_the_readme_shows_a_stack_from_start_to_end(demo: Launcher) -> None:
    running = demo.make()
    assert running.end() == 0, running.output
    for said in (
        "demo is CREATE_COMPLETE",
        "balancer",
        "http://shop.shop-network/",
        "the Temporal UI shows every step: http://127.0.0.1:",
        "DELETE_COMPLETE",
        "the server has stopped",
    ):
        assert said in running.output, running.output
    assert running.left() == []


@pytest.mark.postgresql
def test_the_application_of_the_examples_gets_its_role_database_and_config(demo: Launcher) -> None:
    with tempfile.TemporaryDirectory() as folder:  # PostgreSQL may run as another user, who cannot see the test's own
        Path(folder).chmod(0o755)
        demo.folder = Path(folder)
        running = demo("-t", str(ROOT / "examples" / "app.yaml"), "--postgres", "--keep")
        running.read_until("export FIREBRICK_STATE=")
        (config,) = Path(folder).glob("firebrick-demo-*/files/shop/database.ini")
        settings = configparser.ConfigParser(interpolation=None)
        settings.read(config)
        login = {**settings["database"]}
        assert len(login["password"]) == 24 and login["password"] not in running.output
        del login["name"]
        with psycopg.connect(**login, dbname="shop") as connection:  # type: ignore[arg-type]
            connection.execute("CREATE TABLE orders ()")
        change_in_place(running.output, {"connections": 7})
        with psycopg.connect(**login, dbname="shop") as connection:  # type: ignore[arg-type]
            found = connection.execute("SELECT rolconnlimit FROM pg_roles WHERE rolname = 'shop'").fetchone()
            assert found == (7,)
            connection.execute("DROP TABLE orders")  # the data of before the update
        os.killpg(running.process.pid, signal.SIGINT)
        assert running.end() == 0, running.output
        assert "DELETE_COMPLETE" in running.output
        assert running.left() == []


def change_in_place(said: str, parameters: dict[str, object]) -> None:
    """Update the demo's stack over the API, and wait until that has ended well."""
    (state,) = re.findall(r"FIREBRICK_STATE=(\S+)", said)
    (api,) = re.findall(r"the API answers at (http://[^,\s]+)", said)
    firebrick: list[str | Path] = [Path(sys.executable).parent / "firebrick", "stack", "show", "demo", "-f", "json"]
    environment = {**os.environ, "FIREBRICK_STATE": state, "FIREBRICK_PROJECT": "demo"}
    shown = json.loads(subprocess.run(firebrick, env=environment, capture_output=True, check=True).stdout)
    request = urllib.request.Request(
        f"{api}/v1/demo/stacks/demo/{shown['id']}",
        data=json.dumps({"parameters": parameters}).encode(),
        headers={"Content-Type": "application/json"},
        method="PATCH",
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert answer.status == 202
    deadline = time.monotonic() + 60
    while shown["stack_status"] in ("CREATE_COMPLETE", "UPDATE_IN_PROGRESS") and time.monotonic() < deadline:
        shown = json.loads(subprocess.run(firebrick, env=environment, capture_output=True, check=True).stdout)
    assert shown["stack_status"] == "UPDATE_COMPLETE", shown


def test_a_failing_template_ends_with_the_root_cause(demo: Launcher) -> None:
    running = demo("-t", str(TEMPLATES / "fails.yaml"))
    assert running.end() == 1
    assert "CREATE_FAILED" in running.output and "is CREATE_COMPLETE" not in running.output
    assert "Test Resource failed broken" in running.output
    assert "root cause: broken" in running.output
    assert "DELETE_COMPLETE" in running.output
    assert running.left() == []


def test_make_passes_a_failure_on(demo: Launcher) -> None:
    running = demo.make(f"T={TEMPLATES / 'fails.yaml'}")
    assert running.end() == 2  # make's own code for a recipe that failed
    assert "root cause: broken" in running.output
    assert running.left() == []


def test_a_template_that_takes_too_long_is_timed_out(demo: Launcher) -> None:
    running = demo(
        *("-t", str(TEMPLATES / "never_ready.yaml"), "--timeout", "2"),
        FIREBRICK_TIMEOUT_UNIT_SECONDS="1",  # a minute of this test
    )
    assert running.end() == 1
    assert "Timed out" in running.output, running.output
    assert "DELETE_COMPLETE" in running.output
    assert running.left() == []


def test_a_refused_template_ends_with_the_place(demo: Launcher, tmp_path_factory: pytest.TempPathFactory) -> None:
    template = tmp_path_factory.mktemp("bad") / "bad.yaml"
    template.write_text("heat_template_version: 2018-08-31\nresources:\n  a:\n    type: OS::Heat::Nonsense\n")
    running = demo("-t", str(template))
    assert running.end() == 1
    assert "/bad.yaml:4:" in running.output and "OS::Heat::Nonsense" in running.output
    assert running.left() == []


@pytest.mark.parametrize("to_all", [True, False], ids=["to the terminal's whole group", "to the demo alone"])
def test_ctrl_c_during_the_create_stops_everything(demo: Launcher, to_all: bool) -> None:
    running = demo("-t", str(TEMPLATES / "never_ready.yaml"))
    running.read_until("endless", "CREATE_IN_PROGRESS")
    (os.killpg if to_all else os.kill)(running.process.pid, signal.SIGINT)
    assert running.end() == 130, running.output
    assert "interrupted by SIGINT: stopping everything" in running.output
    assert "the server has stopped; its state folder is removed" in running.output
    assert running.left() == []


@pytest.mark.parametrize("written", ["demo-server.log", "logs/temporal.log", "logs/worker.log"])
def test_ctrl_c_while_the_server_starts_stops_everything(demo: Launcher, written: str) -> None:
    """written: the file that tells how far it has come: itself, Temporal, the worker."""
    running = demo()
    running.read_until("firebrick server --state-dir")
    file = Path(running.output.split("--state-dir ")[1].split()[0]) / written
    while not file.exists():
        assert running.process.poll() is None
        time.sleep(0.01)
    os.killpg(running.process.pid, signal.SIGINT)
    assert running.end() == 130, running.output
    assert running.left() == []


def test_an_impatient_second_ctrl_c_leaves_nothing_either(demo: Launcher) -> None:
    running = demo("-t", str(TEMPLATES / "never_ready.yaml"))
    running.read_until("endless", "CREATE_IN_PROGRESS")
    os.killpg(running.process.pid, signal.SIGINT)
    running.read_until("stopping everything")
    os.killpg(running.process.pid, signal.SIGINT)
    assert running.end() == 130, running.output
    assert running.left() == []


def test_ctrl_c_at_make_leaves_nothing(demo: Launcher) -> None:
    running = demo.make(f"T={TEMPLATES / 'never_ready.yaml'}")
    running.read_until("endless", "CREATE_IN_PROGRESS")
    os.killpg(running.process.pid, signal.SIGINT)
    assert running.end() != 0
    deadline = time.monotonic() + 30  # make does not wait for what it started
    while running.left() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert running.left() == []


def test_a_taken_port_is_named(demo: Launcher) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        running = demo("--port", str(port))
        assert running.end() == 1
    assert f"port {port} on 127.0.0.1 cannot be used" in running.output
    assert "--port" in running.output
    assert running.left() == []


def test_kept_for_a_look_around_it_answers_until_ctrl_c(demo: Launcher) -> None:
    running = demo("-t", str(TEMPLATES / "random.yaml"), "-e", str(TEMPLATES / "environments/random.yaml"), "--keep")
    running.read_until("export FIREBRICK_STATE=")
    state = running.output.rsplit("FIREBRICK_STATE=", 1)[1].split()[0]
    shown = subprocess.run(
        [Path(sys.executable).parent / "firebrick", "stack", "list", "-f", "value", "-c", "Stack Status"],
        env={**os.environ, "FIREBRICK_STATE": state, "FIREBRICK_PROJECT": "demo"},
        capture_output=True,
        text=True,
    )
    assert shown.stdout == "CREATE_COMPLETE\n", shown.stderr
    os.killpg(running.process.pid, signal.SIGINT)
    assert running.end() == 0, running.output
    assert "DELETE_COMPLETE" in running.output
    assert running.left() == []


def test_a_file_that_is_not_there_is_a_usage_error(demo: Launcher) -> None:
    running = demo("-t", "no/such/template.yaml")
    assert running.end() == 2
    assert "there is no file no/such/template.yaml" in running.output
    assert running.left() == []
