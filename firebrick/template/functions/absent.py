"""Functions that are names only: removed from the language. Using one is an error, never data."""

from typing import Any, ClassVar

from firebrick.template.functions.base import Misuse, Scope


class Absent:
    """One name that cannot be used."""

    name: ClassVar[str]

    @classmethod
    def build(cls, raw: Any, scope: Scope) -> Any:
        raise NotImplementedError


def removed(name: str, instead: str) -> type[Absent]:
    """A function of older versions. Heat refuses it as well."""

    class Removed(Absent):
        @classmethod
        def build(cls, raw: Any, scope: Scope) -> Any:
            raise Misuse(
                f"the function {name} does not exist any more in this version of the language",
                heat=f"The template version is invalid: The function {name} is not supported in this version of HOT.",
                detail=f"Use {instead}." if instead else "There is nothing in its place.",
                code="unknown-function",
            )

    Removed.name = name
    return Removed
