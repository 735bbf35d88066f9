"""JSON answers that cannot fail: a row that an older version has stored may hold what JSON has no form for."""

from typing import Any

import structlog
from starlette import responses

from firebrick.json_values import shown

log = structlog.get_logger("firebrick.rest")


class JSONResponse(responses.JSONResponse):
    """As Starlette's. Where that has no form for a value (half of a surrogate pair, NaN, nesting without bounds), the
    value is shown as far as it can be: one row of many must not hide the others."""

    def render(self, content: Any) -> bytes:
        try:
            return super().render(content)
        except (ValueError, RecursionError):  # a UnicodeEncodeError is a ValueError
            log.warning("stored values are shown as far as JSON has a form for them")
            return super().render(shown(content))
