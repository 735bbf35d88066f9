"""Reducing value trees: finds the functions in them, chooses branches, computes what is static, notes references.

One Evaluation serves one definition. It keeps the path it is at, so that whatever finds a problem need not know where
it is. Problems never stop it: in place of what could not be computed stands UNKNOWN, which nobody complains about
again.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Protocol

from firebrick.template.catalogue import TypeSchema, has_attribute
from firebrick.template.dialect import Dialect
from firebrick.template.functions import ALL_NAMES, Builder, first_version, functions_of
from firebrick.template.functions.base import (
    MOST_RESULT,
    NO_LOOKUP,
    UNKNOWN,
    VANISHED,
    Effort,
    Function,
    Misuse,
)
from firebrick.template.parameters import ParameterValue
from firebrick.template.problems import Path, Problems, dotted, kind_of, near, shorten

_PLAIN = (str, int, float, bool, type(None))
_LONG_NAMES = tuple(sorted(name for name in ALL_NAMES if "_" in name or "::" in name))
_SHOW = "show"
"""The attribute that every type has."""


@lru_cache(maxsize=4096)
def _meant(name: str) -> str:
    return near(name, _LONG_NAMES, cutoff=0.85)


class ConditionReader(Protocol):
    def holds(self, raw: Any, evaluation: "Evaluation") -> bool | None: ...


def _is_known(value: Any) -> bool:
    """Whether UNKNOWN stands nowhere in a value."""
    left = [value]
    while left:
        one = left.pop()
        if one is UNKNOWN:
            return False
        if isinstance(one, dict):
            left.extend(one.values())
        elif isinstance(one, list):
            left.extend(one)
    return True


def size_of(value: Any) -> int:
    """Characters and items in a value."""
    total = 0
    left = [value]
    while left:
        one = left.pop()
        total += len(one) + 1 if isinstance(one, str) else 1
        if isinstance(one, dict):
            total += sum(map(len, one))
            left.extend(one.values())
        elif isinstance(one, list):
            left.extend(one)
    return total


class Evaluation:
    """See the module. types: resource name -> its schema, None where that is not known; only enabled resources.

    lenient: whether a function that cannot compute stays and says so when its value is asked for (outputs, as in Heat);
    late_problems: what those will say. files: None when they are not known. placeholders: what conditions take for
    parameters that are not known.
    """

    def __init__(
        self,
        dialect: Dialect,
        parameters: Mapping[str, ParameterValue | None],
        files: Mapping[str, str] | None,
        problems: Problems,
        *,
        mappings: Mapping[str, Any] | None = None,
        placeholders: Mapping[str, Any] | None = None,
        facade: Mapping[str, Any] | None = None,
    ) -> None:
        self.dialect = dialect
        self.problems = problems
        self.warnings = problems.warnings()
        self.functions: Mapping[str, type[Builder]] = functions_of(dialect.functions)
        self.effort = Effort()
        self.lenient = False
        self.late_problems = problems.warnings()
        self.conditions: ConditionReader | None = None
        self.declared: Mapping[str, Any] = {}
        self.types: dict[str, TypeSchema | None] = {}
        self.path: list[str | int] = []
        self.referred: set[str] = set()
        self.within_if = False  # whether the condition of an `if` is decided
        self._hidden_reads: list[Path] = []
        self._landed: list[Path] = []
        self._outermost: int | None = None
        self._parameters = parameters
        self._placeholders = placeholders or {}
        self._mappings = mappings or {}
        self._facade = facade
        self._files = files
        self._in_condition = 0
        self._unknown = 0
        self._left = 0
        self._spent = 0

    # --- the walk -------------------------------------------------------------------------------------------------

    def begin(self, *path: str | int) -> None:
        """Go to a place of the document; forget what was noted at the last one."""
        self.path = list(path)
        self.referred = set()
        self._hidden_reads = []
        self._landed = []
        self._outermost = None
        self._left = 0

    @property
    def waits(self) -> bool:
        """Whether anything since begin() waits for run time."""
        return self._left > 0

    def value(self, raw: Any) -> Any:
        """A whole value: like reduce, but one that vanished is null."""
        made = self.reduce(raw)
        return None if made is VANISHED else made

    def reduce(self, value: Any) -> Any:
        if isinstance(value, dict):
            if len(value) == 1:
                (name,) = value
                builder = self.functions.get(name)
                if builder is not None:
                    return self._call(builder, name, value[name])
                if name in ALL_NAMES:
                    self._taken_for_data(name)
                elif ("_" in name or "::" in name) and self._is_a_slip(name):
                    self._unknown += 1
                    return UNKNOWN
            made: dict[str, Any] = {}
            path = self.path
            for key, item in value.items():
                if isinstance(item, _PLAIN):
                    made[key] = item
                    continue
                path.append(key)
                result = self.reduce(item)
                path.pop()
                if result is not VANISHED:
                    made[key] = result
            return made
        if isinstance(value, list):
            items = []
            path = self.path
            for index, item in enumerate(value):
                if isinstance(item, _PLAIN):
                    items.append(item)
                    continue
                path.append(index)
                result = self.reduce(item)
                path.pop()
                if result is not VANISHED:
                    items.append(result)
            return items
        return value

    def at(self, step: str | int, value: Any) -> Any:
        self.path.append(step)
        made = self.reduce(value)
        self.path.pop()
        return made

    def _call(self, builder: type[Builder], name: str, raw: Any) -> Any:
        if self._spent > MOST_RESULT:  # reported already; the rest would only cost time
            self._unknown += 1
            return UNKNOWN
        outermost = self._outermost is None
        if outermost:
            self._outermost = len(self.path)
        self.path.append(name)
        depth = len(self.path)
        try:
            made = builder.build(raw, self)
        except Misuse as error:
            del self.path[depth:]
            self.misused(error)
            made = UNKNOWN
        if outermost:
            self._outermost = None
        if made is UNKNOWN:
            self._unknown += 1
        elif isinstance(made, Function):
            self._left += 1
        self.path.pop()
        return made

    def _is_a_slip(self, name: str) -> bool:
        """A map with one key is data when the key is no function's name. One that is nearly a name is refused."""
        meant = _meant(name)
        slip = bool(meant) or name.startswith("Fn::")
        if slip:
            self.problems.add(
                "unknown-function",
                f"there is no function {shorten(name)}",
                (*self.path, name),
                detail=f"Did you mean {meant}?" if meant else "Functions of HOT are written like get_param.",
                heat=f"{dotted(self.path)}: The function {shorten(name)} is not supported in this version of HOT.",
            )
        return slip

    def _taken_for_data(self, name: str) -> None:
        """The name of a function of another version, or of conditions: data here, as in Heat."""
        self.warnings.add(
            "function-as-data",
            f"{name} is no function here, so this map is data",
            (*self.path, name),
            detail=self.later_function({name: None}),
        )

    def later_function(self, value: Any) -> str:
        """If a value is a map with one key that is a function of another version: a sentence that says so."""
        if isinstance(value, dict) and len(value) == 1:
            (name,) = value
            if name in ALL_NAMES and name not in self.functions:
                since = first_version(name)
                later = bool(since) and not self.dialect.cfn and since > self.dialect.version
                when = f"it came with version {since}" if later else "it is not for this place"
                return f"{name} is read as data here: {when}."
        return ""

    # --- problems -------------------------------------------------------------------------------------------------

    def tainted(self, path: Path) -> Path | None:
        """Where a hidden parameter was read that shows in the value of the function at a path; or None."""
        for read in self._hidden_reads:
            if read[: len(path)] == path or path[: len(read)] == read:
                return read
        return None

    def _note_hidden(self) -> None:
        """The value stands, in the end, where the outermost function is; in between it passes all functions around."""
        self._hidden_reads.append(tuple(self.path))
        if self._outermost is not None:
            self._landed.append(tuple(self.path[: self._outermost]))

    def landed(self, path: Path) -> Path | None:
        """tainted(), of a value after everything is computed: the paths of functions are not in it any more, and items
        of lists may have moved up because others vanished: any item counts for all of its list."""
        for place in self._landed:
            if all(one == other or isinstance(one, int) for one, other in zip(path, place, strict=False)):
                return place
        return None

    def misused(self, error: Misuse) -> None:
        """Note what a function complained about, at the function's place."""
        self.note(error, self.problems)

    def note(self, error: Misuse, problems: Problems) -> None:
        """Add it to these problems, at the place where this is."""
        path = (*self.path, *error.inside)
        show = self.tainted(tuple(self.path)) is None
        summary, heat = error.texts(show=show)
        prefix = f"{dotted(self.path)}: " if error.with_path else ""
        problems.add(error.code, summary, path, detail=error.detail, heat=prefix + heat, heat_type=error.heat_type)

    # --- what functions see (functions.base.Scope) ----------------------------------------------------------------

    def mark(self) -> tuple[int, int]:
        return self._unknown, self._left

    def parameter(self, name: Any) -> Any:
        if not isinstance(name, str) or name not in self._parameters:
            raise Misuse(
                "there is no parameter {}",
                heat="The Parameter ({}) was not provided.",
                value=name,
                detail=self.problems.suggest(name, self._parameters, "Declare it in the section parameters."),
                code="unknown-parameter",
                heat_type="UserParameterMissing",
                with_path=False,
            )
        found = self._parameters[name]
        if found is None:
            if self._in_condition and name in self._placeholders:
                return self._placeholders[name]
            return UNKNOWN
        if found.hidden:
            self._note_hidden()
        return found.value

    def all_parameters(self) -> dict[str, Any]:
        self._note_hidden()
        found = {name: one.value for name, one in self._parameters.items() if one is not None}
        self.spend(found)
        return found

    def file(self, name: str) -> Any:
        if self._files is None:
            return UNKNOWN
        content = self._files.get(name)
        if not isinstance(content, str):
            raise Misuse(
                "there is no file {} among those sent along",
                heat='No content found in the "files" section for get_file path: {}',
                value=name,
                detail=self.problems.suggest(name, sorted(self._files), "Send its content with the request."),
                code="missing-file",
            )
        return content

    def condition(self, raw: Any) -> bool | None:
        assert self.conditions is not None
        self.path.append(0)
        inside, self.within_if = self.within_if, True
        try:
            return self.conditions.holds(raw, self)
        finally:
            self.within_if = inside
            self.path.pop()

    @property
    def conditional(self) -> bool:
        return self._in_condition > 0

    @contextmanager
    def within_condition(self) -> Iterator[None]:
        """Where conditions are decided: no resources, and nothing is put off."""
        self._in_condition += 1
        try:
            yield
        finally:
            self._in_condition -= 1

    def is_call(self, value: Any) -> bool:
        return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in self.functions

    def has_parameter(self, name: str) -> bool:
        return name in self._parameters

    def has_resource(self, name: str) -> bool:
        return name in self.declared

    def mappings(self) -> dict[str, Any]:
        return dict(self._mappings)

    def facade(self, field: str) -> Any:
        if self._facade is None:
            raise Misuse(
                "this stack stands for no resource of another",
                detail="resource_facade is for templates that are used as resource types.",
                code="no-facade",
            )
        value = self._facade.get(field)
        return value if _is_known(value) else UNKNOWN

    def computed(self, function: Function) -> Any:
        try:
            value = type(function).compute(function.arguments, NO_LOOKUP)
        except Misuse as error:
            if self.postponed(error):
                return function
            raise
        return self.spend(value)

    def postponed(self, error: Misuse) -> bool:
        error.late = error.code != "result-too-large"
        if not error.late or not self.lenient or self._in_condition:
            return False
        self.note(error, self.late_problems)
        return True

    def spend(self, value: Any) -> Any:
        if isinstance(value, str):
            self._spent += len(value)
        elif isinstance(value, dict | list):
            self._spent += size_of(value)
        if self._spent > MOST_RESULT:
            raise Misuse(
                "the definition grows beyond bounds here",
                detail="Use the large value in fewer places.",
                code="result-too-large",
            )
        return value

    def refer(self, resource: Any, attribute: str | None) -> None:
        if not isinstance(resource, str):
            raise Misuse(f"the name of a resource is text, and this is {kind_of(resource)}", code="bad-reference")
        if resource not in self.types:
            raise self._no_resource(resource)
        self.referred.add(resource)
        schema = self.types[resource]
        if not attribute or schema is None or attribute == _SHOW:
            return
        if not has_attribute(schema, attribute):
            hidden = self.tainted(tuple(self.path)) is not None
            shown = "******" if hidden else shorten(attribute)
            names = sorted(schema.attributes)
            raise Misuse(
                "{} has no such attribute" if hidden else f"{{}} has no attribute {shown}",
                heat=f"The Referenced Attribute ({shorten(resource)} {shown}) is incorrect.",
                value=resource,
                detail=self.problems.suggest(attribute, names, f"There are: {', '.join(names) or 'none'}."),
                code="unknown-attribute",
                inside=(1,),
            )

    def _no_resource(self, resource: str) -> Misuse:
        disabled = resource in self.declared
        in_resource = len(self.path) > 2 and self.path[0] == self.dialect.sections["resources"]
        where = "unknown"
        if in_resource:
            section = str(self.path[2])
            where = dotted((self.path[1], section.capitalize(), *self.path[3:-1]))
        return Misuse(
            "the resource {} does not exist: its condition does not hold" if disabled else "there is no resource {}",
            heat=f'The specified reference "{{}}" (in {where}) is incorrect.',
            value=resource,
            detail="Put the reference into an if with the same condition."
            if disabled
            else self.problems.suggest(resource, self.declared, "Declare it in the section resources."),
            code="unknown-reference",
            heat_type="InvalidTemplateReference" if in_resource else "StackValidationFailed",
            with_path=not in_resource,
        )
