"""Column types. An encrypted column holds text or JSON sealed by the keyring of the engine that writes it.

Reasons of any size are cut here, where all of them are written.


The tables are the same for every store, the keys are not: they hang on the engine's dialect, which SQLAlchemy hands
to a type with every value.
"""

import json
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Dialect, Engine, LargeBinary
from sqlalchemy.types import TypeDecorator

from firebrick.compact_json import compact
from firebrick.json_values import cut, whole
from firebrick.store.keyring import Keyring

_KEYRINGS: "WeakKeyDictionary[Dialect, Keyring]" = WeakKeyDictionary()

MOST_REASON = 20_000
"""Characters of a reason that are kept: of a state, an event, an operation."""

_from_json = json.JSONDecoder().decode
_from_any_json = json.JSONDecoder(parse_int=lambda digits: int(digits) if len(digits) <= 4_000 else None).decode


def use_keyring(engine: Engine, keyring: Keyring) -> None:
    """Say which keys the encrypted columns of this engine use. Before its first statement."""
    _KEYRINGS[engine.dialect] = keyring


class EncryptedText(TypeDecorator[str]):
    """Text, sealed. NULL stays NULL."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else _KEYRINGS[dialect].seal(value.encode("utf-8", "surrogatepass"))

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        return None if value is None else _KEYRINGS[dialect].open(value).decode("utf-8", "surrogatepass")


class Reason(EncryptedText):
    """Why something is as it is, in whoever's words: made whole, and cut after MOST_REASON characters with a note."""

    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return super().process_bind_param(None if value is None else cut(whole(value), MOST_REASON), dialect)


class EncryptedJSON(TypeDecorator[Any]):
    """A JSON value, sealed. None is NULL, not JSON's null."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any | None, dialect: Dialect) -> bytes | None:
        return None if value is None else _KEYRINGS[dialect].seal(compact(value))

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Any | None:
        if value is None:
            return None
        text = _KEYRINGS[dialect].open(value).decode("ascii")
        try:
            return _from_json(text)
        except ValueError:  # a number that Python writes and does not read; written before those were refused
            return _from_any_json(text)
