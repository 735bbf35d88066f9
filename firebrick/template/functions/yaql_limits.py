"""Evaluating YAQL expressions within bounds, with access to nothing but the data.

What is counted, for each expression and for the whole definition: calls of functions, steps through collections, items
and characters of every value made. Beyond that: no collection of more than 200 items and no value of more than 10,000
bytes is made (Heat's limits); there is no clock, no chance, no attribute of Python's objects. A regular expression that
may backtrack for long is evaluated in a process of its own, which is ended after two seconds of processor time: what a
template may do does not depend on what else the machine has to do.

Imports the package yaql (a third of a second): import this only when an expression is met.
"""

import collections.abc  # yaql uses it without importing it  # noqa: F401
import json
import math
import re
import resource
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextvars import ContextVar
from functools import cache, lru_cache, wraps
from typing import Any

from firebrick.json_values import is_whole
from firebrick.template.functions.base import MOST_RESULT, Effort
from firebrick.template.patterns import is_quick

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import yaql
    from yaql.language import exceptions as yaql_errors
    from yaql.language import utils as yaql_utils

MOST_ITEMS = 200  # of one collection; Heat's limit_iterators
MOST_BYTES = 10_000  # of one value; Heat's memory_quota
MOST_EXPRESSION = 10_000  # characters
MOST_BITS = 4096  # of a whole number
PROCESS_SECONDS = 2  # of processor time, its start included
PATIENCE = 20.0  # seconds by the clock: for a machine that is busy with other things
_OPTIONS = {
    "yaql.limitIterators": MOST_ITEMS,
    "yaql.memoryQuota": MOST_BYTES,
    "yaql.convertTuplesToLists": True,
    "yaql.convertSetsToLists": True,
    "yaql.convertOutputData": False,
}
_FORBIDDEN = ("now", "random", "localtz")
"""Functions that give something else each time: a template's values depend on its inputs alone."""
_EXPONENTS = ("pow", "shiftBitsLeft", "shiftBitsRight", "round")
_PATTERNS = ("matches", "#operator_=~", "#operator_!~")


class BadExpression(Exception):
    """The text is no expression."""


class TooMuch(Exception):
    """The expression goes beyond a bound."""


class Trouble(Exception):
    """The expression fails. kind: of the failure; text: what it says, which may repeat data."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(kind)
        self.kind = kind
        self.text = text


class _NeedsProcess(BaseException):
    """A pattern that may backtrack: no function of the language may catch this."""


class _Run:
    """One evaluation: what is left of its effort; sizes of the parts of the data, which are not measured again."""

    def __init__(self, effort: Effort, apart: bool) -> None:
        self.effort = effort
        self.apart = apart  # in a process of its own
        self.known: dict[int, int] = {}

    def call(self) -> None:
        self.effort.calls -= 1
        if self.effort.calls < 0:
            raise TooMuch("the expression calls too many functions")

    def step(self, count: int = 1) -> None:
        self.effort.steps -= count
        if self.effort.steps < 0:
            raise TooMuch("the expression takes too many steps")

    def measure(self, value: Any) -> int:
        """Items and characters of a value, shared parts counted as often as they appear."""
        if isinstance(value, str):
            return len(value) + 1
        if isinstance(value, int) and value.bit_length() > MOST_BITS:
            raise TooMuch("the expression makes too large a number")
        if not isinstance(value, Mapping | tuple | list | Set):
            return 1
        known = self.known.get(id(value))
        if known is not None:
            return known
        self.step(len(value) + 1)
        total = 1
        for item in value:
            total += self.measure(item)
            if isinstance(value, Mapping):
                total += self.measure(value[item])
            if total > MOST_RESULT:
                raise TooMuch("the expression makes too large a value")
        return total


_RUNNING: ContextVar[_Run] = ContextVar("running")


def _counted(iterator: Iterator[Any]) -> Iterator[Any]:
    for item in iterator:
        _RUNNING.get().step()
        yield item


def _guarded(name: str, payload: Callable[..., Any]) -> Callable[..., Any]:
    """A function of the language that counts its calls, and looks at what it is given and what it makes."""

    @wraps(payload)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        run = _RUNNING.get()
        run.call()
        if name in _EXPONENTS and any(isinstance(one, int) and abs(one) > MOST_BITS for one in args[1:2]):
            raise TooMuch("the expression makes too large a number")
        if name == "#operator_*":
            _check_repetition(args)
        _check_patterns(name, args, run)
        made = payload(*args, **kwargs)
        if isinstance(made, Iterator):
            return made if type(made).__module__.startswith("yaql") else _counted(made)
        run.measure(made)
        return made

    return guarded


def _check_repetition(args: tuple[Any, ...]) -> None:
    """A text or a list times a number: before it is made."""
    counts = [one for one in args if isinstance(one, int)]
    sizes = [len(one) for one in args if isinstance(one, str | tuple | list)]
    if counts and sizes and counts[0] * sizes[0] > MOST_BYTES:
        raise TooMuch("the expression makes too large a value")


def _check_patterns(name: str, args: tuple[Any, ...], run: _Run) -> None:
    if run.apart:
        return
    texts = [one for one in args if isinstance(one, str)]
    patterns = [one.pattern for one in args if isinstance(one, re.Pattern)]
    if name in _PATTERNS and len(texts) == 2 and not patterns:
        patterns = [texts[1]]
    for pattern in patterns:
        if not all(is_quick(pattern, text) for text in texts):
            raise _NeedsProcess


@cache
def _engine() -> Any:
    return yaql.YaqlFactory().create(_OPTIONS)


@cache
def _context() -> Any:
    """The functions of the language, each guarded."""
    context = yaql.create_context(yaqlized=False)
    layer = context
    while layer is not None:
        for name in _FORBIDDEN:
            layer._functions.pop(name, None)
        for name, definitions in layer._functions.items():
            for definition in definitions:
                if definition.payload is not None:
                    definition.payload = _guarded(name, definition.payload)
        layer = layer.parent
    return context


_PARSING = threading.Lock()
"""The parser keeps what it is at in itself."""


@lru_cache(maxsize=256)
def parse(expression: str) -> Any:
    """The expression, ready to evaluate. BadExpression: it is none."""
    if len(expression) > MOST_EXPRESSION:
        raise BadExpression(f"it has more than {MOST_EXPRESSION} characters")
    try:
        with _PARSING:
            return _engine()(expression)
    except yaql_errors.YaqlException as error:
        raise BadExpression(f"{error}.") from None
    except Exception as error:  # the parser meets its own bounds: nesting, digits
        raise BadExpression(f"it is too large ({type(error).__name__})") from None


def evaluate(expression: str, data: Any, effort: Effort) -> Any:
    """What an expression comes to, as JSON. TooMuch, Trouble, BadExpression (of one that is not parsed yet)."""
    try:
        return _evaluate(expression, data, _Run(effort, apart=False))
    except _NeedsProcess:
        return _in_a_process(expression, data, effort)


def _evaluate(expression: str, data: Any, run: _Run) -> Any:
    parsed = parse(expression)
    token = _RUNNING.set(run)
    try:
        context = _context().create_child_context()
        given = _input({"data": data}, run)
        context["$"] = given
        return _output(parsed.evaluate(context=context), run)
    except TooMuch:
        raise
    except (RecursionError, MemoryError):
        raise TooMuch("the expression is nested too deep") from None
    except Exception as error:  # functions of the language raise whatever Python raises
        kind = type(error).__name__
        raise Trouble(kind, str(error)[:1000] or kind) from None
    finally:
        _RUNNING.reset(token)


def _input(value: Any, run: _Run) -> Any:
    """The data as the language has it: nothing in it can be changed. Notes the size of every part."""
    if isinstance(value, dict):
        items = {key: _input(item, run) for key, item in value.items()}
        made: Any = yaql_utils.FrozenDict(items)
        size = 1 + sum(len(key) + 1 + run.known.get(id(item), _scalar_size(item)) for key, item in items.items())
    elif isinstance(value, list):
        made = tuple(_input(item, run) for item in value)
        size = 1 + sum(run.known.get(id(item), _scalar_size(item)) for item in made)
    else:
        return value
    run.known[id(made)] = size
    return made


def _scalar_size(value: Any) -> int:
    return len(value) + 1 if isinstance(value, str) else 1


def _output(value: Any, run: _Run, depth: int = 0) -> Any:
    """JSON of a result; collections have their bound here too."""
    run.step()
    if isinstance(value, str) and not is_whole(value):
        raise Trouble("ValueError", "a text of the result has NUL or half of a character")
    if value is None or isinstance(value, str | bool | int):
        run.measure(value)
        return value
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        raise Trouble("ValueError", "the result is no number that a template can use")
    if depth > 90:
        raise TooMuch("the result is nested too deep")
    if isinstance(value, Mapping):
        items = yaql_utils.limit_iterable(value.items(), MOST_ITEMS)
        return {_key(key): _output(item, run, depth + 1) for key, item in items}
    if isinstance(value, Set) and any(
        isinstance(item, Sequence | Mapping | Set) for item in value if type(item) is not str
    ):
        raise Trouble("TypeError", "a set has lists or maps in it, as items() of a map gives it: make a list of it")
    if isinstance(value, Sequence | Set | Iterator) or hasattr(value, "__iter__"):
        made = [_output(item, run, depth + 1) for item in yaql_utils.limit_iterable(value, MOST_ITEMS)]
        if isinstance(value, Set):
            made.sort(key=lambda item: json.dumps(item, sort_keys=True))
        return made
    raise Trouble("TypeError", f"the result has a {type(value).__name__} in it, which no template can use")


def _key(key: Any) -> str:
    if isinstance(key, str):
        if not is_whole(key):
            raise Trouble("ValueError", "a key of the result has NUL or half of a character")
        return key
    if key is None or isinstance(key, bool | int | float):
        return json.dumps(key)
    raise Trouble("TypeError", "a key of the result is no text")


# --- patterns that may take long ------------------------------------------------------------------------------------

_CHILD = "import sys; sys.path[:] = sys.argv[1:]; from firebrick.template.functions.yaql_limits import serve; serve()"


def _in_a_process(expression: str, data: Any, effort: Effort) -> Any:
    if effort.seconds <= 0:
        raise TooMuch("the expressions take too long")
    used = float(PROCESS_SECONDS)
    request = json.dumps([expression, data, effort.calls, effort.steps])
    try:
        child = subprocess.run(
            [sys.executable, "-I", "-c", _CHILD, *sys.path],
            input=request.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE,
            env={},
            check=False,
        )
        if child.returncode == 0:
            kind, value, used = json.loads(child.stdout)
        elif -child.returncode in (signal.SIGXCPU, signal.SIGKILL):
            kind, value = "too much", "the expression takes too long: look at its patterns"
        else:
            kind, value = "too much", "the expression took too much"
    except subprocess.TimeoutExpired:
        kind, value = "too much", "the expression takes too long: look at its patterns"
    finally:
        effort.seconds -= used
    if kind == "value":
        return value
    if kind == "too much":
        raise TooMuch(value)
    raise Trouble(kind, value)


def serve() -> None:
    """The other side of it: a request on standard input, the answer on standard output."""
    resource.setrlimit(resource.RLIMIT_AS, (512 * 1024 * 1024,) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESS_SECONDS, PROCESS_SECONDS))
    expression, data, calls, steps = json.load(sys.stdin)
    try:
        answer = ["value", _evaluate(expression, data, _Run(Effort(calls, steps), apart=True))]
    except TooMuch as error:
        answer = ["too much", str(error)]
    except Trouble as error:
        answer = [error.kind, error.text]
    json.dump([*answer, time.process_time()], sys.stdout)
