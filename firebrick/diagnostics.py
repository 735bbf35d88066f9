"""Problems as data: what is wrong, where, and what to do; and the exceptions that carry them.

Every refusal of this project is one or more :class:`Diagnostic` inside one exception of this tree; the CLI's
text, Heat's JSON error body and a workflow's failure are renderings of it.

    FirebrickError              carries diagnostics; the base of all that a person is told
    |-- InvalidInput            the request is wrong: template, parameter, environment, name, option   (HTTP 400)
    |-- NotFound                no such stack, resource, event, output, operation                      (HTTP 404)
    |-- Conflict                the request is fine, the moment is not                                 (HTTP 409)
    |   |-- NameInUse           a living stack has that name
    |   `-- ActionInProgress    another operation is running; it is named
    `-- Unavailable             a server or database does not answer; nothing was changed              (HTTP 503)

Imports nothing of the project. Used by every layer.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar, Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem.

    code: stable kebab-case identifier, for programs (``unknown-property``).
    summary: one sentence saying what is wrong, for people, without secrets.
    detail: what to do about it; may be empty.
    path: where in the document, dotted (``resources.db.properties.size``, ``outputs.ip.value.str_replace.params``).
    file: the document's name as the user gave it; "" when there is none.
    line, column: 1-based, or None when the problem has no place in a text.
    heat_type, heat_message: Heat's rendering (``error.type`` and ``error.message``); summary when Heat has no text.
    severity: a warning is about what is allowed and probably not meant; nothing is refused because of it.
    """

    code: str
    summary: str
    detail: str = ""
    path: str = ""
    file: str = ""
    line: int | None = None
    column: int | None = None
    heat_type: str = "StackValidationFailed"
    heat_message: str = ""
    severity: Severity = "error"

    @property
    def message(self) -> str:
        """Heat's text for this problem."""
        return self.heat_message or self.summary

    def located(self, file: str) -> "Diagnostic":
        """The same problem in a named file."""
        return replace(self, file=self.file or file)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        """``file:line:column: path: summary [code]`` and the detail on a second line."""
        place = self.file
        if self.line is not None:
            place += f":{self.line}:{self.column or 1}" if place else f"line {self.line}, column {self.column or 1}"
        head = ": ".join(part for part in (place, self.path, self.summary) if part)
        text = f"{head} [{self.code}]"
        return f"{text}\n  {self.detail}" if self.detail else text


class FirebrickError(Exception):
    """The base: one or more diagnostics; the first is the one that matters most."""

    status: ClassVar[int] = 500

    def __init__(self, diagnostics: Diagnostic | Sequence[Diagnostic]) -> None:
        many = (diagnostics,) if isinstance(diagnostics, Diagnostic) else tuple(diagnostics)
        if not many:
            raise ValueError("an error needs at least one diagnostic")
        self.diagnostics: tuple[Diagnostic, ...] = many
        super().__init__("\n".join(str(one) for one in many))

    @property
    def first(self) -> Diagnostic:
        return self.diagnostics[0]


class InvalidInput(FirebrickError):
    """The request is wrong and can only be repeated changed."""

    status = 400


class NotFound(FirebrickError):
    """What the request names does not exist (for this project)."""

    status = 404


class Conflict(FirebrickError):
    """The request is fine, the moment is not."""

    status = 409


class NameInUse(Conflict):
    """A living stack of this project has that name."""


class ActionInProgress(Conflict):
    """Another operation of this stack is running; the diagnostic names it."""


class Unavailable(FirebrickError):
    """A server or database does not answer. Nothing was changed unless the diagnostic says so."""

    status = 503
