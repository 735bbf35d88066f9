"""digest: the hash of a text, in hexadecimal digits."""

import hashlib
from typing import Any, ClassVar

from firebrick.template.functions.base import Function, Lookup, Misuse
from firebrick.template.problems import kind_of

_FORM = "Write digest: [algorithm, text], for example digest: [sha256, text]."


class Digest(Function):
    """``digest: [algorithm, text]``. The text is encoded as Latin-1, as Heat does; other characters are refused."""

    __slots__ = ()
    name: ClassVar[str] = "digest"
    key: ClassVar[str] = "digest"

    @classmethod
    def compute(cls, arguments: Any, lookup: Lookup) -> Any:
        if not isinstance(arguments, list) or not all(isinstance(one, str) for one in arguments):
            items = arguments if isinstance(arguments, list) else [arguments]
            wrong = next(one for one in items if not isinstance(one, str) or one is arguments)
            raise Misuse(
                f"digest needs a list of texts, and there is {kind_of(wrong)}",
                heat='Argument to function "digest" must be a list of strings',
                detail=_FORM,
            )
        if len(arguments) != 2:
            raise Misuse(
                f"digest needs an algorithm and a text, and these are {len(arguments)}",
                heat='Function "digest" usage: ["<algorithm>", "<value>"]',
                detail=_FORM,
            )
        algorithm, text = arguments
        known = sorted(hashlib.algorithms_available)
        if algorithm.lower() not in known:
            raise Misuse(
                "there is no algorithm {}",
                heat=f"Algorithm must be one of {', '.join(known)}",
                value=algorithm,
                detail=f"There are: {', '.join(known)}.",
                inside=(0,),
            )
        try:
            data = text.encode("latin-1")
        except UnicodeEncodeError as error:
            raise Misuse(
                f"the text has a character that digest cannot encode (U+{ord(text[error.start]):04X})",
                heat="'latin-1' codec can't encode a character: ordinal not in range(256)",
                detail="Only characters up to U+00FF can be hashed.",
                inside=(1,),
            ) from None
        try:
            return hashlib.new(algorithm, data, usedforsecurity=False).hexdigest()
        except (TypeError, ValueError):
            raise Misuse(
                "the algorithm {} cannot be used here", value=algorithm, detail="Use sha256.", inside=(0,)
            ) from None
