"""One order in every database: texts by their characters' codes, whatever the locale; what is missing is least."""

from typing import Any

from sqlalchemy import ColumnElement, String, UnaryExpression
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class _Bytewise(FunctionElement[str]):
    """A text as it is compared by its bytes. SQLite compares so anyway."""

    type = String()
    inherit_cache = True


@compiles(_Bytewise)
def _plain(element: _Bytewise, compiler: Any, **more: Any) -> str:
    return str(compiler.process(element.clauses, **more))


@compiles(_Bytewise, "postgresql")
def _collated(element: _Bytewise, compiler: Any, **more: Any) -> str:
    return f'{compiler.process(element.clauses, **more)} COLLATE "C"'


def in_order(column: ColumnElement[Any], *, descending: bool) -> UnaryExpression[Any]:
    """The column as ORDER BY takes it."""
    compared = _Bytewise(column) if isinstance(column.type, String) else column
    return compared.desc().nulls_last() if descending else compared.asc().nulls_first()
