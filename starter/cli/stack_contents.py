"""`firebrick stack resource|event|output ...`: what is in a stack."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

import click

from firebrick.diagnostics import Diagnostic, NotFound
from starter.cli.connection import Connection
from starter.cli.filters import EVENT_KEYS, EVENT_SORT_KEYS, RESOURCE_KEYS, read_filters, read_sort
from starter.cli.render import FORMATS, output_options, show_listing, show_record
from starter.http_api import Api, StackAddress

INTERRUPTED = 130


@click.group()
def resource() -> None:
    """Resources of a stack."""


@resource.command("list")
@click.argument("name", metavar="STACK")
@click.option("--filter", "filters", multiple=True, metavar="KEY=VALUE", help="type, status, name, action or id.")
@click.option("-n", "--nested-depth", type=click.IntRange(min=0), metavar="LEVELS", help="Those of nested stacks, too.")
@click.option("--long", "long", is_flag=True, help="More columns.")
@output_options()
@click.pass_obj
def resource_list(
    connection: Connection,
    name: str,
    filters: Sequence[str],
    nested_depth: int | None,
    long: bool,
    form: str,
    columns: Sequence[str],
) -> None:
    """List a stack's resources."""
    query: dict[str, Any] = {**read_filters("--filter", filters, RESOURCE_KEYS)}
    api = Api(connection)
    headings = ["resource_name", "physical_resource_id", "resource_type", "resource_status", "updated_time"]
    if nested_depth:
        query["nested_depth"] = nested_depth
        headings.append("stack_name")
    if long:
        headings += ["resource_status_reason", "creation_time", "required_by"]
    found = [{**one, "stack_name": _address_of(one).name} for one in api.resources(api.find(name), query)]
    rows = [[one.get(heading) for heading in headings] for one in found]
    show_listing(headings, rows, form, columns)


def _address_of(listed: Mapping[str, Any]) -> StackAddress:
    """The stack that a resource or an event is in, from its link to that."""
    name, id_ = next(str(one["href"]).split("/")[-2:] for one in listed["links"] if one["rel"] == "stack")
    return StackAddress(unquote(name), id_)


@resource.command("show")
@click.argument("name", metavar="STACK")
@click.argument("resource_name", metavar="RESOURCE")
@output_options()
@click.pass_obj
def resource_show(connection: Connection, name: str, resource_name: str, form: str, columns: Sequence[str]) -> None:
    """Show one resource with its attributes."""
    api = Api(connection)
    show_record(api.resource(api.find(name), resource_name), form, columns)


@resource.command("metadata")
@click.argument("name", metavar="STACK")
@click.argument("resource_name", metavar="RESOURCE")
@output_options(default="json")
@click.pass_obj
def resource_metadata(connection: Connection, name: str, resource_name: str, form: str, columns: Sequence[str]) -> None:
    """Show a resource's metadata."""
    api = Api(connection)
    show_record(api.metadata(api.find(name), resource_name), form, columns)


@click.group()
def event() -> None:
    """What happened to a stack."""


@event.command("list")
@click.argument("name", metavar="STACK")
@click.option("--resource", "resource_name", metavar="NAME", help="Only those of this resource.")
@click.option("--filter", "filters", multiple=True, metavar="KEY=VALUE", help="resource_status, resource_name, ...")
@click.option("--limit", type=click.IntRange(min=1), metavar="NUMBER", help="At most so many.")
@click.option("--marker", metavar="ID", help="Those after this event.")
@click.option("--sort", metavar="KEY[:asc|desc]", help="The order.  [default: event_time:asc]")
@click.option("-n", "--nested-depth", type=click.IntRange(min=0), metavar="LEVELS", help="Those of nested stacks, too.")
@click.option("--follow", is_flag=True, help="Go on as things happen, until what the stack does now has ended.")
@output_options(("log", *FORMATS), default="log")
@click.pass_obj
def event_list(
    connection: Connection,
    name: str,
    resource_name: str | None,
    filters: Sequence[str],
    limit: int | None,
    marker: str | None,
    sort: str | None,
    nested_depth: int | None,
    follow: bool,
    form: str,
    columns: Sequence[str],
) -> None:
    """List a stack's events, the oldest first; one line each unless another format is asked for."""
    if nested_depth and (follow or resource_name is not None):
        raise click.UsageError("--nested-depth shows all that there is: it goes without --follow and --resource")
    query: dict[str, Any] = {**read_filters("--filter", filters, EVENT_KEYS)}
    if follow:
        if form != "log" or columns or limit is not None or marker is not None or sort is not None:
            raise click.UsageError("--follow shows lines, oldest first: it goes with --resource and --filter only")
        if resource_name is not None:
            query["resource_name"] = [resource_name]
        _follow_events(Api(connection), name, query)
        return
    query |= read_sort(sort or "event_time:asc", EVENT_SORT_KEYS)
    if limit is not None:
        query["limit"] = limit
    if marker is not None:
        query["marker"] = marker
    if nested_depth:
        query["nested_depth"] = nested_depth
    api = Api(connection)
    address = api.find(name)
    events = api.events(address, query, resource_name)
    if form == "log" and not columns:
        from starter.cli.displays import event_line

        for one in events:
            click.echo(event_line(one, _address_of(one)))
        return
    headings = ["resource_name", "id", "resource_status_reason", "resource_status", "event_time"]
    headings += ["stack_name"] if nested_depth else []
    found = [{**one, "stack_name": _address_of(one).name} for one in events]
    rows = [[one.get(heading) for heading in headings] for one in found]
    show_listing(headings, rows, "table" if form == "log" else form, columns)


def _follow_events(api: Api, name: str, filters: Mapping[str, Any]) -> None:
    """Events on standard output, how it ended on standard error. Ctrl-C detaches: the operation goes on."""
    from starter.cli.displays import Lines
    from starter.cli.follow import follow
    from starter.cli.outcome import print_outcome

    address = api.find(name)
    newest = api.stack(address, resolve_outputs=False, with_operation=True)["operation"]
    try:
        chain = follow(api, address, newest["id"], Lines(address, err=False), filters=filters)
    except KeyboardInterrupt:
        again = f"firebrick stack event list {address.id} --follow"
        click.echo(f"\ndetached; what {address.name} does goes on; re-attach with: {again}", err=True)
        raise click.exceptions.Exit(INTERRUPTED) from None
    print_outcome(address, chain)


@event.command("show")
@click.argument("name", metavar="STACK")
@click.argument("resource_name", metavar="RESOURCE")
@click.argument("event_id", metavar="EVENT")
@output_options()
@click.pass_obj
def event_show(
    connection: Connection, name: str, resource_name: str, event_id: str, form: str, columns: Sequence[str]
) -> None:
    """Show one event with its resource's properties; an event of the stack itself is one of its name."""
    api = Api(connection)
    show_record(api.event(api.find(name), resource_name, event_id), form, columns)


@click.group()
def output() -> None:
    """Outputs of a stack."""


@output.command("list")
@click.argument("name", metavar="STACK")
@output_options()
@click.pass_obj
def output_list(connection: Connection, name: str, form: str, columns: Sequence[str]) -> None:
    """List a stack's outputs, without their values."""
    api = Api(connection)
    rows = [[one["output_key"], one["description"]] for one in api.outputs(api.find(name))]
    show_listing(("output_key", "description"), rows, form, columns)


@output.command("show")
@click.argument("name", metavar="STACK")
@click.argument("key", metavar="OUTPUT", required=False)
@click.option("--all", "every", is_flag=True, help="All of them.")
@output_options()
@click.pass_obj
def output_show(
    connection: Connection, name: str, key: str | None, every: bool, form: str, columns: Sequence[str]
) -> None:
    """Show one output with its value, or --all. Exit code 1 when a value cannot be had."""
    if (key is None) != every:
        raise click.UsageError("give either OUTPUT or --all")
    api = Api(connection)
    address = api.find(name)
    if key is not None:
        one: Mapping[str, Any] = api.output(address, key)
        show_record(one, form, columns or (("output_value",) if form == "value" else ()))
        _check((one,))
        return
    found = api.stack(address).get("outputs", [])
    rows = [[one["output_key"], one["output_value"], one["description"]] for one in found]
    show_listing(("output_key", "output_value", "description"), rows, form, columns)
    _check(found)


def _check(outputs: Sequence[Mapping[str, Any]]) -> None:
    if errors := [
        Diagnostic(code="output-error", summary=str(one["output_error"]), path=f"outputs.{one['output_key']}")
        for one in outputs
        if "output_error" in one
    ]:
        raise NotFound(errors)
