"""Which server and which project a command speaks to."""

import click

from firebrick.diagnostics import InvalidInput
from starter.address import Address, find_address


class Connection(Address):
    """An address that options and variables name."""

    __slots__ = ()

    @classmethod
    def find(cls, url: str | None, project: str | None) -> "Connection":
        """See find_address; UsageError for what is none."""
        try:
            found = find_address(url, project, source="--url")
        except InvalidInput as wrong:
            raise click.UsageError(wrong.first.summary) from None
        return cls(found.base, found.project, found.source)
