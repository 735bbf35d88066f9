"""The file of keys: how it is read, made and changed. Its content is text here; Keyring makes use of it.

``{"current": id, "keys": {id: base64 of 32 bytes}, "retired": {id: seconds since the epoch}}``, mode 0600. A change is
the whole new file or the old one (rename), and changes of several processes follow one another (a lock on the folder):
no key is ever lost by two that write at once. retired: when a key stopped being the current one.
"""

import base64
import contextlib
import fcntl
import json
import os
import stat
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import structlog

from firebrick.diagnostics import Conflict, Diagnostic, InvalidInput, NotFound

log = structlog.get_logger("firebrick.store")

KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Keys:
    """What the file says. keys: id -> base64. retired: id -> when it stopped being the current one."""

    current: str
    keys: Mapping[str, str]
    retired: Mapping[str, float] = field(default_factory=dict)

    def as_json(self) -> str:
        content = {"current": self.current, "keys": dict(self.keys)}
        return json.dumps(content | ({"retired": dict(self.retired)} if self.retired else {}))


def read(file: Path) -> Keys:
    """InvalidInput when it cannot be read or is no keyring. One that others may read is complained about, and theirs no
    more."""
    _close_to_others(file)
    try:
        content = json.loads(file.read_text(encoding="ascii"))
        keys = {str(one): str(value) for one, value in dict(content["keys"]).items()}
        retired = {str(one): float(value) for one, value in dict(content.get("retired", {})).items()}
        return Keys(str(content["current"]), keys, retired)
    except OSError as error:
        raise bad(f"The keyring {file} cannot be read: {error.strerror}.") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise bad(f"{file} is not a keyring.", 'Expected {"current": id, "keys": {id: base64}}.') from None


def _close_to_others(file: Path) -> None:
    """Where it is not this process's to change (a secret that is mounted), there is the complaint alone."""
    try:
        mode = stat.S_IMODE(file.stat().st_mode)
        if not mode & 0o077:
            return
        try:
            file.chmod(mode & ~0o077)
            now = "it is no more; `firebrick db rotate-key` takes a new key into use"
        except OSError:
            now = "make it readable by its owner only"
    except OSError:
        return
    log.warning("the keyring was open to others", file=str(file), mode=f"{mode:04o}", then=now)


def make(file: Path) -> None:
    """A file with one fresh key, unless there is one: whoever comes first wins."""
    _publish(file, Keys("k1", {"k1": fresh_key()}), replace=False)


def add_key(file: Path) -> str:
    """Add a fresh key, which is not used for writing yet; its id."""
    with _changing(file) as keys:
        number = 1 + len(keys.keys)
        while f"k{number}" in keys.keys or f"k{number}" in keys.retired:
            number += 1
        _publish(file, replace(keys, keys={**keys.keys, f"k{number}": fresh_key()}), replace=True)
        return f"k{number}"


def use_key(file: Path, key_id: str) -> None:
    """Make a key the current one: what is written from now on is sealed with it. NotFound when there is none."""
    with _changing(file) as keys:
        _must_have(keys, key_id, file)
        if key_id == keys.current:
            return
        retired = {one: at for one, at in keys.retired.items() if one != key_id} | {keys.current: time.time()}
        _publish(file, Keys(key_id, keys.keys, retired), replace=True)


def drop_key(file: Path, key_id: str, *, retired_for: float) -> None:
    """Remove a key that nothing is sealed with any more, which the caller has made sure of.

    Conflict: it is the current one, or stopped being that less than `retired_for` seconds ago, so that some process
    may still be writing with it. Its id is never given to another key.
    """
    with _changing(file) as keys:
        _must_have(keys, key_id, file)
        if key_id == keys.current:
            raise _refused(f"key {key_id} is the current one", "Make another one current: `firebrick db rotate-key`.")
        left = keys.retired.get(key_id, 0.0) + retired_for - time.time()
        if left > 0:
            raise _refused(
                f"key {key_id} was the current one until a moment ago, and a process may still be writing with it",
                f"Repeat this in {left:.0f} s.",
            )
        kept = {one: value for one, value in keys.keys.items() if one != key_id}
        _publish(file, Keys(keys.current, kept, {key_id: 0.0, **keys.retired}), replace=True)


def fresh_key() -> str:
    """base64 of a new random key."""
    return base64.b64encode(os.urandom(KEY_BYTES)).decode("ascii")


def bad(summary: str, detail: str = "") -> InvalidInput:
    return InvalidInput(Diagnostic(code="keyring-invalid", summary=summary, detail=detail))


@contextlib.contextmanager
def _changing(file: Path) -> Iterator[Keys]:
    """The content, while nobody else changes it."""
    try:
        descriptor = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise bad(f"The keyring {file} cannot be changed: {error.strerror}.") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield read(file)
    finally:
        os.close(descriptor)


def _publish(file: Path, content: Keys, *, replace: bool) -> None:
    """Write the whole file or nothing; without `replace`, whoever comes first wins."""
    draft = file.with_name(f".{file.name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.write(content.as_json())
            stream.flush()
            os.fsync(stream.fileno())
        if replace:
            os.replace(draft, file)
        else:
            with contextlib.suppress(FileExistsError):
                os.link(draft, file)
    except OSError as error:
        raise bad(f"The keyring {file} cannot be written: {error.strerror}.") from None
    finally:
        draft.unlink(missing_ok=True)


def _must_have(keys: Keys, key_id: str, file: Path) -> None:
    if key_id not in keys.keys:
        raise NotFound(
            Diagnostic(
                code="key-not-found",
                summary=f"the keyring {file} has no key {key_id}",
                detail=f"It has {', '.join(sorted(keys.keys))}.",
            )
        )


def _refused(summary: str, detail: str) -> Conflict:
    return Conflict(Diagnostic(code="key-in-use", summary=summary, detail=detail))
