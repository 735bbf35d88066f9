"""`firebrick stack ...`: create, show, list, delete and wait for stacks; the other commands have files of their own."""

import sys
import uuid
from collections.abc import Sequence
from typing import Any

import click

from firebrick.diagnostics import FirebrickError
from starter.cli.connection import Connection
from starter.cli.failures import failures
from starter.cli.filters import STACK_KEYS, STACK_SORT_KEYS, read_filters, read_sort
from starter.cli.follow import newest_seq, start_of
from starter.cli.plans import apply, plan, show_plan
from starter.cli.problems import print_warnings
from starter.cli.render import output_options, show_listing, show_record
from starter.cli.resource_actions import hook, mark, signal
from starter.cli.stack_changes import cancel, continue_, rollback, update, words
from starter.cli.stack_contents import event, output, resource
from starter.cli.stack_documents import environment as environment_group
from starter.cli.stack_documents import file as file_group
from starter.cli.stack_documents import template as template_group
from starter.cli.stack_inputs import OPERATION_ID, input_options, read_inputs
from starter.cli.watching import show_stack, stack_record, watch, watched
from starter.http_api import Api, NoServer


@click.group()
def stack() -> None:
    """Create, change, look at and delete stacks."""


stack.add_command(plan)
stack.add_command(apply)
for _group in (resource, event, output, failures, template_group, environment_group, file_group):
    stack.add_command(_group)
for _command in (update, cancel, continue_, rollback):
    stack.add_command(_command)
stack.add_command(hook)
resource.add_command(signal)
resource.add_command(mark)


@stack.command()
@click.argument("name", metavar="NAME")
@click.option("-t", "--template", required=True, metavar="FILE", help="The template; - is standard input.")
@input_options
@click.option("--enable-rollback", is_flag=True, help="Undo a failed create, and later a failed update.")
@click.option(
    "--on-failure", type=click.Choice(["keep", "rollback", "delete"]), help="What becomes of it when its create fails."
)
@click.option("--continue-independent", is_flag=True, help="After a failure, what does not depend on it goes on.")
@click.option("--dry-run", is_flag=True, help="Show what it would do, as `stack plan` does, and do nothing.")
@click.option("--wait", is_flag=True, help="Follow it until it has ended; exit code 0 only when it is complete.")
@OPERATION_ID
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
    on_failure: str | None,
    continue_independent: bool,
    dry_run: bool,
    wait: bool,
    operation_id: uuid.UUID | None,
    form: str,
    columns: Sequence[str],
) -> int:
    """Create a stack from a template."""
    body: dict[str, Any] = {
        "stack_name": name,
        **read_inputs(template, environments, parameters, parameter_files, timeout, tags),
        "disable_rollback": not enable_rollback,
    }
    if on_failure is not None:
        body["on_failure"] = on_failure
    if continue_independent:
        body["continue_independent"] = True
    api = Api(connection)
    if dry_run:
        return show_plan(api.plan_of_create(body), "json" if form == "json" else "text")
    token = str(operation_id or uuid.uuid4())
    try:
        made = api.create(body, token)
    except NoServer as lost:
        if lost.sent:
            click.echo(f"To ask again without making two: add --operation-id {token}", err=True)
        raise
    print_warnings(made.warnings)
    if wait:
        watch(api, made.stack, made.operation, "CREATE", 0, form, columns)
    else:
        show_stack(api, made.stack, form, columns)
    return 0


@stack.command()
@click.argument("name", metavar="STACK")
@click.option("--no-resolve-outputs", is_flag=True, help="Leave the outputs out.")
@output_options()
@click.pass_obj
def show(connection: Connection, name: str, no_resolve_outputs: bool, form: str, columns: Sequence[str]) -> None:
    """Show a stack, by name or id; a deleted one by its id."""
    api = Api(connection)
    found = api.stack(api.find(name), resolve_outputs=not no_resolve_outputs)
    show_record(stack_record(found, with_outputs=not no_resolve_outputs), form, columns)


@stack.command("list")
@click.option("--deleted", is_flag=True, help="Deleted ones too.")
@click.option("--nested", is_flag=True, help="Nested ones too.")
@click.option("--hidden", is_flag=True, help="Those too that the server hides for their tags.")
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
    nested: bool,
    hidden: bool,
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
    for key, asked in {"show_deleted": deleted, "show_nested": nested, "show_hidden": hidden}.items():
        if asked:
            query[key] = "True"
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
@click.option("-y", "--yes", is_flag=True, help="Do not ask; where there is no terminal nobody is asked.")
@click.option("--retain", metavar="NAME,NAME", help="Resources whose objects stay.")
@click.option("--dry-run", is_flag=True, help="Show what would go, and do nothing.")
@click.option("--wait", is_flag=True, help="Follow it until it has ended; exit code 0 only when it is complete.")
@OPERATION_ID
@click.pass_obj
def delete(
    connection: Connection,
    names: Sequence[str],
    yes: bool,
    retain: str | None,
    dry_run: bool,
    wait: bool,
    operation_id: uuid.UUID | None,
) -> int:
    """Delete stacks and everything in them, by name or id."""
    from starter.cli.problems import print_problems

    if len(names) > 1 and (operation_id is not None or retain is not None):
        option = "--operation-id names one request" if retain is None else "--retain names resources of one stack"
        raise click.UsageError(f"{option}: give one STACK")
    if dry_run:
        found = Api(connection)
        return max(show_plan(found.plan_of_delete(found.find(name), words(retain)), "text") for name in names)
    if not yes and sys.stdin.isatty():
        click.confirm(f"Delete {', '.join(names)} and everything in it?", abort=True, err=True)
    api, failed = Api(connection), 0
    for name in dict.fromkeys(names):
        try:
            address = api.find(name)
            start = newest_seq(api, address) if wait else 0
            operation = api.delete(address, str(operation_id or uuid.uuid4()), retain=words(retain))
        except FirebrickError as refused:
            print_problems(refused)
            failed += 1
            continue
        if wait:
            failed += not watched(api, address, operation, "DELETE", start)
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
    """Follow what a stack is doing until that has ended; exit code 0 only when it is complete. Of an operation and the
    rollback of it, the operation counts."""
    api = Api(connection)
    address = api.find(name)
    operation = api.stack(address, resolve_outputs=False, with_operation=True)["operation"]
    while operation["follows"]:  # what somebody asked for is that
        operation = api.operation(operation["follows"])
    action = operation["action"]
    watch(api, address, operation["id"], action, start_of(api, address, action), form, columns)
