"""Files below one folder that the operator names, written whole or not at all: what Firebrick::File stands on.

FIREBRICK_FILE_ROOT in the worker's environment is the folder. A path is relative to it, has no ``..``, and no part of
it is followed through a symbolic link, whoever makes one meanwhile: folders are opened one below the other. A file is
written beside its place, and put there in one step.

Whose a file is, is said by a claim beside the files: ``.firebrick/<hash of the path>.json`` below the root, with the
key of its maker. A claim is made before the file and goes after it. While it says ``placed: false``, the file at the
place is its maker's only if it is the very one (the same inode) that was written to be linked there: a file that was
there already is never taken for one's own. Links within a folder must be possible: not so on some network drives.
"""

import contextlib
import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import PurePosixPath

from firebrick.resources.errors import RefusedError, TakenError

ROOT = "FIREBRICK_FILE_ROOT"
CLAIMS = ".firebrick"
FOLDER_MODE = 0o755
_OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NONE = -1  # no folder that is open
_OPEN_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC


def checked_path(path: str) -> None:
    """ValueError: no path of a file below a root."""
    parts = path.split("/")
    if not path or "\0" in path or path.startswith("/") or any(part in ("", ".", "..") for part in parts):
        raise ValueError("a path is relative to the operator's folder: names with / between them, without . and ..")
    if parts[0] == CLAIMS:
        raise ValueError(f"{CLAIMS} is Firebrick's own folder")
    if any(len(part.encode()) > 200 for part in parts):
        raise ValueError("no part of a path has more than 200 bytes")


@dataclass(frozen=True, slots=True)
class Claim:
    """Who made the file at a path. key: a digest of the create's key; sha256: of the content it is to have. going: it
    is being taken away."""

    path: str
    key: str
    sha256: str = ""
    placed: bool = False
    going: bool = False


def key_digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def content_digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class RootedFile:
    """One path below the root, with its folder and the folder of claims open. Use `at`."""

    def __init__(self, path: str, root: str, folder: int, claims: int) -> None:
        self.path = path
        self.absolute = os.path.join(root, path)
        self._name = PurePosixPath(path).name
        self._fresh = f".{self._name}.firebrick-{hashlib.sha256(path.encode()).hexdigest()[:12]}"
        self._claim = hashlib.sha256(path.encode()).hexdigest() + ".json"
        self._folder = folder
        self._claims = claims

    # --- claims ---------------------------------------------------------------------------------------------------

    def claim(self) -> Claim | None:
        with contextlib.suppress(FileNotFoundError):
            return Claim(**json.loads(_read(self._claims, self._claim)))
        return None

    def make_claim(self, claim: Claim) -> None:
        """TakenError: another resource has one. RefusedError: a file is there that nobody has made. A claim to a file
        that was there and that somebody took away stands for nothing any more."""
        there = _status(self._folder, self._name) is not None
        existing = self.claim()  # after the file: one that is being taken away says so before its file is gone
        if existing is not None and (there or not existing.placed or existing.going):
            text = f"{self.path} belongs to another resource: choose another path"
            raise TakenError(text, by=lambda key: key_digest(key) == existing.key)
        if there:
            raise self._taken()
        self.change_claim(claim)

    def change_claim(self, claim: Claim) -> None:
        fresh = f"{self._claim}.{claim.key[:16]}"
        _write(self._claims, fresh, json.dumps(asdict(claim)).encode(), 0o600)
        os.replace(fresh, self._claim, src_dir_fd=self._claims, dst_dir_fd=self._claims)

    def drop_claim(self) -> None:
        _unlink(self._claims, self._claim)

    # --- the file -------------------------------------------------------------------------------------------------

    def place(self, content: bytes, mode: int, claim: Claim) -> None:
        """Put it where nothing is yet, and note that in the claim. Safe to repeat; RefusedError: something is there
        that is not ours, and then the claim is gone too."""
        if not self._is_linked():
            _write(self._folder, self._fresh, content, mode)
            try:
                self._link()
            except FileExistsError:
                self.remove(replace(claim, placed=False))
                raise self._taken() from None
        self.change_claim(claim)
        _unlink(self._folder, self._fresh)

    def replace(self, content: bytes, mode: int) -> None:
        """Put it where one of ours is, or was."""
        _write(self._folder, self._fresh, content, mode)
        os.replace(self._fresh, self._name, src_dir_fd=self._folder, dst_dir_fd=self._folder)

    def remove(self, claim: Claim) -> None:
        """Take away what this claim stands for, and the claim. Safe to repeat. Nobody may take the place before the
        claim is gone: it would be gone with it."""
        self.change_claim(replace(claim, going=True))
        if claim.placed or self._is_linked():
            _unlink(self._folder, self._name)
        _unlink(self._folder, self._fresh)
        self.drop_claim()

    def status(self) -> os.stat_result | None:
        """Of the file at the place; None: none, or something that is no file."""
        found = _status(self._folder, self._name)
        return found if found is not None and stat.S_ISREG(found.st_mode) else None

    def content(self) -> bytes:
        return _read(self._folder, self._name)

    def _is_linked(self) -> bool:
        """Whether what was written beside the place is at the place."""
        fresh, there = _status(self._folder, self._fresh), _status(self._folder, self._name)
        return fresh is not None and there is not None and os.path.samestat(fresh, there)

    def _link(self) -> None:
        os.link(self._fresh, self._name, src_dir_fd=self._folder, dst_dir_fd=self._folder, follow_symlinks=False)

    def _taken(self) -> RefusedError:
        return RefusedError(
            f"there is something at {self.path} already, which this resource has not made; it is left as it is. "
            "Choose another path, or take it away first."
        )


@contextlib.contextmanager
def at(
    path: str, *, make: bool = False, claims: bool = True, environ: Mapping[str, str] = os.environ
) -> Iterator[RootedFile | None]:
    """The file at a path below the operator's folder. make: folders on the way that are not there; else None. claims:
    False for a file that somebody else has made: nothing is asked of its claim.

    RefusedError: there is no such root, the path is none, or it leads through something that is no folder.
    """
    root = environ.get(ROOT, "")
    if not root:
        raise RefusedError(
            f"this worker writes no files: the operator's setting {ROOT} is not set. To allow it, name a folder for "
            "them in the worker's environment."
        )
    try:
        checked_path(path)
    except ValueError as error:
        raise RefusedError(str(error)) from None
    with contextlib.ExitStack() as opened:
        try:
            # The root itself is the operator's, and may be a link; nothing below it may.
            top = _closing(opened, os.open(root, _OPEN_FOLDER & ~os.O_NOFOLLOW))
        except OSError as error:
            raise RefusedError(f"the folder that {ROOT} names cannot be used: {error.strerror}") from None
        try:
            beside = _closing(opened, _folder(CLAIMS, top, make, 0o700)) if claims else _NONE
            folder = top
            for part in PurePosixPath(path).parts[:-1]:
                folder = _closing(opened, _folder(part, folder, make))
        except FileNotFoundError:
            yield None
            return
        except OSError as error:
            raise RefusedError(f"{path} does not lead through folders alone: {error.strerror}") from None
        yield RootedFile(path, root, folder, beside)


def _closing(opened: contextlib.ExitStack, folder: int) -> int:
    opened.callback(os.close, folder)
    return folder


def _folder(name: str, within: int, make: bool, mode: int = FOLDER_MODE) -> int:
    """A folder within another, opened. OSError: it is a link, or no folder."""
    if make:
        with contextlib.suppress(FileExistsError):
            os.mkdir(name, mode, dir_fd=within)
    return os.open(name, _OPEN_FOLDER, dir_fd=within)


def _write(folder: int, name: str, content: bytes, mode: int) -> None:
    """A whole new file; what was under the name is unlinked, so that no other name of it changes."""
    _unlink(folder, name)
    with open(name, "wb", opener=lambda path, _: os.open(path, _OPEN_NEW | os.O_EXCL, 0o600, dir_fd=folder)) as file:
        file.write(content)
        file.flush()
        os.fchmod(file.fileno(), mode)
        os.fsync(file.fileno())


def _read(folder: int, name: str) -> bytes:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    with open(name, "rb", opener=lambda path, _: os.open(path, flags, dir_fd=folder)) as file:
        return file.read()


def _status(folder: int, name: str) -> os.stat_result | None:
    with contextlib.suppress(FileNotFoundError):
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    return None


def _unlink(folder: int, name: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)
