"""What handlers give back, and what they raise: the one place where a provider's data comes in.

Whoever calls a handler calls `guarded(kind, handler)` in its stead. What it returns is of the classes of
firebrick.resources.base, made of JSON's types alone; what it raises is an Exception. The rules:

=============================  ==========================================================================
a class that the handler does  BadAnswer: None where a Done is due, a dict, a coroutine of a ``def``
not return
physical_id, reference_id,     BadAnswer where it is not text, empty, too long, or has half of a surrogate
WaitSignal.key                 pair or NUL: another id would be another object
data, progress                 BadAnswer where JSON has no form for it, or it is too large; texts as above
attributes, Live               the same, but in texts U+FFFD takes the place of what no text can have: they
                               are what a provider shows, and show it still
Poll.after, WaitSignal.timeout BadAnswer for what is no number; negative ones count as 0, those without
WaitUntil.time                 bounds as LONGEST_WAIT and LATEST_TIME
what is no Exception           HandlerGaveUp: sys.exit() in a library must not end the worker
(SystemExit, cancellation),
and StopIteration
=============================  ==========================================================================

A BadAnswer comes after the call: it may hide an effect, as every other error does. It carries the physical id if that
was good, so that the object is not lost.
"""

import asyncio
import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any

from firebrick.json_values import NotJson, is_whole, taken, whole
from firebrick.resources.base import Done, Found, Live, Poll, ResourceType, WaitSignal, WaitUntil
from firebrick.resources.errors import PermanentError

MOST_ID = 2_048
"""Characters of a physical id and of a signal's key."""
MOST_REFERENCE = 65_536
"""Characters of a reference id."""
MOST_ATTRIBUTES = 4_194_304
"""Characters of all attributes of a resource, and of the properties that `read` sees: what a template's function may
give, too."""
MOST_PRIVATE = 1_048_576
"""Characters of data, and of progress."""
MOST_TEXT = 1_048_576
"""Characters of an error's text that are looked at; what is stored is shorter (firebrick.store.reasons)."""
LONGEST_WAIT = 2.0**31
"""Seconds: as long as an operation may last. Whoever stores a wait ends it at the operation's deadline."""
LATEST_TIME = 253_402_300_799.0
"""Seconds since the epoch: the end of the year 9999, which is the last that a calendar of Python's has."""

_NEXT = (Done, Poll, WaitUntil, WaitSignal)
_RETURNS: Mapping[str, tuple[tuple[type, ...], bool]] = {  # handler -> classes of its answer, and whether None is one
    **dict.fromkeys(("create", "poll_create", "update", "poll_update", "delete", "poll_delete"), (_NEXT, False)),
    "find_by_key": ((Found,), True),
    "read": ((Live,), True),
    "replace_failed": ((bool,), False),
    "forces_replacement": ((bool,), False),
}
_ANY: tuple[tuple[type, ...], bool] = ((*_NEXT, Found, Live, bool), True)  # of a handler that nobody knows by name


class BadAnswer(PermanentError):
    """A handler has given back what cannot be taken. physical_id: of the object, if that was given and is good."""

    def __init__(self, message: str, *, physical_id: str | None = None) -> None:
        super().__init__(message)
        self.physical_id = physical_id


class HandlerGaveUp(PermanentError):
    """A handler has raised what is no Exception: it wanted to end the process, or its own task."""


def guarded(kind: ResourceType, handler: Callable[..., Any]) -> Callable[..., Any]:
    """The handler, with what it returns checked and what it raises an Exception. ``async def`` if it is."""
    if inspect.iscoroutinefunction(handler):

        async def guarded_async(*arguments: Any) -> Any:
            try:
                answer = await handler(*arguments)
            except Exception:
                raise
            except asyncio.CancelledError as error:
                task = asyncio.current_task()
                if task is not None and task.cancelling():
                    raise  # the call was given up, and the handler is told
                raise _gave_up(kind, handler, error) from None
            except GeneratorExit:
                raise  # the loop is closed
            except BaseException as error:
                raise _gave_up(kind, handler, error) from None
            return checked(kind, handler, answer)

        return guarded_async

    def guarded_call(*arguments: Any) -> Any:
        try:
            answer = handler(*arguments)
        except StopIteration as error:  # no future can carry it
            raise _gave_up(kind, handler, error) from None
        except Exception:
            raise
        except BaseException as error:
            raise _gave_up(kind, handler, error) from None
        return checked(kind, handler, answer)

    return guarded_call


def checked(kind: ResourceType, handler: Callable[..., Any], answer: Any) -> Any:
    """The answer as it may be stored; BadAnswer. See the rules above."""
    name = _name_of(kind, handler)
    who = f"{kind.type_name}: {name}"
    classes, none_is_one = _RETURNS.get(name, _ANY)
    if answer is None and none_is_one:
        return None
    if not isinstance(answer, classes):
        if inspect.iscoroutine(answer):
            answer.close()
        raise BadAnswer(f"{who} {_said_of(answer, classes, none_is_one)}")
    reader = _Reader(who, answer)
    match answer:
        case Done():
            return Done(
                physical_id=reader.id("physical_id", answer.physical_id),
                attributes=reader.values("attributes", answer.attributes, MOST_ATTRIBUTES, mend=True),
                reference_id=reader.id("reference_id", answer.reference_id, MOST_REFERENCE, empty=True),
                data=None if answer.data is None else reader.values("data", answer.data, MOST_PRIVATE),
            )
        case Poll():
            return Poll(reader.seconds("after", answer.after), **reader.known())
        case WaitUntil():
            return WaitUntil(reader.seconds("time", answer.time, most=LATEST_TIME), **reader.known())
        case WaitSignal():
            key = reader.id("key", answer.key) or ""
            return WaitSignal(key, reader.seconds("timeout", answer.timeout), **reader.known())
        case Found():
            physical_id = reader.id("physical_id", answer.physical_id)
            if physical_id is None:
                raise BadAnswer(f"{who} has found an object without a physical_id. Return None where there is none.")
            return Found(physical_id)
        case Live():
            return Live(
                properties=reader.values("properties", answer.properties, MOST_ATTRIBUTES, mend=True),
                healthy=bool(answer.healthy),
                why=whole(answer.why[:MOST_TEXT]) if isinstance(answer.why, str) else "",
                attributes=reader.values("attributes", answer.attributes, MOST_ATTRIBUTES, mend=True),
            )
    return answer


def attribute_value(kind: ResourceType, name: str, value: Any) -> Any:
    """What ``kind.attribute(name, ...)`` gave, as a reference or an output may have it. BadAnswer."""
    try:
        return taken(value, most=MOST_ATTRIBUTES, mend=True)
    except NotJson as error:
        raise BadAnswer(f"{kind.type_name}: the attribute {error.at(name)}") from None


def text_of(error: BaseException) -> str:
    """An error's own words; its class where it has none to say."""
    try:
        text = str(error)
        plain = str.__str__(text) if isinstance(text, str) else ""
    except Exception as another:  # its __str__ is somebody's code, too
        return f"({type(error).__name__}, whose text cannot be had: {type(another).__name__})"
    return whole(plain[:MOST_TEXT])


def delay_of(error: BaseException) -> float | None:
    """Seconds that a TemporaryError asks for; None where it asks for nothing that is a time."""
    delay = getattr(error, "delay", None)
    if isinstance(delay, bool) or not isinstance(delay, int | float) or math.isnan(delay):
        return None
    return _bounded(delay, LONGEST_WAIT)


def known_id(error: BaseException) -> str | None:
    """The physical id that a refused answer had."""
    return error.physical_id if isinstance(error, BadAnswer) else None


class _Reader:
    """Reads the fields of one answer; what it raises carries the physical id, if that is good."""

    def __init__(self, who: str, answer: Any) -> None:
        self._who = who
        self._answer = answer
        self._physical_id: str | None = None
        given = getattr(answer, "physical_id", None)
        if isinstance(given, str) and _why_no_id(given, MOST_ID, empty=False) == "":
            self._physical_id = str.__str__(given)
        elif isinstance(given, int) and not isinstance(given, bool) and given.bit_length() <= 256:
            self._physical_id = str(given)  # refused, but it says which object there is

    def known(self) -> dict[str, Any]:
        """physical_id and progress of an answer that is no end."""
        given = self._answer.progress
        return {
            "physical_id": self.id("physical_id", self._answer.physical_id),
            "progress": None if given is None else self.values("progress", given, MOST_PRIVATE),
        }

    def id(self, name: str, given: Any, most: int = MOST_ID, *, empty: bool = False) -> str | None:
        if given is None:
            return None
        if not isinstance(given, str):
            raise self._bad(f"{name}: it is {_class_of(given)}, not text")
        if why := _why_no_id(given, most, empty=empty):
            raise self._bad(f"{name}: {why}")
        return str.__str__(given)

    def values(self, name: str, given: Any, most: int, *, mend: bool = False) -> Any:
        if not isinstance(given, Mapping):
            raise self._bad(f"{name}: it is {_class_of(given)}, not a map")
        try:
            return taken(given, most=most, mend=mend)
        except NotJson as error:
            raise self._bad(error.at(name)) from None

    def seconds(self, name: str, given: Any, *, most: float = LONGEST_WAIT) -> float:
        if isinstance(given, bool) or not isinstance(given, int | float) or math.isnan(given):
            raise self._bad(f"{name}: it is no number of seconds")
        return _bounded(given, most)

    def _bad(self, what: str) -> BadAnswer:
        return BadAnswer(f"{self._who} gave back what cannot be taken: {what}", physical_id=self._physical_id)


def _bounded(seconds: float, most: float) -> float:
    if seconds <= 0:
        return 0.0
    return float(min(seconds, most))


def _why_no_id(text: str, most: int, *, empty: bool) -> str:
    if not text and not empty:
        return "the text is empty. Leave it out where there is none"
    if len(text) > most:
        return f"the text has {len(text)} characters, and {most} are the most"
    return "" if is_whole(text) else "the text has NUL or half of a character (a lone surrogate)"


def _name_of(kind: ResourceType, handler: Callable[..., Any]) -> str:
    """Which handler of the type it is; a decorator may have given it another name."""
    said = str(getattr(handler, "__name__", "handler"))
    for name in (said, *_RETURNS) if said in _RETURNS else _RETURNS:  # the name that it has is mostly right
        if getattr(kind, name, None) == handler:
            return name
    return said[:100]


def _said_of(answer: Any, classes: tuple[type, ...], none_is_one: bool) -> str:
    wanted = " or ".join([*(one.__name__ for one in classes), *(["None"] if none_is_one else [])])
    text = f"gave back {_class_of(answer)}, and not {wanted}."
    return f"{text} Write it as `async def`." if inspect.iscoroutine(answer) else text


def _class_of(value: Any) -> str:
    return "None" if value is None else f"a value of class {whole(type(value).__name__)[:100]}"


def _gave_up(kind: ResourceType, handler: Callable[..., Any], error: BaseException) -> HandlerGaveUp:
    raised = f"{kind.type_name}: {_name_of(kind, handler)} raised {type(error).__name__}"
    return HandlerGaveUp(f"{raised}, which is no error of a call: {text_of(error) or 'no text'}")
