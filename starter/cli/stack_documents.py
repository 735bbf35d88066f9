"""`firebrick stack template|environment|file ...`: what a stack was asked for with."""

from collections.abc import Sequence

import click

from starter.cli.connection import Connection
from starter.cli.render import output_options, show_listing, show_record
from starter.http_api import Api


@click.group()
def template() -> None:
    """The template of a stack."""


@template.command("show")
@click.argument("name", metavar="STACK")
@output_options(default="yaml")
@click.pass_obj
def template_show(connection: Connection, name: str, form: str, columns: Sequence[str]) -> None:
    """Show the template a stack was made from."""
    _show(connection, name, "template", form, columns)


@click.group()
def environment() -> None:
    """The environment of a stack."""


@environment.command("show")
@click.argument("name", metavar="STACK")
@output_options(default="yaml")
@click.pass_obj
def environment_show(connection: Connection, name: str, form: str, columns: Sequence[str]) -> None:
    """Show a stack's parameters, their defaults and its registry of types; hidden parameters are masked."""
    _show(connection, name, "environment", form, columns)


def _show(connection: Connection, name: str, kind: str, form: str, columns: Sequence[str]) -> None:
    api = Api(connection)
    show_record(api.document(api.find(name), kind), form, columns)


@click.group()
def file() -> None:
    """Files that came with a stack."""


@file.command("list")
@click.argument("name", metavar="STACK")
@output_options()
@click.pass_obj
def file_list(connection: Connection, name: str, form: str, columns: Sequence[str]) -> None:
    """List the files that came with a stack's template."""
    api = Api(connection)
    files = api.document(api.find(name), "files")
    show_listing(("name", "content"), [[one, files[one]] for one in sorted(files)], form, columns)
