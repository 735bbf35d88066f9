"""`firebrick resource type ...`: what templates can name, and what it takes and gives."""

from collections.abc import Sequence
from typing import Any

import click

from starter.cli.connection import Connection
from starter.cli.filters import TYPE_KEYS, read_filters
from starter.cli.render import output_options, show_listing, show_record
from starter.http_api import Api


@click.group()
def resource() -> None:
    """Resource types of the server."""


@resource.group("type")
def resource_type() -> None:
    """What templates can name."""


@resource_type.command("list")
@click.option("--filter", "filters", multiple=True, metavar="KEY=VALUE", help="name (a pattern) or support_status.")
@click.option("--long", "long", is_flag=True, help="With descriptions.")
@output_options()
@click.pass_obj
def resource_type_list(
    connection: Connection, filters: Sequence[str], long: bool, form: str, columns: Sequence[str]
) -> None:
    """List the types there are, plug-ins' too."""
    query: dict[str, Any] = {**read_filters("--filter", filters, TYPE_KEYS)}
    if long:
        query["with_description"] = "True"
    found = Api(connection).resource_types(query)
    rows = [[one["resource_type"], one["description"]] if long else [one] for one in found]
    show_listing(("Resource Type", "Description") if long else ("Resource Type",), rows, form, columns)


@resource_type.command("show")
@click.argument("name", metavar="TYPE")
@output_options(default="yaml")
@click.pass_obj
def resource_type_show(connection: Connection, name: str, form: str, columns: Sequence[str]) -> None:
    """Show a type's properties and attributes."""
    show_record(Api(connection).resource_type(name), form, columns)


@resource_type.command("template")
@click.argument("name", metavar="TYPE")
@click.option(
    "--template-type", type=click.Choice(["hot", "cfn"]), default="cfn", show_default=True, help="Language of it."
)
@output_options(("json", "yaml"), default="yaml")
@click.pass_obj
def resource_type_template(
    connection: Connection, name: str, template_type: str, form: str, columns: Sequence[str]
) -> None:
    """Write a template with one resource of a type, its properties as parameters."""
    show_record(Api(connection).generated_template(name, template_type), form, columns)
