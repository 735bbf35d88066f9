"""The folder a server keeps its state in: which file is what, who owns it now, and where its server answers.

Layout::

    firebrick.db      the store, unless --database names another
    temporal.db       the Temporal dev server's record, unless --address names a cluster
    keyring           the key of the store's encrypted columns
    server.lock       held (flock) while a server runs; contains its pid
    server.json       where the running server answers; written when ready, removed at the end
    logs/             what the children say
    reports/          one file for each unexpected error of a command

All of it is its owner's only: the folder is 0700, files are 0600, whatever they were before.

Standard library only: the command line looks here for a server before it imports anything heavy.
"""

import fcntl
import json
import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firebrick.diagnostics import Conflict, Diagnostic, InvalidInput

PRIVATE = (
    "firebrick.db*",
    "temporal.db*",
    "*keyring*",
    "server.*",
    "worker.*",
    "logs",
    "logs/*",
    "reports",
    "reports/*",
)
"""What the folder has of this project's: others may have put more into it."""


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

    def prepare(self) -> Sequence[str]:
        """Make the folder, and it and its files their owner's only. What people should know of that, a line each.
        InvalidInput when that cannot be."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self.path.stat().st_mode & stat.S_ISVTX:
                raise PermissionError(13, "all users of this machine share it")
            (self.path / "logs").mkdir(mode=0o700, exist_ok=True)
            complaints = self._close_to_others()
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
        return complaints

    def _close_to_others(self) -> Sequence[str]:
        """OSError: it is somebody else's."""
        complaints = []
        if was := mended(self.path):
            complaints.append(f"the state folder {self.path} was open to others ({was:04o}); it is 0700 now")
        for file in sorted({one for pattern in PRIVATE for one in self.path.glob(pattern)}):
            was = 0 if file.is_symlink() else mended(file)
            if was and file.name == self.keyring.name:
                complaints.append(
                    f"the keyring {file} was open to others ({was:04o}); it is 0600 now. Whoever has read it can open "
                    "what is stored; `firebrick db rotate-key` takes a new key into use"
                )
        return complaints

    def missing(self) -> str:
        """ "" while the folder is there; else what to know, in a sentence."""
        if self.path.is_dir() and self.keyring.exists():
            return ""
        return f"the state folder {self.path} or its keyring is gone: what is stored now would be lost"

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
    """Replace a file at once: a reader sees the old text or the new one. It is its owner's only."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    with open(draft, "w", encoding="utf-8", opener=owners_only) as stream:
        stream.write(json.dumps(value, indent=1, sort_keys=True) + "\n")
    draft.replace(file)


def owners_only(path: str, flags: int) -> int:
    """An opener for ``open``: a file that is made is 0600."""
    return os.open(path, flags | os.O_CLOEXEC, 0o600)


def mended(file: Path) -> int:
    """Take away what others may do with it; which mode it had, 0 when they might do nothing. OSError: it is somebody
    else's."""
    mode = stat.S_IMODE(file.stat().st_mode)
    if not mode & 0o077:
        return 0
    file.chmod(mode & ~0o077)
    return mode


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
            taken = cls(file, descriptor)
            if taken.held:
                os.truncate(descriptor, 0)
                os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
                return taken
            os.close(descriptor)

    @property
    def held(self) -> bool:
        """Whether the file is the one that was locked: the folder may have been removed, and made by somebody else."""
        try:
            return os.stat(self._file).st_ino == os.fstat(self._descriptor).st_ino
        except FileNotFoundError:
            return False

    def release(self) -> None:
        if self.held:
            self._file.unlink(missing_ok=True)
        os.close(self._descriptor)
