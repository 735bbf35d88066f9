"""What is kept of an exception nobody expected: where it happened, on what; never a value.

An exception's text may hold a property or a parameter, so reports have types, places and lines of code only.
"""

import os
import sys
import traceback
import uuid
from pathlib import Path


def new_report_id() -> str:
    return uuid.uuid4().hex[:12]


def places(error: BaseException) -> list[str]:
    """The exception and what led to it, a line each: its type, then ``file:line in function: code``."""
    lines = []
    link: BaseException | None = error
    while link is not None:
        lines.append(f"{type(link).__module__}.{type(link).__qualname__}")
        for frame in traceback.extract_tb(link.__traceback__):
            lines.append(f"  {_short(frame.filename)}:{frame.lineno} in {frame.name}: {frame.line}")
        link = link.__cause__ or link.__context__
    return lines


def _short(file: str) -> str:
    """Relative to the folder it was imported from."""
    for base in sorted((base for base in sys.path if base), key=len, reverse=True):
        if file.startswith(base + os.sep):
            return str(Path(file).relative_to(base))
    return file
