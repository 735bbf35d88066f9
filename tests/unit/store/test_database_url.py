"""Which database addresses this store takes, and what of them is ever shown."""

import pytest

from firebrick.diagnostics import InvalidInput
from firebrick.store.database_url import parse_url, shown_url

SECRET = "Fb%25s3cr3t%2Fx"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"postgresql+psycopg://me:{SECRET}@db:5433/firebrick", "postgresql+psycopg://me:***@db:5433/firebrick"),
        (
            f"postgresql://db/firebrick?user=me&password={SECRET}",
            "postgresql+psycopg://db/firebrick?password=***&user=me",
        ),
        (f"postgresql://me@db/x?sslpassword={SECRET}", "postgresql+psycopg://me@db/x?sslpassword=***"),
        ("sqlite:////var/lib/stacks.db?synchronous=full", "sqlite:////var/lib/stacks.db"),
    ],
)
def test_no_password_is_shown(url: str, shown: str) -> None:
    assert shown_url(url) == shown
    assert str(parse_url(url)[0].database) in url


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql+psycopg://me:p@ssw0rd@127.0.0.1:5432/firebrick", "has an @ in its user or password; there it is"),
        ("postgresql+psycopg://me@db/firebrick?ssl_mode=require", 'invalid connection option "ssl_mode"'),
        ("postgresql+psycopg://me@db/firebrick?bogus=1&password=ssw0rd", 'invalid connection option "bogus"'),
        ("postgresql+psycopg://me@db/firebrick?connect_timeout=abc", "bad value for connect_timeout"),
    ],
)
def test_what_cannot_be_an_address_is_named_before_anybody_connects(url: str, said: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_url(url)
    assert refused.value.first.code == "store-url" and said in refused.value.first.summary
    assert "ssw0rd" not in str(refused.value)
