"""Firebrick::Postgres::Role makes, changes and drops roles of a real server, and its password is seen nowhere."""

from collections.abc import Iterator

import psycopg
import pytest

from firebrick.diagnostics import InvalidInput
from firebrick.resources.base import Live
from firebrick.resources.errors import PermanentError, TakenError
from firebrick.resources.firebrick.postgres_role import PostgresRole
from firebrick.testing.contract_kit import Contract, ContractTests
from firebrick.testing.postgres import PostgresServer
from firebrick.testing.rehearsal import NeedsAnother, Rehearsal
from tests.unit.resources.postgres_world import PASSWORD, do, drop, logged_in, roles, rows

NAME = 'clerk "x" %s'


@pytest.fixture(autouse=True)
def server(postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[PostgresServer]:
    monkeypatch.setenv("FIREBRICK_POSTGRES_URL", postgres_server.url())
    before = set(roles(postgres_server))
    yield postgres_server
    for name in set(roles(postgres_server)) - before:
        drop(postgres_server, "ROLE", name)


class TestContract(ContractTests):
    @pytest.fixture
    def contract(self, server: PostgresServer) -> Contract:
        return Contract(
            PostgresRole(),
            {"name": NAME, "password": PASSWORD, "comment": "it's ours", "valid_until": "2030-01-01"},
            changed={"name": NAME, "password": "another", "login": False, "connection_limit": 3},
            refused={"name": "pg_" + NAME, "password": PASSWORD},
            secrets=[PASSWORD, "hunter2"],
            existing=lambda: roles(server),
        )


def role(properties: dict[str, object], key: str = "key") -> Rehearsal:
    return Rehearsal(PostgresRole(), properties, key=key)


def test_it_may_log_in_with_its_password_and_with_the_new_one_after_an_update(server: PostgresServer) -> None:
    resource = role({"name": NAME, "password": PASSWORD})
    resource.create()
    assert resource.reference_id == resource.attribute("name") == NAME
    assert logged_in(server, NAME, PASSWORD) == NAME
    resource.update({"name": NAME, "password": "another"})
    assert logged_in(server, NAME, "another") == NAME
    with pytest.raises(psycopg.OperationalError):
        logged_in(server, NAME, PASSWORD)


def test_without_a_password_nobody_gets_in(server: PostgresServer) -> None:
    role({"name": NAME, "password": ""}).create()
    for tried in ("", PASSWORD):
        with pytest.raises(psycopg.OperationalError):
            logged_in(server, NAME, tried)


def test_the_server_never_sees_the_password(server: PostgresServer) -> None:
    """Its log of all statements has a verifier in it."""
    do(server, "ALTER SYSTEM SET log_statement = 'all'")
    rows(server, "SELECT pg_reload_conf()")
    try:
        resource = role({"name": "logged", "password": "zq7KxSecret"})
        resource.create()
        resource.update({"name": "logged", "password": "zq7KxSecretToo"})
    finally:
        do(server, "ALTER SYSTEM RESET log_statement")
        rows(server, "SELECT pg_reload_conf()")
    log = server.log.read_text()
    assert "SCRAM-SHA-256$" in log and "CREATE ROLE" in log
    assert "zq7KxSecret" not in log


def test_its_limits_and_attributes_are_those_asked_for_and_change_in_place(server: PostgresServer) -> None:
    def found() -> object:
        columns = "rolcanlogin, rolcreatedb, rolconnlimit, rolvaliduntil::timestamptz AT TIME ZONE 'UTC' = '2030-01-01'"
        return rows(server, f"SELECT {columns}, rolsuper, rolcreaterole FROM pg_roles WHERE rolname = 'clerk'")[0]

    resource = role({"name": "clerk", "create_database": True, "connection_limit": 2, "valid_until": "2030-01-01"})
    resource.create()
    assert found() == (True, True, 2, True, False, False)
    resource.update({"name": "clerk", "login": False})
    assert found() == (False, False, -1, False, False, False)
    with pytest.raises(NeedsAnother, match="a change of name"):
        resource.update({"name": "other"})


def test_read_sees_drift_and_one_moment_in_another_zone_is_none(server: PostgresServer) -> None:
    resource = role({"name": "clerk", "valid_until": "2030-01-01T02:00:00+02:00", "comment": "c"})
    resource.create()
    as_asked = {
        "login": True,
        "create_database": False,
        "connection_limit": -1,
        "valid_until": "2030-01-01T02:00:00+02:00",
        "comment": "c",
    }
    assert resource.read() == Live(properties=as_asked, attributes={"name": "clerk"})
    do(server, "ALTER ROLE clerk NOLOGIN VALID UNTIL '2031-01-01 00:00+00'")
    drifted = {"login": False, "valid_until": "2031-01-01T00:00:00+00:00"}
    assert resource.read() == Live(properties=as_asked | drifted, attributes={"name": "clerk"})


def test_a_role_that_is_there_is_left_as_it_is(server: PostgresServer) -> None:
    do(server, "CREATE ROLE clerk NOLOGIN")
    resource = role({"name": "clerk", "password": PASSWORD})
    with pytest.raises(PermanentError, match="there is a role clerk on the server, which this resource has not made"):
        resource.create()
    assert resource.find() is None
    assert rows(server, "SELECT rolcanlogin FROM pg_roles WHERE rolname = 'clerk'") == [(False,)]


def test_one_that_owns_something_is_not_dropped_and_the_error_says_what_to_do(server: PostgresServer) -> None:
    resource = role({"name": "clerk"})
    resource.create()
    do(server, "CREATE TABLE clerks_own ()")
    do(server, "ALTER TABLE clerks_own OWNER TO clerk")
    with pytest.raises(PermanentError, match="owner of table clerks_own. .*REASSIGN OWNED BY"):
        resource.delete()
    do(server, "DROP TABLE clerks_own")
    resource.delete()
    assert "clerk" not in roles(server)


def test_a_password_no_server_can_take_is_in_no_error() -> None:
    with pytest.raises(PermanentError, match="a character that PostgreSQL does not take") as caught:
        role({"name": "clerk", "password": "zq7Kx\0Secret"}).create()
    assert "zq7Kx" not in str(caught.value)


def test_a_moment_that_is_none_is_refused_by_the_schema() -> None:
    with pytest.raises(InvalidInput, match="valid_until"):
        role({"valid_until": "tomorrow"})


def test_what_would_make_it_more_than_a_user_is_not_offered() -> None:
    for word in ("superuser", "create_role", "replication", "member_of"):
        with pytest.raises(InvalidInput, match="Unknown Property"):
            role({word: True})


def test_an_external_role_is_found_by_its_name_whoever_made_it(server: PostgresServer) -> None:
    do(server, "CREATE ROLE theirs")
    live = Rehearsal(PostgresRole(), {"name": "another"}).read_external("theirs")
    assert live is not None and live.attributes == {"name": "theirs"}
    assert Rehearsal(PostgresRole(), {"name": "another"}).read_external("nobody") is None


def test_a_name_of_another_resource_is_taken_and_the_error_knows_by_whose_create(server: PostgresServer) -> None:
    role({"name": "clerk"}, key="first").create()
    with pytest.raises(TakenError) as caught:
        role({"name": "clerk"}, key="second").create()
    assert caught.value.by("first") and not caught.value.by("second")
