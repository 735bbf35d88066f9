"""str_replace_strict, str_replace_vstrict: str_replace that complains of what has no use."""

from typing import Any, ClassVar

from firebrick.template.functions.base import Lookup, Misuse
from firebrick.template.functions.text import StrReplaceJson, longest_first
from firebrick.template.problems import shorten


class StrReplaceStrict(StrReplaceJson):
    """Every placeholder must occur in the template."""

    __slots__ = ()
    name: ClassVar[str] = "str_replace_strict"
    key: ClassVar[str] = "str_replace_strict"

    @classmethod
    def compute(cls, arguments: Any, lookup: Lookup) -> Any:
        made = super().compute(arguments, lookup)
        template = arguments["template"]
        unused = cls.unused(template, arguments["params"])
        if unused:
            names = ",".join(map(shorten, unused[:100]))
            raise Misuse(
                f"these placeholders are not in the template: {names}",
                heat=f"The following params were not found in the template: {names}",
                detail="Remove them, or put them into the template.",
                inside=("params",),
            )
        return made

    @staticmethod
    def unused(template: str, params: dict[str, Any]) -> list[str]:
        """Those that never get their turn: longer ones are taken out of the template first."""
        pieces = [template]
        unused = []
        for placeholder in longest_first(params):
            found = [part for piece in pieces for part in piece.split(placeholder)]
            if len(found) == len(pieces):
                unused.append(placeholder)
            pieces = found
        return unused


class StrReplaceVeryStrict(StrReplaceStrict):
    """And no value may be null or empty."""

    __slots__ = ()
    name: ClassVar[str] = "str_replace_vstrict"
    key: ClassVar[str] = "str_replace_vstrict"

    @classmethod
    def text(cls, placeholder: str, value: Any) -> str:
        if value is None or (isinstance(value, str | list | dict) and not value):
            name = shorten(placeholder)
            raise Misuse(
                f"the value of {name} is missing or empty",
                heat=f"str_replace_vstrict has an undefined or empty value for param {name}, "
                "must be a defined non-empty value",
                inside=("params", placeholder),
            )
        return super().text(placeholder, value)
