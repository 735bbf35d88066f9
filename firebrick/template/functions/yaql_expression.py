"""yaql: an expression of the YAQL language over data of the template.

The language itself is the package yaql, imported when the first expression is met; what it may do is bounded by
:mod:`firebrick.template.functions.yaql_limits`.
"""

from contextvars import ContextVar
from typing import Any, ClassVar

from firebrick.template.functions.base import Effort, Function, Lookup, Misuse, Scope
from firebrick.template.problems import kind_of, shorten

_FORM = "yaql: {expression: text, data: what the expression sees as $.data}"
_EFFORT: ContextVar[Effort | None] = ContextVar("effort", default=None)
"""The definition's, while one is made; at run time each expression has its own."""


_CHARACTERS = 16
"""So many cost as much to read as a call costs to make."""


def _too_much(summary: str) -> Misuse:
    return Misuse(summary, detail="Make the data or the expressions smaller.", code="result-too-large")


class Yaql(Function):
    """``yaql: {expression, data}``; without data, those are an empty map."""

    __slots__ = ()
    name: ClassVar[str] = "yaql"
    key: ClassVar[str] = "yaql"
    written_out: ClassVar[bool] = True

    @classmethod
    def build(cls, raw: Any, scope: Scope) -> Any:
        token = _EFFORT.set(scope.effort)
        try:
            return super().build(raw, scope)
        finally:
            _EFFORT.reset(token)

    @classmethod
    def check_form(cls, raw: Any, scope: Scope) -> None:
        super().check_form(raw, scope)
        cls.check(raw)
        if not scope.is_call(raw["expression"]):
            cls._read(raw["expression"])

    @classmethod
    def check(cls, arguments: Any) -> None:
        if not isinstance(arguments, dict):
            raise Misuse(
                f"yaql needs a map, and this is {kind_of(arguments)}",
                heat='Arguments to "yaql" must be a map.',
                detail=f"Write {_FORM}.",
            )
        unknown = [key for key in arguments if key not in ("expression", "data")]
        if unknown or "expression" not in arguments:
            what = f"has no {shorten(unknown[0])}" if unknown else "needs an expression"
            raise Misuse(f"yaql {what}", heat=f'"yaql" syntax should be {_FORM}', detail=f"Write {_FORM}.")

    @staticmethod
    def _read(expression: Any) -> None:
        """Misuse when it is no expression."""
        if not isinstance(expression, str):
            raise Misuse(
                f"the expression must be text, and is {kind_of(expression)}",
                heat='The "expression" argument to yaql must contain a string.',
                inside=("expression",),
            )
        from firebrick.template.functions.yaql_limits import BadExpression, parse

        effort = _EFFORT.get()
        if effort is not None:
            effort.calls -= 1 + len(expression) // _CHARACTERS
            if effort.calls < 0:
                raise _too_much("the expressions of this template are too many or too long")
        try:
            parse(expression)
        except BadExpression as error:
            raise Misuse(
                f"the expression cannot be read: {error}",
                heat=f"Bad expression {error}",
                inside=("expression",),
                detail="The language is YAQL: $.data is the data given.",
            ) from None

    @classmethod
    def compute(cls, arguments: Any, lookup: Lookup) -> Any:
        from firebrick.template.functions.yaql_limits import TooMuch, Trouble, evaluate

        cls._read(arguments["expression"])
        try:
            return evaluate(arguments["expression"], arguments.get("data", {}), _EFFORT.get() or Effort())
        except TooMuch as error:
            raise _too_much(str(error)) from None
        except Trouble as error:
            large = error.kind in ("CollectionTooLargeException", "MemoryQuotaExceededException")
            raise Misuse(
                f"the expression cannot be computed ({error.kind})",
                heat="{}",
                value=error.text,
                detail="A collection has at most 200 items, a value at most 10,000 bytes." if large else "",
                code="yaql-failed",
            ) from None
