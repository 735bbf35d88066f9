"""What a function of the language is, and how values with functions in them are resolved, frozen and thawed.

A function has three stages. *Build*: its arguments are reduced first (inside out), then their shape is checked.
*Static*: when nothing in them waits for a resource, it is computed at once and only its value stays. *Run time*:
otherwise it stays in the value tree as an instance and is computed by :func:`resolve`, when the resources it names
exist.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from firebrick.diagnostics import Diagnostic, InvalidInput
from firebrick.template.problems import Path, dotted, kind_of, near, shorten


class _Sentinel:
    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name


UNKNOWN: Any = _Sentinel("UNKNOWN")
"""Stands where a value cannot be known yet, or where what would give it is reported as wrong already."""

VANISHED: Any = _Sentinel("VANISHED")
"""What an `if` of two arguments gives when it does not hold: the list item or key around it goes away."""

MOST_RESULT = 4 * 1024 * 1024
"""Characters and items that one definition, or one function at run time, may grow to."""


class Lookup(Protocol):
    """What resources have come to, at run time.

    attribute: its whole value; None when the resource has none yet; name "" asks for a map of all attributes.
    """

    def reference_id(self, resource: str) -> str | None: ...

    def attribute(self, resource: str, attribute: str) -> Any: ...


@dataclass(frozen=True, slots=True, order=True)
class Reference:
    """That a value needs a resource. attribute: None for get_resource, "" for all of them."""

    resource: str
    attribute: str | None = None


class Misuse(Exception):
    """A function cannot do what it is asked. The path grows while it travels outwards (run time only).

    summary: our words; heat: Heat's, ours when empty. With ``{}`` in them, the place of `value`, which is shown or
    described according to who may see it. late: nothing is wrong with the form; only whoever asks for the value has
    this trouble.
    """

    def __init__(
        self,
        summary: str,
        *,
        heat: str = "",
        value: Any = None,
        detail: str = "",
        code: str = "bad-function-arguments",
        heat_type: str = "StackValidationFailed",
        inside: Path = (),
        with_path: bool = True,
        late: bool = False,
    ) -> None:
        super().__init__(summary)
        self.summary = summary
        self.heat = heat or summary
        self.value = value
        self.detail = detail
        self.code = code
        self.heat_type = heat_type
        self.inside = inside
        self.with_path = with_path
        self.late = late
        self.path: list[str | int] = list(inside)

    def texts(self, *, show: bool) -> tuple[str, str]:
        """(summary, Heat's text). show: whether the value may appear."""
        word = shorten(self.value) if show else kind_of(self.value)
        return self.summary.replace("{}", word), self.heat.replace("{}", word)

    def diagnostic(self) -> Diagnostic:
        """For run time: values come from resources, so none is shown."""
        summary, heat = self.texts(show=False)
        where = dotted(self.path)
        return Diagnostic(
            code=self.code,
            summary=summary,
            detail=self.detail,
            path=where,
            heat_type=self.heat_type,
            heat_message=f"{where}: {heat}" if where else heat,
        )


class Effort:
    """What may still be spent on evaluating expressions (yaql): calls of functions, steps through collections, and
    seconds in processes of their own."""

    __slots__ = ("calls", "seconds", "steps")

    def __init__(self, calls: int = 20_000, steps: int = 1_000_000, seconds: float = 2.5) -> None:
        self.calls = calls
        self.steps = steps
        self.seconds = seconds


class Scope(Protocol):
    """What a function sees while it is built. Implemented by firebrick.template.evaluation."""

    def reduce(self, value: Any) -> Any:
        """A value with all static functions in it computed; UNKNOWN or VANISHED in place of a whole value."""
        ...

    def at(self, step: str | int, value: Any) -> Any:
        """reduce(), one step further down the path."""
        ...

    def mark(self) -> tuple[int, int]:
        """How many values were unknown, and how many left for run time, so far."""
        ...

    def parameter(self, name: Any) -> Any:
        """A parameter's value; UNKNOWN when it is reported as wrong; Misuse when there is none."""
        ...

    def all_parameters(self) -> dict[str, Any]: ...

    def file(self, name: str) -> Any:
        """The content of a file; UNKNOWN where files are not looked at; Misuse when it is not there."""
        ...

    def condition(self, raw: Any) -> bool | None:
        """Whether a condition holds; None when that is reported as wrong. Misuse for an unknown name."""
        ...

    def refer(self, resource: Any, attribute: str | None) -> None:
        """Note a reference; Misuse when there is no such resource or attribute."""
        ...

    def spend(self, value: Any) -> Any:
        """The value again, its size taken from what this definition may grow to; Misuse beyond that."""
        ...

    def computed(self, function: "Function") -> Any:
        """What a function comes to whose arguments are all known; the function itself where trouble with it is put off
        until somebody asks for the value (outputs)."""
        ...

    def postponed(self, error: Misuse) -> bool:
        """Whether this trouble is put off. Then a function stays, which meets the same trouble when it is resolved."""
        ...

    def is_call(self, value: Any) -> bool:
        """Whether a value, not reduced yet, is the call of a function."""
        ...

    def has_parameter(self, name: str) -> bool: ...

    def has_resource(self, name: str) -> bool:
        """Whether the template has a resource of this name, enabled or not."""
        ...

    @property
    def conditional(self) -> bool:
        """Whether this is inside a condition, where there are no resources."""
        ...

    @property
    def effort(self) -> Effort:
        """What evaluating expressions may still cost this definition."""
        ...

    def mappings(self) -> dict[str, Any]:
        """The section Mappings of a CloudFormation template."""
        ...

    def facade(self, field: str) -> Any:
        """metadata, deletion_policy or update_policy of the resource this stack stands for; Misuse without one."""
        ...


class Function:
    """The base of all functions that can wait for run time. `arguments` may have functions in them.

    name: as templates write it. key: what it is called when frozen; never changes, one for each meaning the name has
    had. waits: never static. written_out: the arguments are a list or a map in the template itself, which no function
    may make, and an `if` of two arguments that vanishes there is null (Heat's rules). late_reference: whether a
    reference to nothing is found only by whoever asks for the value.
    """

    __slots__ = ("arguments",)

    name: ClassVar[str]
    key: ClassVar[str]
    waits: ClassVar[bool] = False
    written_out: ClassVar[bool] = False
    late_reference: ClassVar[bool] = False

    def __init__(self, arguments: Any) -> None:
        self.arguments = arguments

    @classmethod
    def build(cls, raw: Any, scope: Scope) -> Any:
        """The value, when it is static, else an instance."""
        unknown, left = scope.mark()
        cls.check_form(raw, scope)
        arguments = cls._items(raw, scope) if cls.written_out else scope.reduce(raw)
        if arguments is VANISHED:
            arguments = None
        unknown_now, left_now = scope.mark()
        if unknown_now != unknown:
            cls.enter_unknown(arguments, scope)
            return UNKNOWN
        if not isinstance(arguments, Function):
            cls.check(arguments)
        function = cls(arguments)
        try:
            function.enter(scope)
        except Misuse as error:
            if not cls.late_reference:
                raise
            return put_off(error, cls.name, scope)
        if cls.waits or left_now != left:
            return function
        return scope.computed(function)

    @classmethod
    def check_form(cls, raw: Any, scope: Scope) -> None:
        """Misuse when the arguments, as they are written, have the wrong form."""
        if cls.written_out and scope.is_call(raw):
            raise must_be_written(cls.name)

    @staticmethod
    def _items(raw: Any, scope: Scope) -> Any:
        if isinstance(raw, dict):
            made = {key: scope.at(key, item) for key, item in raw.items()}
            return {key: None if item is VANISHED else item for key, item in made.items()}
        if isinstance(raw, list):
            return [None if item is VANISHED else item for item in (scope.at(*one) for one in enumerate(raw))]
        return raw

    @classmethod
    def check(cls, arguments: Any) -> None:
        """Misuse when the arguments have the wrong shape; functions in them are taken on trust."""

    def enter(self, scope: Scope) -> None:
        """Look at the surroundings: note references."""

    @classmethod
    def enter_unknown(cls, arguments: Any, scope: Scope) -> None:
        """The same where something in the arguments is UNKNOWN: as far as the rest tells."""

    @classmethod
    def compute(cls, arguments: Any, lookup: Lookup) -> Any:
        """The value, of resolved arguments. Misuse when they do not fit."""
        raise NotImplementedError

    def references(self) -> Iterator[Reference]:
        """Those of this function itself, without those of its arguments."""
        return iter(())

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.arguments == self.arguments

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return f"{{{self.name}: {self.arguments!r}}}"


def must_be_written(name: str, what: str = "the arguments", inside: Path = ()) -> Misuse:
    """For a place where Heat takes no function."""
    return Misuse(
        f"{what} of {name} must be written out, and here a function makes them",
        heat=f'The arguments of "{name}" cannot come from a function',
        detail="Write them down here; functions may stand inside them.",
        inside=inside,
    )


class Failing(Function):
    """Stands where a value cannot be computed, and says so whenever somebody asks for it."""

    __slots__ = ()
    name: ClassVar[str] = ""
    key: ClassVar[str] = "failing"
    waits: ClassVar[bool] = True

    @classmethod
    def after(cls, error: "Misuse", function: str) -> "Failing":
        """Of trouble with a function of this name; values are not kept."""
        summary, heat = error.texts(show=False)
        return cls([function, summary, heat, error.detail, error.code, error.heat_type])

    @classmethod
    def compute(cls, arguments: Any, lookup: Lookup) -> Any:
        function, summary, heat, detail, code, heat_type = arguments
        raise Misuse(summary, heat=heat, detail=detail, code=code, heat_type=heat_type, inside=(function,))


def put_off(error: Misuse, function: str, scope: Scope) -> Failing:
    """What stays of a function in trouble where that may be put off; raises the trouble elsewhere."""
    if scope.postponed(error):
        return Failing.after(error, function)
    raise error


def meant_for(missing: list[str], arguments: Mapping[str, Any]) -> Path:
    """The key that somebody wrote who probably meant a missing one: where to point at."""
    found = (key for key in arguments if key not in missing and near(key, missing, cutoff=0.75))
    return tuple(itertools.islice(found, 1))


class _NoLookup:
    """For static values, which ask nothing."""

    def reference_id(self, resource: str) -> str | None:
        return None

    def attribute(self, resource: str, attribute: str) -> Any:
        return None


NO_LOOKUP: Lookup = _NoLookup()


def _resolved(value: Any, lookup: Lookup) -> Any:
    if isinstance(value, dict):
        key = ""
        try:
            made = {}
            for key, item in value.items():
                made[key] = item if item is None or isinstance(item, str | int | float) else _resolved(item, lookup)
            return made
        except Misuse as error:
            error.path.insert(0, key)
            raise
    if isinstance(value, list):
        items: list[Any] = []
        try:
            for item in value:
                items.append(item if item is None or isinstance(item, str | int | float) else _resolved(item, lookup))
            return items
        except Misuse as error:
            error.path.insert(0, len(items))
            raise
    if isinstance(value, Function):
        try:
            arguments = _resolved(value.arguments, lookup)
            value.check(arguments)
            return value.compute(arguments, lookup)
        except Misuse as error:
            if value.name:
                error.path.insert(0, value.name)
            raise
    return value


def resolve(value: Any, lookup: Lookup) -> Any:
    """A value tree with everything computed. InvalidInput, with the path below the value, when a function cannot."""
    try:
        return _resolved(value, lookup)
    except Misuse as error:
        raise InvalidInput(error.diagnostic()) from None


def references(value: Any) -> list[Reference]:
    """What a value tree needs: sorted, without doubles."""
    found: set[Reference] = set()
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            left.extend(one.values())
        elif isinstance(one, list):
            left.extend(one)
        elif isinstance(one, Function):
            found.update(one.references())
            left.append(one.arguments)
    return sorted(found, key=lambda ref: (ref.resource, ref.attribute is not None, ref.attribute or ""))


# --- frozen form: JSON, in which {"$": [key, arguments]} is a function ----------------------------------------------


def freeze_tree(value: Any) -> Any:
    """JSON of a value tree. A map whose only key consists of $ gets one more: it is not taken for a function."""
    if isinstance(value, dict):
        made = {key: freeze_tree(item) for key, item in value.items()}
        if len(made) == 1:
            (key,) = made
            if key and not key.strip("$"):
                return {key + "$": made[key]}
        return made
    if isinstance(value, list):
        return [freeze_tree(item) for item in value]
    if isinstance(value, Function):
        return {"$": [value.key, freeze_tree(value.arguments)]}
    return value


def thaw_tree(value: Any, classes: Mapping[str, Callable[[Any], Function]]) -> Any:
    """The value tree of a frozen form. classes: by key."""
    if isinstance(value, dict):
        if len(value) == 1:
            (key,) = value
            if key == "$":
                name, arguments = value[key]
                return classes[name](thaw_tree(arguments, classes))
            if key and not key.strip("$"):
                return {key[:-1]: thaw_tree(value[key], classes)}
        return {key: thaw_tree(item, classes) for key, item in value.items()}
    if isinstance(value, list):
        return [thaw_tree(item, classes) for item in value]
    return value
