"""What a transaction says to PostgreSQL, said together: statements are sent one after another, answers are read once.

Through SQLAlchemy and its driver each statement of a transaction is a round trip, and each of these is a wait after
which the writer's thread asks for the interpreter's lock anew. The few statements that all steps of resources share go
this way instead: in libpq's pipeline mode BEGIN, the lock and all that is read by id are one round trip, all that is
written and COMMIT another. It is the connection and the transaction of what SQLAlchemy executes.

A statement is compiled by SQLAlchemy and prepared once for a connection. Where one fails, the server skips what follows
up to the end of the round trip, COMMIT too.
"""

import select as polling
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import psycopg
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, PipelineStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult
from sqlalchemy import Connection, Dialect, Select
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.expression import ClauseElement
from sqlalchemy.types import TypeDecorator

_NUMBERED = PGDialect_psycopg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]
"""Writes $1 for the first parameter, as libpq wants it."""

_BEGIN = b"BEGIN ISOLATION LEVEL READ COMMITTED"
_COMMIT = b"COMMIT"
_STALE = frozenset({"0A000", "26000"})
"""A column that a prepared statement reads has another type now; there is no such prepared statement."""

_Converter = Callable[[Any], Any]
_MISSING = object()


class Answer:
    """Of a SELECT that was sent or will be. What nobody asks for is not read."""

    __slots__ = ("_pipeline", "_result", "_statement")

    def __init__(self, pipeline: "Pipeline", statement: "_Statement") -> None:
        self._pipeline = pipeline
        self._statement = statement
        self._result: PGresult | None = None

    def give(self, result: PGresult) -> None:
        self._result = result

    def rows(self) -> Sequence[tuple[Any, ...]]:
        """Sends what waits to be sent, if need be. DBAPIError, as SQLAlchemy raises it, of whatever failed."""
        if self._result is None:
            self._pipeline.run()
        assert self._result is not None, "its round trip has failed"
        return self._statement.read(self._result)


class Pipeline:
    """Of one transaction, for one thread."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._raw: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]
        self._statements: dict[ClauseElement, _Statement] = connection.info.setdefault(__name__, {})
        self._waiting: list[tuple[_Statement, Sequence[bytes | None], Answer | None]] = []

    def ask(self, statement: ClauseElement, parameters: Mapping[str, Any]) -> Answer:
        """Have a SELECT sent with the next round trip."""
        known = self._known(statement)
        answer = Answer(self, known)
        self._add(known, parameters, answer)
        return answer

    def send(self, statement: ClauseElement, parameters: Mapping[str, Any]) -> None:
        """Have a statement sent, at the latest with the COMMIT."""
        self._add(self._known(statement), parameters, None)

    def _known(self, statement: ClauseElement) -> "_Statement":
        known = self._statements.get(statement)
        if known is None:
            name = f"firebrick_{len(self._statements)}".encode()
            known = self._statements[statement] = _Statement(name, statement, self._connection.dialect, self._raw)
        return known

    def _add(self, known: "_Statement", parameters: Mapping[str, Any], answer: Answer | None) -> None:
        try:
            self._waiting.append((known, known.written(parameters), answer))
        except psycopg.Error as error:
            raise self._told(error) from None

    def run(self, *, commit: bool = False) -> None:
        """One round trip with all that waits. DBAPIError, as SQLAlchemy raises it, of the first that failed."""
        begun = self._raw.pgconn.transaction_status != TransactionStatus.IDLE
        if not self._waiting and not (commit and begun):
            return
        try:
            self._exchange(begin=not begun, commit=commit)
        except psycopg.Error as error:
            raise self._told(error) from None
        except BaseException:
            if self._raw.pgconn.pipeline_status != PipelineStatus.OFF:
                self._connection.invalidate()  # or what was sent now would be carried out with what is sent next
            raise

    def _exchange(self, *, begin: bool, commit: bool) -> None:
        waiting, self._waiting = self._waiting, []
        pgconn = self._raw.pgconn
        sent: list[tuple[_Statement | None, Answer | None]] = []  # what is prepared by it, what is answered by it
        pgconn.enter_pipeline_mode()
        if begin:
            pgconn.send_query_params(_BEGIN, None)
            sent.append((None, None))
        for statement, parameters, answer in waiting:
            if not statement.prepared:
                pgconn.send_prepare(statement.name, statement.sql)
                sent.append((statement, None))
                statement.prepared = True
            pgconn.send_query_prepared(statement.name, parameters)
            sent.append((None, answer))
        if commit:
            pgconn.send_query_params(_COMMIT, None)
            sent.append((None, None))
        pgconn.pipeline_sync()
        results = _received(pgconn)
        pgconn.exit_pipeline_mode()
        failure: psycopg.Error | None = None
        for (prepared, answer), result in zip(sent, results, strict=True):
            if result.status in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK):
                if answer is not None:
                    answer.give(result)
                continue
            if prepared is not None:
                prepared.prepared = False
            if failure is None:  # the others were skipped
                failure = error_from_result(result, encoding="utf-8")
        if failure is None and commit and results[-1].command_status != _COMMIT:
            failure = psycopg.errors.InFailedSqlTransaction("rolled back: something in it had failed before")
        if failure is not None:
            raise failure

    def _told(self, error: psycopg.Error) -> BaseException:
        """As SQLAlchemy tells it. A connection is not used again that is lost, whose answers were not read to their
        end, or whose prepared statements the server has thrown away or cannot carry out any more."""
        pgconn = self._raw.pgconn
        broken = pgconn.status == ConnStatus.BAD or pgconn.pipeline_status != PipelineStatus.OFF
        lost = broken or error.sqlstate in _STALE
        if lost:
            self._connection.invalidate(error)
        return DBAPIError.instance(
            "",
            None,
            error,
            psycopg.Error,
            hide_parameters=True,
            connection_invalidated=lost,
            dialect=self._connection.dialect,
        )


class _Statement:
    """One that a connection knows, or will: how its parameters are written and its rows are read."""

    def __init__(self, name: bytes, statement: ClauseElement, dialect: Dialect, raw: "psycopg.Connection[Any]") -> None:
        self.name = name
        self.prepared = False
        compiled: Any = statement.compile(dialect=_NUMBERED)
        self.sql: bytes = compiled.string.encode()
        fixed = compiled.params  # what is not given with each execution has its value in the statement
        self._parameters: list[tuple[str, _Converter | None, Any]] = []
        for key in compiled.positiontup or ():
            bind = compiled.binds[key]
            value = _MISSING if bind.required else fixed[key]
            self._parameters.append((key, _converter(bind.type, dialect, reads=False), value))
        columns = statement.selected_columns if isinstance(statement, Select) else ()
        readers = [_converter(column.type, dialect, reads=True) for column in columns]
        self._readers = [(place, reader) for place, reader in enumerate(readers) if reader is not None]
        self._transformer = Transformer(raw)  # of its own: it remembers how the columns are read

    def written(self, parameters: Mapping[str, Any]) -> list[bytes | None]:
        """As they are sent; sealed anew each time, since keys change. KeyError for one that is missing."""
        values = []
        for key, seal, fixed in self._parameters:
            value = parameters[key] if fixed is _MISSING else parameters.get(key, fixed)
            values.append(_written(value if seal is None else seal(value)))
        return values

    def read(self, result: PGresult) -> Sequence[tuple[Any, ...]]:
        self._transformer.set_pgresult(result)
        rows = self._transformer.load_rows(0, result.ntuples, tuple)
        self._transformer.set_pgresult(None)  # it would keep all that is in it
        return [self._converted(row) for row in rows] if self._readers else rows

    def _converted(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        values = list(row)
        for place, reader in self._readers:
            values[place] = reader(values[place])
        return tuple(values)


def _converter(type_: Any, dialect: Dialect, *, reads: bool) -> "_Converter | None":
    """What a type of the store's own does to values; all else is the driver's."""
    if not isinstance(type_, TypeDecorator):
        return None
    convert = type_.process_result_value if reads else type_.process_bind_param
    return lambda value: convert(value, dialect)


def _written(value: Any) -> bytes | None:
    """As PostgreSQL reads it. Every parameter has its type in the statement."""
    if isinstance(value, str):
        return _whole(value)
    if value is None:
        return None
    if isinstance(value, bytes):
        return f"\\x{value.hex()}".encode()
    if isinstance(value, int | float):  # bool too: "True" is one of its names
        return str(value).encode()
    if isinstance(value, list | tuple):
        return _whole("{" + ",".join(map(_element, value)) + "}")
    raise TypeError(f"no parameter of a pipeline: {type(value).__name__}")


def _whole(text: str) -> bytes:
    """libpq would take a text to end at its first character 0."""
    if "\0" in text:
        raise psycopg.DataError("a text with the character 0")
    return text.encode()


def _element(value: str | int) -> str:
    if isinstance(value, int):
        return str(value)
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _received(pgconn: PGconn) -> list[PGresult]:
    """The results of all statements of a round trip, in order."""
    results: list[PGresult] = []
    poller = polling.poll()
    unsent = pgconn.flush()
    poller.register(pgconn.socket, polling.POLLIN | polling.POLLOUT if unsent else polling.POLLIN)
    while True:
        poller.poll()
        pgconn.consume_input()  # while something is unsent too, or the server could wait for us and we for it
        if unsent:
            unsent = pgconn.flush()
            if not unsent:
                poller.modify(pgconn.socket, polling.POLLIN)
        while not pgconn.is_busy():
            result = pgconn.get_result()
            if pgconn.status == ConnStatus.BAD:
                raise psycopg.OperationalError("the connection is lost")
            if result is None:  # between two statements
                continue
            if result.status == ExecStatus.PIPELINE_SYNC:
                return results
            results.append(result)
