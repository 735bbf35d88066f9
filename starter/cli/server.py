"""`firebrick server` and `firebrick worker`: the processes. What they need is imported when they run."""

import os
from importlib import import_module
from pathlib import Path
from urllib.parse import urlsplit

import click

from firebrick import size_limits, stack_limits
from starter.state_folder import StateFolder


def _host_names(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    """Of options, or of a variable's list with commas or blanks. A port says nothing: a name leads to all of them."""
    words = [word for one in given for word in one.replace(",", " ").split()]
    names = [urlsplit(f"//{word}").hostname or "" for word in words if "/" not in word]
    if len(names) < len(words) or not all(names):
        raise click.BadParameter(f"names of hosts like firebrick.example.com, not {' '.join(words)!r}")
    return tuple(names)


@click.group(invoke_without_command=True)
@click.option("--state-dir", metavar="FOLDER", help="Where everything is kept. Default: $FIREBRICK_STATE, or XDG's.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address the API answers on.")
@click.option(
    "--allowed-host",
    "allowed_hosts",
    multiple=True,
    metavar="NAME",
    envvar="FIREBRICK_ALLOWED_HOSTS",
    callback=_host_names,
    help="A name that requests may have in Host beside loopback's, as a proxy's; may be repeated.",
)
@click.option("--port", type=click.IntRange(0, 65535), default=8004, show_default=True, help="The API's port; 0: any.")
@click.option(
    "--temporal-port", type=click.IntRange(0, 65535), default=7233, show_default=True, help="Temporal's port; 0: any."
)
@click.option(
    "--ui-port", type=click.IntRange(0, 65535), default=8233, show_default=True, help="The Temporal UI's; 0: any."
)
@click.option(
    "--database", metavar="URL", envvar="FIREBRICK_DATABASE", help="The store. Default: SQLite, in the folder."
)
@click.option(
    "--address",
    metavar="HOST:PORT",
    envvar=["FIREBRICK_ADDRESS", "TEMPORAL_ADDRESS"],
    help="Use this Temporal cluster instead of one of our own.",
)
@click.option(
    "--namespace",
    metavar="NAME",
    envvar=["FIREBRICK_NAMESPACE", "TEMPORAL_NAMESPACE"],
    help="The Temporal namespace. Default: default.",
)
@click.option(
    "--profile",
    metavar="NAME",
    envvar=["FIREBRICK_PROFILE", "TEMPORAL_PROFILE"],
    help="Use the cluster of this profile of Temporal's configuration file.",
)
@click.option(
    "--payload-keyring",
    metavar="FILE",
    envvar="FIREBRICK_PAYLOAD_KEYRING",
    help="Encrypt what Temporal stores with the keys of this file; it is made if it is missing.",
)
@click.option(
    "--codec-origin",
    "codec_origins",
    multiple=True,
    metavar="URL",
    envvar="FIREBRICK_CODEC_ORIGINS",
    help="A Temporal UI that may have payloads decrypted here, beside our own; may be repeated.",
)
@click.option(
    "--metrics-address",
    metavar="HOST:PORT",
    envvar="FIREBRICK_METRICS_ADDRESS",
    help="Show /metrics, /live and /ready here, and the worker's on the next port. Off by default; :9464 is loopback.",
)
@click.option(
    "--max-body-size",
    type=click.IntRange(min=1),
    metavar="BYTES",
    default=size_limits.BODY_DEFAULT,
    show_default=True,
    envvar=size_limits.BODY_SETTING,
    help="Of a request: a template with all that is sent along. Users of the command set the variable, too.",
)
@click.option(
    "--max-template-size",
    type=click.IntRange(min=1),
    metavar="CHARACTERS",
    default=size_limits.TEMPLATE_DEFAULT,
    show_default=True,
    envvar=size_limits.TEMPLATE_SETTING,
    help="Of one template, nested ones each for itself. Workers and users of the command set the variable, too.",
)
@click.option(
    "--max-resources-per-stack",
    type=click.IntRange(min=stack_limits.UNLIMITED),
    metavar="NUMBER",
    default=stack_limits.RESOURCES_DEFAULT,
    show_default=True,
    envvar=stack_limits.RESOURCES_SETTING,
    help="Of a stack with all that is nested in it; -1: any number. Workers elsewhere set the variable, too.",
)
@click.option(
    "--max-stacks-per-project",
    type=click.IntRange(min=stack_limits.UNLIMITED),
    metavar="NUMBER",
    default=stack_limits.STACKS_DEFAULT,
    show_default=True,
    envvar=stack_limits.STACKS_SETTING,
    help="Without nested ones; -1: any number. Workers elsewhere set the variable, too.",
)
@click.option(
    "--hidden-stack-tags",
    metavar="TAGS",
    help="Stacks with one of these tags are left out of lists; with commas. "
    f"Default: ${stack_limits.HIDDEN_SETTING}, or {stack_limits.HIDDEN_DEFAULT} as in Heat.",
)
@click.option("--ready-file", type=click.Path(path_type=Path), metavar="FILE", help="Write where it answers here, too.")
@click.pass_context
def server(
    ctx: click.Context,
    state_dir: str | None,
    host: str,
    allowed_hosts: tuple[str, ...],
    port: int,
    temporal_port: int,
    ui_port: int,
    database: str | None,
    address: str | None,
    namespace: str | None,
    profile: str | None,
    payload_keyring: str | None,
    codec_origins: tuple[str, ...],
    metrics_address: str | None,
    max_body_size: int,
    max_template_size: int,
    max_resources_per_stack: int,
    max_stacks_per_project: int,
    hidden_stack_tags: str | None,
    ready_file: Path | None,
) -> None:
    """Run Firebrick here, in the foreground: Temporal's dev server, a worker and the HTTP API.

    With an address or a profile, also from $TEMPORAL_ADDRESS or $TEMPORAL_PROFILE, it uses that cluster instead of a
    dev server. State is kept in one folder; starting again goes on where it stopped. Stop with ctrl-C.
    """
    if ctx.invoked_subcommand is not None:
        return
    # They are read where documents are read, in this process and in its worker.
    os.environ[size_limits.BODY_SETTING] = str(max_body_size)
    os.environ[size_limits.TEMPLATE_SETTING] = str(max_template_size)
    # They are read where requests are answered and accepted, in this process and in its worker.
    os.environ[stack_limits.RESOURCES_SETTING] = str(max_resources_per_stack)
    os.environ[stack_limits.STACKS_SETTING] = str(max_stacks_per_project)
    if hidden_stack_tags is not None:
        os.environ[stack_limits.HIDDEN_SETTING] = hidden_stack_tags
    module = import_module("starter.server")
    module.run_server(
        module.ServerSettings(
            folder=StateFolder.at(state_dir),
            host=host,
            allowed_hosts=allowed_hosts,
            port=port,
            temporal_port=temporal_port,
            ui_port=ui_port,
            database=database or "",
            address=address or "",
            namespace=namespace or "",
            profile=profile or "",
            payload_keyring=str(Path(payload_keyring).absolute()) if payload_keyring else "",
            codec_origins=codec_origins,
            codec_token=os.environ.get("FIREBRICK_CODEC_TOKEN", ""),
            ready_file=ready_file,
            metrics=module.MonitorAddress.parse(metrics_address) if metrics_address else None,
        )
    )


@server.command()
@click.option(
    "--address",
    metavar="HOST:PORT",
    envvar="FIREBRICK_ADDRESS",
    help="The cluster. Default: Temporal's own configuration.",
)
@click.option("--namespace", metavar="NAME", envvar="FIREBRICK_NAMESPACE", help="The namespace to prepare.")
@click.option(
    "--profile", metavar="NAME", envvar="FIREBRICK_PROFILE", help="A profile of Temporal's configuration file."
)
def setup(address: str | None, namespace: str | None, profile: str | None) -> None:
    """Prepare a namespace of an existing cluster: register the search attributes."""
    target = import_module("starter.cluster").Target(address or "", namespace or "", profile or "")
    name, added = import_module("starter.server").setup_namespace(target)
    click.echo(f"namespace {name}: {'added ' + ', '.join(added) if added else 'nothing to add'}", err=True)


@click.command(
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
    add_help_option=False,
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def worker(arguments: tuple[str, ...]) -> int:
    """Run one worker; `firebrick worker --help` shows its options."""
    return int(import_module("worker").main(arguments))
