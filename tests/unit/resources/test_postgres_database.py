"""Firebrick::Postgres::Database makes, changes and drops databases of a real server, and none but its own."""

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import make_url

from firebrick.resources import postgresql
from firebrick.resources.base import Found, Live
from firebrick.resources.errors import ConflictError, PermanentError, Replace, TakenError, TransientError
from firebrick.resources.firebrick.postgres_database import PostgresDatabase
from firebrick.testing.contract_kit import Contract, ContractTests
from firebrick.testing.postgres import PostgresServer
from firebrick.testing.rehearsal import NeedsAnother, Rehearsal
from tests.unit.resources.postgres_world import connection_of, databases, do, drop, rows

NAME = 'shop "x" %s'
QUOTED = '"shop ""x"" %s"'


@pytest.fixture(autouse=True)
def server(postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[PostgresServer]:
    monkeypatch.setenv("FIREBRICK_POSTGRES_URL", postgres_server.url())
    before = set(databases(postgres_server))
    yield postgres_server
    for name in set(databases(postgres_server)) - before:
        drop(postgres_server, "DATABASE", name)


@pytest.fixture(scope="module", autouse=True)
def owners(postgres_server: PostgresServer) -> Iterator[None]:
    do(postgres_server, "CREATE ROLE one")
    do(postgres_server, "CREATE ROLE two")
    yield
    do(postgres_server, "DROP ROLE one, two")


class TestContract(ContractTests):
    @pytest.fixture
    def contract(self, server: PostgresServer) -> Contract:
        return Contract(
            PostgresDatabase(),
            {"name": NAME, "owner": "one", "comment": "it's ours"},
            changed={"name": NAME, "owner": "two", "connection_limit": 5, "comment": None},
            refused={"name": NAME, "owner": "nobody such"},
            existing=lambda: databases(server),
            every=4,
        )


def database(properties: dict[str, object] | None = None, key: str = "key") -> Rehearsal:
    return Rehearsal(PostgresDatabase(), properties or {}, key=key)


def test_it_is_made_as_asked_for_and_says_where_it_is(server: PostgresServer) -> None:
    resource = database({"name": NAME, "owner": "one", "encoding": "SQL_ASCII", "locale": "C", "connection_limit": "7"})
    resource.create()
    found = rows(
        server,
        "SELECT datname, pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datconnlimit FROM pg_database"
        " WHERE datname LIKE 'shop%'",
    )
    assert found == [(NAME, "one", "SQL_ASCII", 7)]
    assert resource.reference_id == NAME
    attributes = {name: resource.attribute(name) for name in ("name", "host", "port")}
    assert attributes == {"name": NAME, "host": "127.0.0.1", "port": server.port}


def test_without_a_name_it_gets_one_that_needs_no_quotes(server: PostgresServer) -> None:
    resource = Rehearsal(PostgresDatabase(), name="Main-DB" + "x" * 80)
    resource.create()
    name = str(resource.reference_id)
    assert name.startswith("stack_main_dbxxx") and name.endswith("_abcdefghijkl") and len(name) == 63
    assert name in databases(server)


def test_a_database_that_is_there_is_left_as_it_is(server: PostgresServer) -> None:
    do(server, f"CREATE DATABASE {QUOTED}")
    before = rows(server, "SELECT oid, datname FROM pg_database ORDER BY oid")
    resource = database({"name": NAME})
    with pytest.raises(PermanentError, match="which this resource has not made; it is left as it is"):
        resource.create()
    assert resource.find() is None
    assert rows(server, "SELECT oid, datname FROM pg_database ORDER BY oid") == before


def test_what_was_made_under_a_name_that_was_taken_meanwhile_is_taken_away_again(server: PostgresServer) -> None:
    resource = database({"name": NAME})
    unfinished = "firebrick_" + postgresql.digest(resource.key)
    do(server, f'CREATE DATABASE "{unfinished}"')  # as by an attempt that died there
    do(server, f"CREATE DATABASE {QUOTED}")
    assert resource.find() == Found(physical_id=postgresql.digest(resource.key))
    with pytest.raises(PermanentError, match="which this resource has not made"):
        resource.create()
    assert unfinished not in databases(server)


def test_somebody_connected_is_a_reason_to_wait_unless_disconnect_is_set(server: PostgresServer) -> None:
    resource = database({"name": "shop"})
    resource.create()
    url = make_url(server.url("shop"))
    with psycopg.connect(host=url.host, port=url.port, user=url.username, password=url.password, dbname="shop") as one:
        with pytest.raises(ConflictError, match='database "shop" is being accessed by other users'):
            resource.delete()
        resource.update({"name": "shop", "disconnect": True})
        resource.delete()
        with pytest.raises(psycopg.OperationalError):
            one.execute("SELECT 1")
    assert "shop" not in databases(server)


def test_a_name_another_encoding_and_another_server_take_another_database() -> None:
    resource = database({"name": "shop"})
    resource.create()
    with pytest.raises(NeedsAnother, match="a change of name"):
        resource.update({"name": "store"})
    with pytest.raises(NeedsAnother, match="a change of encoding"):
        resource.update({"name": "shop", "encoding": "UTF8"})
    with pytest.raises(NeedsAnother, match="a change of connection"):
        resource.update({"name": "shop", "connection": {"host": "elsewhere", "user": "u"}})


def test_read_sees_drift(server: PostgresServer) -> None:
    resource = database({"name": "shop", "owner": "one"})
    resource.create()
    do(server, "ALTER DATABASE shop OWNER TO two")
    do(server, "ALTER DATABASE shop CONNECTION LIMIT 3")
    do(server, "COMMENT ON DATABASE shop IS 'mine'")
    seen = {"owner": "two", "connection_limit": 3, "comment": "mine"}
    assert resource.read() == Live(properties=seen, attributes=resource.stored)


@pytest.mark.parametrize("by_another_resource", [False, True], ids=["by hand", "by another resource"])
def test_what_was_made_anew_under_its_name_is_not_its_own(server: PostgresServer, by_another_resource: bool) -> None:
    resource = database({"name": "shop"})
    resource.create()
    server.drop_database("shop")
    if by_another_resource:
        database({"name": "shop"}, key="another").create()
    else:
        do(server, "CREATE DATABASE shop")
    assert resource.read() is None
    with pytest.raises(Replace, match="the database is gone"):
        resource.update({"name": "shop", "comment": "x"})
    resource.delete()
    assert "shop" in databases(server)


def test_one_that_an_administrator_renamed_is_still_its_own(server: PostgresServer) -> None:
    resource = database({"name": "shop"})
    resource.create()
    do(server, "ALTER DATABASE shop RENAME TO store")
    assert resource.read() is not None
    resource.delete()
    assert "store" not in databases(server)


def test_a_failed_one_is_replaced_only_when_there_is_none(server: PostgresServer) -> None:
    resource = database({"name": "shop"})
    resource.create()
    kind, context = PostgresDatabase(), resource.context("UPDATE", "k")
    assert kind.replace_failed(context) is False
    server.drop_database("shop")
    assert kind.replace_failed(context) is True


@pytest.mark.parametrize("name", ["", "x" * 64, "ü" * 32, "a\0b"])
def test_a_name_that_the_server_would_cut_is_refused_by_the_schema(name: str) -> None:
    with pytest.raises(Exception, match="a name has 1 to 63 bytes"):
        database({"name": name})


# --- the server and who to be there -------------------------------------------------------------------------------


def test_without_a_server_the_error_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FIREBRICK_POSTGRES_URL")
    with pytest.raises(PermanentError, match="set FIREBRICK_POSTGRES_URL in the worker's environment"):
        database().create()


def test_an_address_that_cannot_be_read_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIREBRICK_POSTGRES_URL", "postgresql://u:hunter2@host/db?nonsense=1")
    with pytest.raises(PermanentError, match="no address that libpq can read") as caught:
        database().create()
    assert "hunter2" not in str(caught.value)


def test_a_server_in_the_properties_must_be_allowed_by_the_operator(
    server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    resource = database({"name": "shop", "connection": connection_of(server)})
    with pytest.raises(PermanentError, match="the operator's setting FIREBRICK_POSTGRES_HOSTS does not name it"):
        resource.create()
    monkeypatch.delenv("FIREBRICK_POSTGRES_URL")
    monkeypatch.setenv("FIREBRICK_POSTGRES_HOSTS", f"db.example, 127.0.0.1:{server.port}")
    resource.create()
    assert "shop" in databases(server)
    resource.update({"name": "shop", "connection": connection_of(server, sslmode="disable")})
    resource.delete()
    assert "shop" not in databases(server)


@pytest.mark.parametrize("host", ["/var/run/postgresql", "@abstract", "a,/tmp"])
def test_a_socket_where_the_worker_would_be_somebody_is_refused(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIREBRICK_POSTGRES_HOSTS", "*")
    with pytest.raises(PermanentError, match="must be one name or address, not a socket"):
        database({"connection": {"host": host, "user": "postgres"}}).create()


def test_the_workers_own_password_is_not_used_for_a_server_in_the_properties(
    server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIREBRICK_POSTGRES_HOSTS", "127.0.0.1")
    monkeypatch.setenv("PGPASSWORD", str(make_url(server.url()).password))
    with pytest.raises(TransientError, match="no password supplied|authentication failed"):
        database({"connection": connection_of(server, password=None)}).create()


def test_a_wrong_password_is_in_no_error(server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIREBRICK_POSTGRES_HOSTS", "127.0.0.1")
    with pytest.raises(TransientError, match="password authentication failed") as caught:
        database({"connection": connection_of(server, password="hunter2")}).create()
    assert caught.value.not_sent and "hunter2" not in repr((caught.value, caught.value.__context__))


def test_a_server_that_does_not_answer_was_surely_not_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIREBRICK_POSTGRES_URL", "postgresql://u:hunter2@127.0.0.1:1/x")
    with pytest.raises(TransientError, match="PostgreSQL at 127.0.0.1:1 cannot be used") as caught:
        database().create()
    assert caught.value.not_sent and "hunter2" not in str(caught.value)


def test_an_external_database_is_found_by_its_name_whoever_made_it(server: PostgresServer) -> None:
    do(server, 'CREATE DATABASE "theirs ""x"""')
    someone = Rehearsal(PostgresDatabase(), {"name": "another"})
    live = someone.read_external('theirs "x"')
    assert live is not None and live.attributes["name"] == 'theirs "x"' and live.healthy
    assert someone.read_external("nobody") is None


def test_a_name_of_another_resource_is_taken_and_the_error_knows_by_whose_create(server: PostgresServer) -> None:
    database({"name": "shop"}, key="first").create()
    with pytest.raises(TakenError) as caught:
        database({"name": "shop"}, key="second").create()
    assert caught.value.by("first") and not caught.value.by("second")
