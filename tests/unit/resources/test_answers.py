"""What handlers give back and raise, where it comes in: taken as it is, mended, or refused with its place."""

import asyncio
import functools
import math
from collections.abc import Callable
from typing import Any

import pytest

from firebrick.resources.answers import (
    LATEST_TIME,
    LONGEST_WAIT,
    MOST_ATTRIBUTES,
    MOST_ID,
    MOST_PRIVATE,
    BadAnswer,
    HandlerGaveUp,
    attribute_value,
    checked,
    delay_of,
    guarded,
    known_id,
    text_of,
)
from firebrick.resources.base import Context, Done, Found, Live, Next, Poll, ResourceType, WaitSignal, WaitUntil
from firebrick.resources.errors import PermanentError, ThrottledError, TransientError, classify
from firebrick.testing.rehearsal import Rehearsal

HALF = "\ud800"


class Thing(ResourceType):
    type_name = "Test::Thing"

    def create(self, context: Context) -> Next:
        return Done()

    def find_by_key(self, context: Context) -> Found | None:
        return None

    def read(self, context: Context) -> Live | None:
        return None


KIND = Thing()


def taken(answer: Any, handler: str = "create") -> Any:
    return checked(KIND, getattr(KIND, handler), answer)


def refused(answer: Any, handler: str = "create") -> BadAnswer:
    with pytest.raises(BadAnswer) as error:
        taken(answer, handler)
    assert classify(error.value) == "permanent"
    str(error.value).encode()
    return error.value


@pytest.mark.parametrize(
    ("handler", "answer"),
    [
        ("create", Done("id", {"a": [1, {"b": None}]}, "ref", {"d": 1})),
        ("create", Done()),
        ("poll_create", Poll(2.5, "id", {"step": 1})),
        ("update", WaitUntil(1e9, None, None)),
        ("delete", WaitSignal("a", 60.0, "id", {})),
        ("find_by_key", Found("id")),
        ("find_by_key", None),
        ("read", Live({"a": 1}, False, "it sleeps", {"b": 2})),
        ("read", None),
        ("replace_failed", True),
    ],
)
def test_a_good_answer_is_taken_as_it_is(handler: str, answer: Any) -> None:
    assert taken(answer, handler) == answer


@pytest.mark.parametrize(
    ("handler", "answer", "says"),
    [
        ("create", None, "Test::Thing: create gave back None, and not Done or Poll or WaitUntil or WaitSignal."),
        ("create", {"physical_id": "x"}, "gave back a value of class dict, and not Done or"),
        ("delete", Found("x"), "Test::Thing: delete gave back a value of class Found, and not Done"),
        ("find_by_key", Done("x"), "gave back a value of class Done, and not Found or None."),
        ("find_by_key", "x", "gave back a value of class str, and not Found or None."),
        ("read", {}, "gave back a value of class dict, and not Live or None."),
        ("replace_failed", "no", "gave back a value of class str, and not bool."),
    ],
)
def test_an_answer_of_another_class_is_refused(handler: str, answer: Any, says: str) -> None:
    assert says in str(refused(answer, handler))


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Done("id", {"a": {1}}), "attributes.a has a value of class set"),
        (Done("id", {"a": math.nan}), "attributes.a has a number that is infinite, or not a number"),
        (Done("id", {"a": {2: 1}}), "attributes.a has a key of class int, not text"),
        (Done("id", ["a"]), "attributes: it is a value of class list, not a map"),  # type: ignore[arg-type]
        (Done("id", {"a": "x" * MOST_ATTRIBUTES}), f"attributes.a has more than {MOST_ATTRIBUTES} characters"),
        (Done("id", {}, None, {"a": f"x{HALF}"}), "data.a has half of a surrogate pair in a text"),
        (Done("id", {}, None, {"a": "x" * MOST_PRIVATE}), "data.a has more than"),
        (Done("id", {}, "r\0"), "reference_id: the text has NUL"),
        (Poll(1, "id", {"a": b"x"}), "progress.a has a value of class bytes"),
        (Poll(math.nan, "id"), "after: it is no number of seconds"),
        (Poll("1", "id"), "after: it is no number of seconds"),  # type: ignore[arg-type]
        (WaitUntil(None, "id"), "time: it is no number of seconds"),  # type: ignore[arg-type]
        (WaitSignal("a", math.nan, "id"), "timeout: it is no number of seconds"),
        (WaitSignal("k" * (MOST_ID + 1), 1, "id"), "key: the text has 2049 characters, and 2048 are the most"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_its_place_and_the_physical_id_is_known_all_the_same(
    answer: Any, says: str
) -> None:
    error = refused(answer)
    assert says in str(error) and known_id(error) == "id"


@pytest.mark.parametrize(
    ("physical_id", "says"),
    [
        ("", "physical_id: the text is empty"),
        ("x" * 1_000_000, "physical_id: the text has 1000000 characters"),
        ("a\0b", "physical_id: the text has NUL"),
        (f"a{HALF}", "physical_id: the text has NUL or half of a character"),
        (["a"], "physical_id: it is a value of class list, not text"),
        (b"a", "physical_id: it is a value of class bytes, not text"),
    ],
)
@pytest.mark.parametrize("answer", [Done, Found, lambda given: Poll(1, given)])
def test_a_physical_id_that_would_be_another_one_is_refused(
    answer: Callable[[Any], Any], physical_id: Any, says: str
) -> None:
    error = refused(answer(physical_id), "find_by_key" if answer is Found else "create")
    assert says in str(error) and known_id(error) is None


def test_a_number_as_physical_id_is_refused_and_yet_says_which_object_there_is() -> None:
    error = refused(Done(42))  # type: ignore[arg-type]
    assert "physical_id: it is a value of class int, not text" in str(error) and known_id(error) == "42"


def test_an_object_that_was_found_has_an_id() -> None:
    assert "Return None where there is none" in str(refused(Found(None), "find_by_key"))  # type: ignore[arg-type]


def test_texts_that_a_provider_shows_are_mended() -> None:
    done = taken(Done("id", {f"k{HALF}": f"a\0{HALF}"}))
    assert done.attributes == {"k\ufffd": "a\ufffd\ufffd"}
    live = taken(Live({"p": "\0"}, True, f"why{HALF}", {"a": HALF}), "read")
    assert (live.properties, live.why, live.attributes) == ({"p": "\ufffd"}, "why\ufffd", {"a": "\ufffd"})


@pytest.mark.parametrize(
    ("given", "counts"), [(-5, 0.0), (-math.inf, 0.0), (math.inf, LONGEST_WAIT), (1e12, LONGEST_WAIT)]
)
def test_times_without_bounds_have_some(given: float, counts: float) -> None:
    assert taken(Poll(given)).after == counts
    assert taken(WaitSignal("a", given)).timeout == counts
    assert taken(WaitUntil(given)).time == min(max(given, 0.0), LATEST_TIME)
    assert delay_of(ThrottledError("busy", delay=given)) == counts


@pytest.mark.parametrize("given", [math.nan, None, "60", True, [1]])
def test_a_delay_that_is_no_time_counts_as_none(given: Any) -> None:
    assert delay_of(ThrottledError("busy", delay=given)) is None
    assert delay_of(PermanentError("no")) is None


async def test_a_coroutine_of_a_def_is_refused_and_says_how_to_write_it() -> None:
    class Late(Thing):
        async def later(self) -> Next:
            return Done()

        def create(self, context: Context) -> Next:
            return self.later()  # type: ignore[return-value]

    kind = Late()
    with pytest.raises(BadAnswer, match="class coroutine, and not .* Write it as `async def`"):
        guarded(kind, kind.create)(None)


def test_a_handler_behind_a_decorator_is_known_all_the_same() -> None:
    def logged(handler: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *arguments: handler(*arguments)

    class Decorated(Thing):
        find_by_key = logged(Thing.find_by_key)
        poll_create = functools.partialmethod(Thing.create)

    kind = Decorated()
    assert guarded(kind, kind.find_by_key)(None) is None
    assert guarded(kind, kind.poll_create)(None) == Done()


ENDS = [SystemExit(3), KeyboardInterrupt(), asyncio.CancelledError("mine"), StopIteration(1)]


@pytest.mark.parametrize("error", ENDS, ids=lambda one: type(one).__name__)
async def test_what_would_end_the_worker_is_an_error_of_the_call(error: BaseException) -> None:
    class Ending(Thing):
        def create(self, context: Context) -> Next:
            raise error

        async def update(self, context: Context) -> Next:
            raise error

    kind = Ending()
    with pytest.raises(HandlerGaveUp, match=f"Test::Thing: create raised {type(error).__name__}"):
        guarded(kind, kind.create)(None)
    if not isinstance(error, StopIteration):  # which no coroutine can raise
        with pytest.raises(HandlerGaveUp, match=f"Test::Thing: update raised {type(error).__name__}"):
            await guarded(kind, kind.update)(None)


async def test_a_coroutine_that_is_given_up_is_told_so() -> None:
    class Slow(Thing):
        async def create(self, context: Context) -> Next:  # type: ignore[override]
            await asyncio.Event().wait()
            return Done()

    kind = Slow()
    task = asyncio.ensure_future(guarded(kind, kind.create)(None))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_the_errors_of_a_handler_come_as_they_are() -> None:
    said = TransientError("busy", not_sent=True)

    class Failing(Thing):
        def create(self, context: Context) -> Next:
            raise said

    kind = Failing()
    with pytest.raises(TransientError) as error:
        guarded(kind, kind.create)(None)
    assert error.value is said


def test_an_errors_text_is_whole_and_never_raises() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no words")

    class Wrong(Exception):
        def __str__(self) -> str:
            return 7  # type: ignore[return-value]

    assert text_of(PermanentError(f"a\0{HALF}")) == "a\ufffd\ufffd"
    assert text_of(Mute()) == "(Mute, whose text cannot be had: RuntimeError)"
    assert text_of(Wrong()) == "(Wrong, whose text cannot be had: TypeError)"


@pytest.mark.parametrize("made_up", ["temporary", "", None, 3, ["transient"]])
def test_an_error_class_that_a_type_has_made_up_counts_as_permanent(made_up: Any) -> None:
    class Own(TransientError):
        error_class = made_up

    assert classify(Own("x")) == "permanent"


def test_what_attribute_computes_is_checked_too() -> None:
    assert attribute_value(KIND, "a", ("x\0",)) == ["x\ufffd"]
    with pytest.raises(BadAnswer, match=r"Test::Thing: the attribute a\.b has a value of class set"):
        attribute_value(KIND, "a", {"b": {1}})


def test_a_rehearsal_refuses_what_a_worker_would() -> None:
    class Bad(Thing):
        def create(self, context: Context) -> Next:
            return Done("id", {"a": {1}})

    with pytest.raises(BadAnswer):
        Rehearsal(Bad()).create()
