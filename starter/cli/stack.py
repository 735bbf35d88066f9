"""`firebrick stack ...`: create, show, list, delete and wait for stacks."""

import sys
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import click

from firebrick.diagnostics import FirebrickError
from starter.cli.connection import Connection
from starter.cli.failures import failures
from starter.cli.filters import STACK_KEYS, STACK_SORT_KEYS, read_filters, read_sort
from starter.cli.follow import newest_seq, start_of
from starter.cli.plans import apply, plan
from starter.cli.render import output_options, show_listing, show_record
from starter.cli.stack_contents import event, output, resource
from starter.cli.stack_documents import environment as environment_group
from starter.cli.stack_documents import file as file_group
from starter.cli.stack_documents import template as template_group
from starter.http_api import Api, NoServer, StackAddress

INTERRUPTED = 130
RECORD = ("id", "stack_name", "description", "creation_time", "updated_time", "stack_status", "stack_status_reason")


@click.group()
def stack() -> None:
    """Create, look at and delete stacks."""


stack.add_command(plan)
stack.add_command(apply)
for _group in (resource, event, output, failures, template_group, environment_group, file_group):
    stack.add_command(_group)


@stack.command()
@click.argument("name", metavar="NAME")
@click.option("-t", "--template", required=True, metavar="FILE", help="The template; - is standard input.")
@click.option("-e", "--environment", "environments", multiple=True, metavar="FILE", help="May be repeated; later wins.")
@click.option("--parameter", "parameters", multiple=True, metavar="NAME=VALUE", help="May be repeated.")
@click.option("--parameter-file", "parameter_files", multiple=True, metavar="NAME=FILE", help="The file is the value.")
@click.option("--timeout", type=click.IntRange(min=1), metavar="MINUTES", help="Give up after so long. Default: 60.")
@click.option("--tags", metavar="TAG,TAG", help="Words to find the stack by.")
@click.option("--enable-rollback", is_flag=True, help="Undo a failed create.")
@click.option("--wait", is_flag=True, help="Follow it until it has ended; exit code 0 only when it is complete.")
@click.option("--operation-id", type=click.UUID, metavar="UUID", help="Names the request: repeated, it counts once.")
@output_options()
@click.pass_obj
def create(
    connection: Connection,
    name: str,
    template: str,
    environments: Sequence[str],
    parameters: Sequence[str],
    parameter_files: Sequence[str],
    timeout: int | None,
    tags: str | None,
    enable_rollback: bool,
    wait: bool,
    operation_id: uuid.UUID | None,
    form: str,
    columns: Sequence[str],
) -> None:
    """Create a stack from a template."""
    from starter.cli.documents import read_environments, read_parameters, read_template
    from starter.cli.template_files import collect_files

    api = Api(connection)
    body: dict[str, Any] = {
        "stack_name": name,
        "template": read_template(template),
        "parameters": read_parameters(parameters, parameter_files),
        **read_environments(environments),
        "disable_rollback": not enable_rollback,
    }
    body |= collect_files(body, template, environments)
    if timeout is not None:
        body["timeout_mins"] = timeout
    if tags:
        body["tags"] = tags
    token = str(operation_id or uuid.uuid4())
    try:
        made, operation = api.create(body, token)
    except NoServer as lost:
        if lost.sent:
            click.echo(f"To ask again without making two: add --operation-id {token}", err=True)
        raise
    if wait:
        _follow(api, made, operation, "CREATE", 0, form, columns)
    else:
        show_record(_record(api.stack(made, resolve_outputs=False), with_outputs=False), form, columns)


@stack.command()
@click.argument("name", metavar="STACK")
@click.option("--no-resolve-outputs", is_flag=True, help="Leave the outputs out.")
@output_options()
@click.pass_obj
def show(connection: Connection, name: str, no_resolve_outputs: bool, form: str, columns: Sequence[str]) -> None:
    """Show a stack, by name or id; a deleted one by its id."""
    api = Api(connection)
    found = api.stack(api.find(name), resolve_outputs=not no_resolve_outputs)
    show_record(_record(found, with_outputs=not no_resolve_outputs), form, columns)


@stack.command("list")
@click.option("--deleted", is_flag=True, help="Deleted ones too.")
@click.option("--property", "properties", multiple=True, metavar="KEY=VALUE", help="Filter: name, status, action, id.")
@click.option("--tags", metavar="TAG,TAG", help="Only stacks with all of these.")
@click.option("--tags-any", metavar="TAG,TAG", help="Only stacks with one of these.")
@click.option("--not-tags", metavar="TAG,TAG", help="Only stacks without all of these.")
@click.option("--not-tags-any", metavar="TAG,TAG", help="Only stacks without any of these.")
@click.option("--sort", metavar="KEY[:asc|desc]", help="stack_name, stack_status, creation_time or updated_time.")
@click.option("--limit", type=click.IntRange(min=1), metavar="NUMBER", help="At most so many.")
@click.option("--marker", metavar="ID", help="Those after this stack.")
@click.option("--long", "long", is_flag=True, help="More columns.")
@output_options()
@click.pass_obj
def list_stacks(
    connection: Connection,
    deleted: bool,
    properties: Sequence[str],
    tags: str | None,
    tags_any: str | None,
    not_tags: str | None,
    not_tags_any: str | None,
    sort: str | None,
    limit: int | None,
    marker: str | None,
    long: bool,
    form: str,
    columns: Sequence[str],
) -> None:
    """List the project's stacks, the newest first."""
    query: dict[str, Any] = {**read_filters("--property", properties, STACK_KEYS), **read_sort(sort, STACK_SORT_KEYS)}
    words = {"tags": tags, "tags_any": tags_any, "not_tags": not_tags, "not_tags_any": not_tags_any}
    for key, value in {**words, "limit": limit, "marker": marker}.items():
        if value is not None:
            query[key] = value
    if deleted:
        query["show_deleted"] = "True"
    fields = {
        "ID": "id",
        "Stack Name": "stack_name",
        "Stack Status": "stack_status",
        "Creation Time": "creation_time",
        "Updated Time": "updated_time",
    }
    if deleted:
        fields["Deletion Time"] = "deletion_time"
    if long:
        fields |= {"Stack Owner": "stack_owner", "Tags": "tags", "Stack Status Reason": "stack_status_reason"}
    rows = [[one.get(field) for field in fields.values()] for one in Api(connection).stacks(query)]
    show_listing(list(fields), rows, form, columns)


@stack.command()
@click.argument("names", metavar="STACK...", nargs=-1, required=True)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--wait", is_flag=True, help="Follow it until it has ended; exit code 0 only when it is complete.")
@click.option("--operation-id", type=click.UUID, metavar="UUID", help="Names the request: repeated, it counts once.")
@click.pass_obj
def delete(connection: Connection, names: Sequence[str], yes: bool, wait: bool, operation_id: uuid.UUID | None) -> int:
    """Delete stacks and everything in them, by name or id."""
    from starter.cli.problems import print_problems

    if operation_id is not None and len(names) > 1:
        raise click.UsageError("--operation-id names one request: give one STACK")
    if not yes and sys.stdin.isatty():
        click.confirm(f"Delete {', '.join(names)} and everything in it?", abort=True, err=True)
    api, failed = Api(connection), 0
    for name in dict.fromkeys(names):
        try:
            address = api.find(name)
            start = newest_seq(api, address) if wait else 0
            operation = api.delete(address, str(operation_id or uuid.uuid4()))
        except FirebrickError as refused:
            print_problems(refused)
            failed += 1
            continue
        if wait:
            failed += not _followed(api, address, operation, "DELETE", start)
        else:
            click.echo(
                f"Deleting {address.name} ({address.id}); to follow: firebrick stack wait {address.id}", err=True
            )
    return 1 if failed else 0


@stack.command()
@click.argument("name", metavar="STACK")
@output_options()
@click.pass_obj
def wait(connection: Connection, name: str, form: str, columns: Sequence[str]) -> None:
    """Follow what a stack is doing until that has ended; exit code 0 only when it is complete."""
    api = Api(connection)
    address = api.find(name)
    newest = newest_seq(api, address)
    operation = api.stack(address, resolve_outputs=False, with_operation=True)["operation"]
    action = operation["action"]
    start = newest if operation["state"] == "PENDING" else start_of(api, address, action)
    _follow(api, address, operation["id"], action, start, form, columns)


def _follow(
    api: Api, address: StackAddress, operation: str, action: str, start: int, form: str, columns: Sequence[str]
) -> None:
    """Follow, then the stack on standard output. Exit code 1 unless it ended COMPLETE."""
    complete = _followed(api, address, operation, action, start)
    show_record(_record(api.stack(address), with_outputs=True), form, columns)
    if not complete:
        raise click.exceptions.Exit(1)


def _followed(api: Api, address: StackAddress, operation_id: str, action: str, start: int) -> bool:
    """Whether it ended COMPLETE; events after `start` are shown. Ctrl-C detaches: the operation goes on."""
    from starter.cli.displays import make_display
    from starter.cli.follow import follow
    from starter.cli.outcome import print_outcome, succeeded

    try:
        with make_display(address, api.resources(address)) as display:
            operation = follow(api, address, operation_id, display, after_seq=start)
    except KeyboardInterrupt:
        again = address.id if action == "DELETE" else address.name
        click.echo(
            f"\ndetached; the {action.lower()} of {address.name} goes on; re-attach with: firebrick stack wait {again}",
            err=True,
        )
        raise click.exceptions.Exit(INTERRUPTED) from None
    print_outcome(address, operation)
    return succeeded(operation)


def _record(body: Mapping[str, Any], *, with_outputs: bool) -> dict[str, Any]:
    """The fields of a stack, the ones people look for first."""
    record = {name: body[name] for name in RECORD if name in body}
    if with_outputs and "outputs" in body:
        record["outputs"] = body["outputs"]
    return record | {name: body[name] for name in body if name not in record and name not in ("outputs", "operation")}
