"""What a process says of itself: structlog everywhere, one event a line, for people or for machines.

FIREBRICK_LOG_FORMAT   console (the default) or json: one object a line
FIREBRICK_LOG_LEVEL    debug, info (the default), warning or error

Lines are bound to what they are about: project, stack, operation, resource, attempt, request. What libraries say by
Python's logging comes the same way. An exception is told by its types and places; its text may quote a property, so
it is left out, and local variables all the more.
"""

import logging
import os
import sys
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any

import structlog
from structlog.typing import Processor

from firebrick import log_context
from firebrick.crash_report import places
from firebrick.diagnostics import Diagnostic, InvalidInput
from starter.state_folder import owners_only

FORMAT, LEVEL = "FIREBRICK_LOG_FORMAT", "FIREBRICK_LOG_LEVEL"
FORMATS = ("console", "json")
LEVELS = ("debug", "info", "warning", "error")


def configure(file: Path | None = None, *, environment: Mapping[str, str] = os.environ) -> None:
    """Set up this process's log, on standard error or in a file. InvalidInput for settings that say nothing."""
    shown = _choice(environment, FORMAT, FORMATS, "console")
    level = logging.getLevelNamesMapping()[_choice(environment, LEVEL, LEVELS, "info").upper()]
    handler = logging.StreamHandler(sys.stderr) if file is None else _file_handler(file)
    coloured = file is None and sys.stderr.isatty() and "NO_COLOR" not in environment
    renderers: list[Processor] = (
        [structlog.processors.JSONRenderer()]
        if shown == "json"
        else [
            _stack_by_its_id,
            structlog.dev.ConsoleRenderer(
                colors=coloured, exception_formatter=structlog.dev.plain_traceback, sort_keys=False
            ),
        ]
    )
    before: list[Processor] = [
        log_context.merge,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _exceptions_without_text,
    ]
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    structlog.configure(
        processors=[*before, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )


def _file_handler(file: Path) -> logging.Handler:
    """A file that is made is its owner's only."""
    os.close(owners_only(str(file), os.O_CREAT | os.O_WRONLY))
    return logging.FileHandler(file, encoding="utf-8")


def _choice(environment: Mapping[str, str], name: str, choices: tuple[str, ...], default: str) -> str:
    given = environment.get(name, "").strip().lower() or default
    if given not in choices:
        raise InvalidInput(
            Diagnostic(code="bad-setting", summary=f"${name} is {given!r}; it can be {', '.join(choices)}")
        )
    return given


def _stack_by_its_id(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """structlog's console takes "stack" for a stack trace and puts it on lines of its own."""
    if "stack" in event:
        event["stack_id"] = event.pop("stack")
    return event


def _exceptions_without_text(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """An exception's types and places instead of what it says and what its frames held."""
    given = event.pop("exc_info", None)
    if given is True:
        given = sys.exc_info()
    error = given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        event["exception"] = "\n".join(places(error))
    return event
