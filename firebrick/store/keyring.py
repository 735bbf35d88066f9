"""The keys that encrypt columns: several may read, one writes.

A sealed value is ``version (1 byte) | length of key id (1) | key id | nonce (12) | ciphertext and tag``, AES-256-GCM,
with everything before the nonce authenticated too. Nonces are random: rotate a key long before it has sealed
2**32 values. Losing the keyring is losing the values; the database alone gives nothing away.
"""

import base64
import binascii
import json
import os
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from firebrick.diagnostics import Diagnostic, InvalidInput, Unavailable

VERSION = 1
NONCE_BYTES = 12
KEY_BYTES = 32


class Keyring:
    """Seals with the current key, opens with whichever key sealed. Immutable, safe to share between threads."""

    def __init__(self, keys: Mapping[str, bytes], current: str) -> None:
        """keys: id (1 to 255 bytes of ASCII) -> 32 bytes. InvalidInput when they are not that."""
        for key_id, key in keys.items():
            if not key_id.isascii() or not 1 <= len(key_id) <= 255:
                raise _bad("A key's id must be 1 to 255 ASCII characters.")
            if len(key) != KEY_BYTES:
                raise _bad(f"Key {key_id!r} has {len(key)} bytes; AES-256 needs {KEY_BYTES}.")
        if current not in keys:
            raise _bad(f"The current key {current!r} is not among the keys.")
        self.current = current
        self._ciphers = {key_id: AESGCM(key) for key_id, key in sorted(keys.items())}
        self._headers = {key_id: bytes((VERSION, len(key_id))) + key_id.encode("ascii") for key_id in self._ciphers}
        self._by_header = {header: self._ciphers[key_id] for key_id, header in self._headers.items()}
        self.ids = tuple(self._ciphers)
        self._cipher = self._ciphers[current]
        self._header = self._headers[current]

    @classmethod
    def from_values(cls, values: Mapping[str, str], *, current: str) -> "Keyring":
        """values: key id -> base64 of 32 bytes."""
        keys: dict[str, bytes] = {}
        for key_id, value in values.items():
            try:
                keys[key_id] = base64.b64decode(value, validate=True)
            except (binascii.Error, ValueError):
                raise _bad(f"Key {key_id!r} is not base64.") from None
        return cls(keys, current)

    @classmethod
    def from_file(cls, path: str | Path) -> "Keyring":
        """Read ``{"current": id, "keys": {id: base64}}``; make the file (mode 0600) with a fresh key if it is missing.

        Two processes that start at once end up with the same key. InvalidInput when the file is not a keyring.
        """
        file = Path(path)
        if not file.exists():
            _publish(file, {"current": "k1", "keys": {"k1": fresh_key()}}, replace=False)
        return cls._read(file)

    @classmethod
    def rotate_file(cls, path: str | Path) -> "Keyring":
        """Add a fresh key to the file and make it the current one. Old values stay readable, new ones use it."""
        file = Path(path)
        cls.from_file(file)
        content = json.loads(file.read_text(encoding="ascii"))
        number = 1 + len(content["keys"])
        while f"k{number}" in content["keys"]:
            number += 1
        content["keys"][f"k{number}"] = fresh_key()
        content["current"] = f"k{number}"
        _publish(file, content, replace=True)
        return cls._read(file)

    @classmethod
    def _read(cls, file: Path) -> "Keyring":
        try:
            content = json.loads(file.read_text(encoding="ascii"))
            values, current = dict(content["keys"]), str(content["current"])
        except OSError as error:
            raise _bad(f"The keyring {file} cannot be read: {error.strerror}.") from None
        except (ValueError, KeyError, TypeError):
            raise _bad(f"{file} is not a keyring.", 'Expected {"current": id, "keys": {id: base64}}.') from None
        return cls.from_values({str(key_id): str(value) for key_id, value in values.items()}, current=current)

    def seal(self, plain: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return self._header + nonce + self._cipher.encrypt(nonce, plain, self._header)

    def open(self, sealed: bytes) -> bytes:
        """Unavailable when the key is not in this keyring, or the value was changed."""
        end = len(header_of(sealed))
        cipher = self._by_header.get(sealed[:end])
        if cipher is None:
            raise _unreadable(f"A stored value was sealed with a key that this keyring lacks ({key_id_of(sealed)}).")
        try:
            return cipher.decrypt(sealed[end : end + NONCE_BYTES], sealed[end + NONCE_BYTES :], sealed[:end])
        except InvalidTag:
            raise _unreadable(
                "A stored value does not open with its key: it was changed, or the key is another."
            ) from None


def fresh_key() -> str:
    """base64 of a new random key."""
    return base64.b64encode(os.urandom(KEY_BYTES)).decode("ascii")


def _publish(file: Path, content: object, *, replace: bool) -> None:
    """Write the whole file or nothing; without `replace`, whoever comes first wins."""
    draft = file.with_name(f".{file.name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            json.dump(content, stream)
            stream.flush()
            os.fsync(stream.fileno())
        if replace:
            os.replace(draft, file)
        else:
            try:
                os.link(draft, file)
            except FileExistsError:
                pass
    except OSError as error:
        raise _bad(f"The keyring {file} cannot be written: {error.strerror}.") from None
    finally:
        draft.unlink(missing_ok=True)


def header_of(sealed: bytes) -> bytes:
    """What all values begin with that the same key sealed."""
    return sealed[: 2 + sealed[1]] if len(sealed) > 1 else sealed


def key_id_of(sealed: bytes) -> str:
    """Id of the key that sealed a value; a text that says so when it is none."""
    if len(sealed) < 2 or sealed[0] != VERSION:
        return "(not a sealed value)"
    return sealed[2 : 2 + sealed[1]].decode("ascii", "replace")


def _bad(summary: str, detail: str = "") -> InvalidInput:
    return InvalidInput(Diagnostic(code="keyring-invalid", summary=summary, detail=detail))


def _unreadable(summary: str) -> Unavailable:
    detail = "Start with the keyring the database was written with."
    return Unavailable(Diagnostic(code="store-key-missing", summary=summary, detail=detail))
