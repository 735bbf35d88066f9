"""The folder a server keeps its state in: which file is what, who owns it now, and where its server answers.

Layout::

    firebrick.db      the store, unless --database names another
    temporal.db       the Temporal dev server's record, unless --address names a cluster
    keyring           the key of the store's encrypted columns, readable by its owner only
    server.lock       held (flock) while a server runs; contains its pid
    server.json       where the running server answers; written when ready, removed at the end
    logs/             what the children say
    reports/          one file for each unexpected error of a command

Standard library only: the command line looks here for a server before it imports anything heavy.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firebrick.diagnostics import Conflict, Diagnostic, InvalidInput


def default_path() -> Path:
    """$FIREBRICK_STATE, or firebrick in the user's state directory (XDG base directories)."""
    if chosen := os.environ.get("FIREBRICK_STATE"):
        return Path(chosen).expanduser()
    base = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(base).expanduser() / "firebrick"


@dataclass(frozen=True, slots=True)
class StateFolder:
    path: Path

    @classmethod
    def at(cls, path: Path | str | None = None) -> "StateFolder":
        return cls(Path(path).expanduser().absolute() if path else default_path().absolute())

    @property
    def database_url(self) -> str:
        return f"sqlite:///{self.path / 'firebrick.db'}"

    @property
    def temporal_database(self) -> Path:
        return self.path / "temporal.db"

    @property
    def keyring(self) -> Path:
        return self.path / "keyring"

    @property
    def server_file(self) -> Path:
        return self.path / "server.json"

    @property
    def lock_file(self) -> Path:
        return self.path / "server.lock"

    @property
    def worker_ready_file(self) -> Path:
        return self.path / "worker.ready"

    @property
    def reports(self) -> Path:
        return self.path / "reports"

    def log(self, name: str) -> Path:
        return self.path / "logs" / f"{name}.log"

    def prepare(self) -> None:
        """Make the folder, for its owner only. InvalidInput when that cannot be."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            (self.path / "logs").mkdir(mode=0o700, exist_ok=True)
            if not os.access(self.path, os.W_OK | os.X_OK):
                raise PermissionError(13, "Permission denied")
        except OSError as error:
            raise InvalidInput(
                Diagnostic(
                    code="state-folder-unusable",
                    summary=f"the state folder {self.path} cannot be used: {error.strerror or error}",
                    detail="Choose another with --state-dir PATH or $FIREBRICK_STATE.",
                )
            ) from None

    def running_server(self) -> Mapping[str, Any] | None:
        """What the server of this folder wrote about itself, if its process lives."""
        try:
            told = json.loads(self.server_file.read_text(encoding="utf-8"))
            os.kill(int(told["pid"]), 0)
        except PermissionError:
            return None  # somebody else's process: its pid was given away again, or the server is not ours
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return told if isinstance(told, dict) else None

    def write_server_file(self, told: Mapping[str, Any]) -> None:
        write_json(self.server_file, told)

    def forget_server(self) -> None:
        for file in (self.server_file, self.worker_ready_file):
            file.unlink(missing_ok=True)

    def lock(self) -> "ServerLock":
        """Become the one server of this folder; Conflict, naming the other's pid, when there is one."""
        return ServerLock.take(self.lock_file)


def write_json(file: Path, value: Mapping[str, Any]) -> None:
    """Replace a file at once: a reader sees the old text or the new one."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_text(json.dumps(value, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    draft.replace(file)


class ServerLock:
    """An flock on server.lock. The kernel lets go of it when the process dies, however it dies."""

    def __init__(self, file: Path, descriptor: int) -> None:
        self._file = file
        self._descriptor = descriptor

    @classmethod
    def take(cls, file: Path) -> "ServerLock":
        while True:
            descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                pid = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
                os.close(descriptor)
                raise Conflict(
                    Diagnostic(
                        code="server-already-running",
                        summary=f"another server runs on the state folder {file.parent} (pid {pid})",
                        detail=f"Use that one, stop it (kill {pid}), or choose another folder with --state-dir PATH.",
                    )
                ) from None
            # The file may have been removed by a server that was just ending: then the lock is on a file nobody finds.
            with contextlib.suppress(FileNotFoundError):
                if os.stat(file).st_ino == os.fstat(descriptor).st_ino:
                    os.truncate(descriptor, 0)
                    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
                    return cls(file, descriptor)
            os.close(descriptor)

    def release(self) -> None:
        self._file.unlink(missing_ok=True)
        os.close(self._descriptor)
