"""What the command says and how it ends when something is wrong, without a server."""

import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from starter.cli import app
from starter.cli.app import run

TEMPLATE = "heat_template_version: 2021-04-16\n"


@pytest.fixture(autouse=True)
def own_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FIREBRICK_STATE", str(tmp_path / "state"))
    for name in ("FIREBRICK_URL", "FIREBRICK_PROJECT", "FIREBRICK_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def template(tmp_path: Path) -> str:
    (tmp_path / "t.yaml").write_text(TEMPLATE)
    return "t.yaml"


def test_help_is_success() -> None:
    assert run(["stack", "--help"]) == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["stack", "create", "web"],
        ["stack", "create", "web", "-t", "t.yaml", "--timeout", "0"],
        ["stack", "create", "web", "-t", "t.yaml", "--timeout", "soon"],
        ["stack", "create", "web", "-t", "t.yaml", "--parameter", "novalue"],
        ["stack", "create", "web", "-t", "t.yaml", "--operation-id", "7"],
        ["stack", "output", "show", "web"],
        ["stack", "delete"],
        ["stack", "delete", "a", "b", "--operation-id", "0d1b2c3d-0000-4000-8000-000000000000"],
        ["stack", "list", "--property", "name"],
        ["stack", "explode"],
        ["--url", "ftp://host", "stack", "list"],
        ["--url", "http://host/v2/x", "stack", "list"],
        ["server", "--port", "70000"],
    ],
)
def test_wrong_usage_ends_with_two(arguments: list[str], template: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    assert "Usage:" in capsys.readouterr().err


def test_the_value_of_a_parameter_without_a_name_is_not_repeated(
    template: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["stack", "create", "web", "-t", template, "--parameter", "s3cret"]) == 2
    assert "s3cret" not in capsys.readouterr().err


def test_no_server_at_the_address_says_where_and_what_to_do(
    template: str, closed_port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"http://127.0.0.1:{closed_port}"
    assert run(["--url", url, "stack", "create", "web", "-t", template]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert url in said.err and "--url" in said.err and "firebrick server" in said.err


def test_something_else_at_the_address_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        other.settimeout(20)

        def answer() -> None:
            connection, _ = other.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")

        in_thread(answer, lambda: run_list(other.getsockname()[1]))
    assert "not Firebrick" in capsys.readouterr().err


def in_thread(function: Callable[[], None], meanwhile: Callable[[], None]) -> None:
    thread = threading.Thread(target=function)
    thread.start()
    meanwhile()
    thread.join()


def run_list(port: int) -> None:
    assert run(["--url", f"http://127.0.0.1:{port}", "stack", "list"]) == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read"),
        (b"heat: \xff\n", "t.yaml:1:7: the template is not UTF-8 text: byte 0xff"),
        (b"x" * 10_000_000, "larger than 524288 bytes"),
    ],
)
def test_a_template_that_cannot_be_read_is_named(
    content: bytes | None, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (tmp_path / "t.yaml").write_bytes(content)
    assert run(["stack", "create", "web", "-t", "t.yaml"]) == 1
    err = capsys.readouterr().err
    assert "t.yaml" in err and said in err


def test_a_folder_is_no_template(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["stack", "create", "web", "-t", str(tmp_path)]) == 1
    assert "Is a directory" in capsys.readouterr().err


def test_an_unexpected_exception_is_seventy_with_a_report_that_has_no_values(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, template: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(arguments: object, **_: object) -> None:
        raise RuntimeError("s3cret inside")

    monkeypatch.setattr(app.firebrick, "main", broken)
    assert run(["stack", "create", "web", "-t", template, "--parameter", "password=s3cret"]) == 70
    err = capsys.readouterr().err
    report_id = err.partition("[report ")[2].partition("]")[0]
    report = (tmp_path / "state" / "reports" / f"{report_id}.txt").read_text()
    assert "RuntimeError" in report and "in broken" in report and "password=******" in report
    assert "s3cret" not in report.replace('raise RuntimeError("s3cret inside")', "") and "s3cret" not in err


def test_debug_shows_the_whole_error(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(arguments: object, **_: object) -> None:
        raise RuntimeError("what happened")

    monkeypatch.setenv("FIREBRICK_DEBUG", "1")
    monkeypatch.setattr(app.firebrick, "main", broken)
    assert run(["stack", "list"]) == 70
    assert "Traceback" in capsys.readouterr().err


def test_ctrl_c_is_one_hundred_and_thirty(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(arguments: object, **_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(app.firebrick, "main", interrupted)
    assert run(["stack", "list"]) == 130
