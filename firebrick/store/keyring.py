"""The keys that encrypt columns: several may read, one writes.

A sealed value is ``version (1 byte) | length of key id (1) | key id | nonce (12) | ciphertext and tag``, AES-256-GCM,
with everything before the nonce authenticated too. Nonces are random: rotate a key long before it has sealed
2**32 values. Losing the keyring is losing the values; the database alone gives nothing away.
"""

import base64
import binascii
import hmac
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from firebrick.diagnostics import Diagnostic, FirebrickError, Unavailable
from firebrick.randomness import random_bytes
from firebrick.store import keyring_file
from firebrick.store.keyring_file import KEY_BYTES, bad, fresh_key

__all__ = ["NOTICED_WITHIN", "Keyring", "fresh_key", "header_of", "is_sealed", "key_id_of"]

log = structlog.get_logger("firebrick.store")

VERSION = 1
NONCE_BYTES = 12
NOTICED_WITHIN = 1.0
"""Seconds after which a process that writes has noticed that its file of keys has changed."""


class Keyring:
    """Seals with the current key, opens with whichever key sealed. Safe to share between threads.

    One that was read from a file follows the file: at the latest after NOTICED_WITHIN seconds it writes with the key
    that is current there, and it looks again before it says that it lacks a key. A file that cannot be read changes
    nothing. Others never change.
    """

    def __init__(self, keys: Mapping[str, bytes], current: str) -> None:
        """keys: id (1 to 255 bytes of ASCII) -> 32 bytes. InvalidInput when they are not that."""
        self._ciphers = _Ciphers(keys, current)
        self._file: Path | None = None
        self._seen: tuple[int, ...] = ()
        self._look_at = 0.0
        self._lock = threading.Lock()

    @property
    def current(self) -> str:
        """Id of the key that seals."""
        return self._ciphers.current

    @property
    def ids(self) -> tuple[str, ...]:
        """Of all keys, sorted."""
        return self._ciphers.ids

    @classmethod
    def from_values(cls, values: Mapping[str, str], *, current: str) -> "Keyring":
        """values: key id -> base64 of 32 bytes."""
        keys: dict[str, bytes] = {}
        for key_id, value in values.items():
            try:
                keys[key_id] = base64.b64decode(value, validate=True)
            except (binascii.Error, ValueError):
                raise bad(f"Key {key_id!r} is not base64.") from None
        return cls(keys, current)

    @classmethod
    def from_file(cls, path: str | Path) -> "Keyring":
        """Read the file (see keyring_file) and follow it; make it with a fresh key if it is missing.

        Two processes that start at once end up with the same key. InvalidInput when the file is not a keyring.
        """
        file = Path(path)
        if not file.exists():
            keyring_file.make(file)
        seen = _stamp(file)
        content = keyring_file.read(file)
        made = cls.from_values(content.keys, current=content.current)
        made._file, made._seen = file, seen
        return made

    @classmethod
    def rotate_file(cls, path: str | Path) -> "Keyring":
        """Add a fresh key to the file and make it the current one. Old values stay readable, new ones use it."""
        file = Path(path)
        cls.from_file(file)
        keyring_file.use_key(file, keyring_file.add_key(file))
        return cls.from_file(file)

    def seal(self, plain: bytes) -> bytes:
        if self._file is not None and time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + NOTICED_WITHIN
            self._follow()
        return self._ciphers.seal(plain)

    def open(self, sealed: bytes) -> bytes:
        """Unavailable when the key is not in this keyring, or the value was changed."""
        header = header_of(sealed)
        cipher = self._ciphers.by_header.get(header)
        if cipher is None and self._follow():
            cipher = self._ciphers.by_header.get(header)
        if cipher is None:
            raise _unreadable(f"A stored value was sealed with a key that this keyring lacks ({key_id_of(sealed)}).")
        end = len(header)
        try:
            return cipher.decrypt(sealed[end : end + NONCE_BYTES], sealed[end + NONCE_BYTES :], header)
        except (InvalidTag, ValueError):  # changed, or cut off
            raise _unreadable(
                "A stored value does not open with its key: it was changed, or the key is another."
            ) from None

    def sign(self, purpose: str, text: bytes) -> str:
        """``key id:hex``, HMAC-SHA-256 under a key for that purpose, which follows from the current one."""
        ciphers = self._ciphers
        return f"{ciphers.current}:{ciphers.signature(ciphers.current, purpose, text)}"

    def is_signed(self, purpose: str, text: bytes, signature: str) -> bool:
        """Whether `sign` gave this signature, with any key of this ring."""
        key_id, _, digest = signature.rpartition(":")
        if key_id not in self._ciphers.ids and not (self._follow() and key_id in self._ciphers.ids):
            return False
        return hmac.compare_digest(self._ciphers.signature(key_id, purpose, text).encode(), digest.encode())

    def _follow(self) -> bool:
        """Whether the file had changed and was read again."""
        if self._file is None:
            return False
        with self._lock:
            try:
                seen = _stamp(self._file)
                if seen == self._seen:
                    return False
                self._seen = seen
                content = keyring_file.read(self._file)
                self._ciphers = Keyring.from_values(content.keys, current=content.current)._ciphers
            except FirebrickError as error:
                log.warning("keyring not read again; the keys stay as they were", file=str(self._file), why=str(error))
                return False
            log.info("keyring read again", file=str(self._file), current=self.current, keys=list(self.ids))
            return True


class _Ciphers:
    """The keys of one moment. Immutable."""

    def __init__(self, keys: Mapping[str, bytes], current: str) -> None:
        for key_id, key in keys.items():
            if not key_id.isascii() or not 1 <= len(key_id) <= 255:
                raise bad("A key's id must be 1 to 255 ASCII characters.")
            if len(key) != KEY_BYTES:
                raise bad(f"Key {key_id!r} has {len(key)} bytes; AES-256 needs {KEY_BYTES}.")
        if current not in keys:
            raise bad(f"The current key {current!r} is not among the keys.")
        self.current = current
        self.ids = tuple(sorted(keys))
        self.by_header = {_header(key_id): AESGCM(key) for key_id, key in keys.items()}
        self._header = _header(current)
        self._keys = dict(keys)
        self._cipher = self.by_header[self._header]

    def seal(self, plain: bytes) -> bytes:
        nonce = random_bytes(NONCE_BYTES)
        return self._header + nonce + self._cipher.encrypt(nonce, plain, self._header)

    def signature(self, key_id: str, purpose: str, text: bytes) -> str:
        derived = hmac.digest(self._keys[key_id], f"firebrick/sign/{purpose}".encode(), "sha256")
        return hmac.new(derived, text, "sha256").hexdigest()


def _header(key_id: str) -> bytes:
    return bytes((VERSION, len(key_id))) + key_id.encode("ascii")


def _stamp(file: Path) -> tuple[int, ...]:
    """Another one whenever the file is another; () while there is none."""
    try:
        told = file.stat()
    except OSError:
        return ()
    return (told.st_ino, told.st_mtime_ns, told.st_size)


def header_of(sealed: bytes) -> bytes:
    """What all values begin with that the same key sealed."""
    return sealed[: 2 + sealed[1]] if len(sealed) > 1 else sealed


def is_sealed(value: bytes) -> bool:
    """Whether it has the form of a sealed value, whoever's key that was."""
    return len(value) > 2 and value[0] == VERSION and len(value) > 2 + value[1] + NONCE_BYTES


def key_id_of(sealed: bytes) -> str:
    """Id of the key that sealed a value; a text that says so when it is none."""
    if len(sealed) < 2 or sealed[0] != VERSION:
        return "(not a sealed value)"
    return sealed[2 : 2 + sealed[1]].decode("ascii", "replace")


def _unreadable(summary: str) -> Unavailable:
    detail = "Start with the keyring the database was written with."
    return Unavailable(Diagnostic(code="store-key-missing", summary=summary, detail=detail))
