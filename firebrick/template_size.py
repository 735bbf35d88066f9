"""How large a template may be: a setting, read here alone. Light, because the command line reads it at its start."""

import os

from firebrick.diagnostics import Diagnostic, InvalidInput

SETTING = "FIREBRICK_MAX_TEMPLATE_SIZE"
DEFAULT = 524_288  # Heat's max_template_size


def most_template() -> int:
    """Characters of a template, and bytes of its file. InvalidInput when the variable holds no positive number."""
    text = os.environ.get(SETTING, "").strip()
    if not text:
        return DEFAULT
    if text.isascii() and text.isdigit() and len(text) < 16 and int(text) > 0:
        return int(text)
    raise InvalidInput(
        Diagnostic(
            code="bad-setting",
            summary=f"{SETTING} is not a positive number",
            detail=f"Set it to a number of characters, or remove it: then it is {DEFAULT}.",
            path=SETTING,
        )
    )
