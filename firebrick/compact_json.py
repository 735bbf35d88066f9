"""JSON as it is stored: compact, and in ASCII.

pydantic's writer is four times as fast as the standard library's. Where the two do not write the same thing (characters
beyond ASCII, half a surrogate pair, None as a key) the standard library's is kept, which older versions read.
"""

import json
from typing import Any

from pydantic_core import PydanticSerializationError
from pydantic_core import to_json as _fast

_plain = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


def compact(value: Any) -> bytes:
    """What JSON has no form for but pydantic has, such as a date or a set, is written as pydantic does; TypeError for
    anything else."""
    try:
        written = _fast(value)
    except PydanticSerializationError:
        return _plain(value).encode("ascii")
    if not written.isascii() or b'"None":' in written:
        return _plain(value).encode("ascii")
    return written
