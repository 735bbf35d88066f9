"""A PostgreSQL server that tests may start, kill and start again, without root and without anybody's set-up.

with PostgresServer() as server:
    url = server.url(server.create_database())       # postgresql+psycopg://firebrick:...@127.0.0.1:PORT/d1
    server.kill()                                     # as if the machine had died
    server.start()                                    # the same port, the same data

The binaries are looked for in $FIREBRICK_POSTGRES_BIN, beside the `postgres` on the path, and where Debian and others
put them; only `initdb` and `postgres` are needed. A server refuses to run as root: started by root, it runs as the
system's user ``postgres``, or ``nobody``. It listens on the loopback only and wants a password, since other users of
the machine reach that too. Nothing is synchronised to the disk: fast, and safe from everything but a power cut.
"""

import contextlib
import glob
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import URL, Connection, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from firebrick.ports import free_ports

USER = "firebrick"
READY_WITHIN = 60.0  # seconds; it takes 0.2 on an idle machine, and longer after a kill
STOPPED_WITHIN = 15.0
PLACES = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # the project's own packages for Red Hat
    "/usr/local/pgsql/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
)
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",  # and yet what is committed outlives a kill: the log is with the kernel by then
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "max_wal_size": "256MB",
    "autovacuum": "off",
    "log_min_messages": "warning",
}


def binaries() -> Path:
    """The folder with initdb and postgres; of several versions the newest. RuntimeError says what to install."""
    chosen = os.environ.get("FIREBRICK_POSTGRES_BIN")
    if chosen:
        found = [Path(chosen)]
    else:
        on_path = [Path(name).resolve().parent for name in (shutil.which("initdb"), shutil.which("postgres")) if name]
        found = on_path + sorted((Path(one) for place in PLACES for one in glob.glob(place)), key=_version)[::-1]
    for folder in found:
        if (folder / "initdb").is_file() and (folder / "postgres").is_file():
            return folder
    where = chosen or "the path, nor where packages put them"
    raise RuntimeError(
        f"PostgreSQL's server programs (initdb, postgres) are not in {where}. Install them (Debian, Ubuntu: "
        "apt-get install postgresql) or name their folder in FIREBRICK_POSTGRES_BIN."
    )


def _version(folder: Path) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", str(folder)))


class PostgresServer:
    """One server, with a cluster of its own in a folder of its own; the folder goes when it is closed.

    port: chosen when 0, and fixed from the first start on. settings: of PostgreSQL, before those here, which are made
    for tests. All methods block: the first start() for about a second.
    """

    def __init__(self, *, port: int = 0, settings: Mapping[str, str] | None = None) -> None:
        self._given_port = port
        self.port = port or free_ports(1)[0]
        self._settings = {**SETTINGS, **(settings or {})}
        self._password = secrets.token_urlsafe(12)
        self._binaries = binaries()
        self._account = _account()
        # Not below the test's own folder: that is its owner's only, and the server may be another user.
        self._folder = Path(tempfile.mkdtemp(prefix="firebrick-postgres-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._databases = 0
        self._initialised = False

    # --- the process ----------------------------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        assert self._process is not None, "not started"
        return self._process.pid

    @property
    def log(self) -> Path:
        return self._folder / "log"

    def start(self) -> None:
        """Start it, on the data it had; return when it answers. RuntimeError with the end of its log otherwise."""
        assert not self.running, "already running"
        if not self._initialised:
            self._initialise()
            self.port = self._given_port or free_ports(1)[0]  # that took seconds, and somebody may have taken the first
        settings = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        command = [str(self._binaries / "postgres"), "-D", str(self._data), "-p", str(self.port), *settings]
        deadline = time.monotonic() + READY_WITHIN
        while not self._answers():
            if not self.running:
                # A first process; or one that found the children of a killed one still at its memory, and gave up.
                if self._process is not None and time.monotonic() > deadline - READY_WITHIN / 2:
                    break
                self._process = self._spawn(command)
            if time.monotonic() > deadline:
                break
            time.sleep(0.02)
        else:
            return
        self.kill()
        raise RuntimeError(f"no PostgreSQL at port {self.port}:\n{self.log.read_text()[-2_000:]}")

    def kill(self) -> None:
        """kill -9; whatever was not committed is gone, clients lose their connections. Does nothing when it is dead."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it in order; clients are sent away (a "fast" shutdown)."""
        self._end(signal.SIGINT)

    def restart(self) -> None:
        """kill -9 and start again."""
        self.kill()
        self.start()

    def close(self) -> None:
        """Kill it and remove everything it had."""
        self.kill()
        for attempt in range(50):  # children of a killed server may write for a moment yet
            with contextlib.suppress(OSError):
                shutil.rmtree(self._folder)
                return
            time.sleep(0.02 * (attempt + 1))
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- its databases --------------------------------------------------------------------------------------------

    def url(self, database: str = "postgres") -> str:
        """For Store.open and --database; with the password."""
        where = URL.create("postgresql+psycopg", USER, self._password, "127.0.0.1", self.port, database)
        return where.render_as_string(hide_password=False)

    def create_database(self, *, template: str = "template1", options: str = "") -> str:
        """A new database's name. template: a database to copy, to which nobody is connected. options: further words
        of CREATE DATABASE."""
        self._databases += 1
        name = f"d{self._databases}"
        with self.connect() as connection:
            connection.execute(text(f'CREATE DATABASE {name} TEMPLATE "{template}" {options}'))
        return name

    def drop_database(self, name: str) -> None:
        """Whoever uses it is sent away."""
        with self.connect() as connection:
            connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))

    @contextlib.contextmanager
    def connect(self, database: str = "postgres") -> Iterator[Connection]:
        """A connection of the server's administrator; each statement is a transaction."""
        engine = create_engine(self.url(database), poolclass=NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            yield connection

    # --- inside ---------------------------------------------------------------------------------------------------

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _initialise(self) -> None:
        password = self._folder / "password"
        password.write_text(self._password)
        if self._account:
            self._folder.chmod(0o700)
            for path in (self._folder, password):
                os.chown(path, self._account["user"], self._account["group"])
        command = [str(self._binaries / "initdb"), "-D", str(self._data), "-U", USER, "--pwfile", str(password)]
        command += ["--auth", "password", "--encoding", "UTF8", "--locale", "C", "--no-sync"]
        ended = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, cwd="/", **self._account)
        if ended.returncode:
            raise RuntimeError(f"initdb failed:\n{ended.stderr.decode(errors='replace')[-2_000:]}")
        password.unlink()
        self._initialised = True

    def _spawn(self, command: Sequence[str]) -> "subprocess.Popen[bytes]":
        with self.log.open("ab") as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
                **self._account,
            )

    def _answers(self) -> bool:
        if not self.running:
            return False
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            with contextlib.suppress(OperationalError), self.connect():
                return True
        return False

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        if self._process.poll() is None:
            os.kill(self._process.pid, how)
        try:
            self._process.wait(STOPPED_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _account() -> dict[str, Any]:
    """Who the server is to be, as arguments of Popen: somebody else when we are root, else whoever we are."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            found = pwd.getpwnam(name)
            return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}
    raise RuntimeError("PostgreSQL does not run as root, and this system has neither a user postgres nor nobody.")
