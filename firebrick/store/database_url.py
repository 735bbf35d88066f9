"""The database's address: what this store can use, and how it is shown."""

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from firebrick.diagnostics import Diagnostic, InvalidInput

SECRET_OPTIONS = (
    "password",
    "sslpassword",
    "oauth_client_secret",
    "scram_client_key",
    "scram_server_key",
)  # of libpq, which may stand in the URL's query


def parse_url(url: str) -> tuple[URL, str]:
    """The database's address and SQLite's ``synchronous`` setting. InvalidInput for anything this store cannot use."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise _bad_url("The database's address is not a URL.") from None
    if parsed.drivername in ("postgres", "postgresql"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername == "postgresql+psycopg":
        _check_libpq(parsed)
        return parsed, ""
    if parsed.drivername not in ("sqlite", "sqlite+pysqlite"):
        raise _bad_url(f"This store does not know {parsed.drivername!r} databases.")
    if not parsed.database or parsed.database == ":memory:":
        raise _bad_url("A database in memory cannot be shared by processes or threads; name a file.")
    synchronous = parsed.query.get("synchronous", "normal")
    if synchronous not in ("normal", "full"):
        raise _bad_url("synchronous is normal or full.")
    return parsed.difference_update_query(["synchronous"]), str(synchronous)


def shown_url(url: str) -> str:
    """The database's address without its passwords."""
    parsed, _ = parse_url(url)
    hidden = {name: "***" for name in SECRET_OPTIONS if name in parsed.query}
    return parsed.update_query_dict(hidden).render_as_string(hide_password=True).replace("%2A%2A%2A", "***")


def _check_libpq(url: URL) -> None:
    """What would be found out when the first connection is made, in words about a host or an option."""
    if "@" in (url.host or ""):
        # What stands before the last @ is the password's rest, and would be told as the name of a host.
        raise _bad_url("The database's address has an @ in its user or password; there it is written %40.")
    try:
        from psycopg import ProgrammingError
        from psycopg.conninfo import make_conninfo, timeout_from_conninfo
    except ModuleNotFoundError:  # whoever opens it is told
        return
    options = {name: value for name, value in url.query.items() if isinstance(value, str)}
    try:
        make_conninfo("", **options)
        timeout_from_conninfo(options)  # type: ignore[arg-type]
    except (ProgrammingError, TypeError) as error:
        raise _bad_url(
            f"The database's address has an option that libpq does not take: {str(error).strip()}."
        ) from None


def _bad_url(summary: str) -> InvalidInput:
    detail = "Use sqlite:////absolute/path or postgresql+psycopg://user@host/database."
    return InvalidInput(Diagnostic(code="store-url", summary=summary, detail=detail))
