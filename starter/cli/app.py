"""The root command, and what becomes of every exception: one place decides the exit code and what is printed."""

import errno
import os
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from firebrick.diagnostics import FirebrickError
from starter.cli.connection import Connection

USAGE = 2
REFUSED = 1
UNEXPECTED = 70  # EX_SOFTWARE of sysexits.h
INTERRUPTED = 130
UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EIO}  # what a full or broken disk answers to whoever writes
SERVER_ERROR = "internal-error"  # the server's own unexpected exception, with a report id

COMMANDS = {  # name -> (module, attribute, short help); modules are imported when their command is used
    "stack": ("starter.cli.stack", "stack", "Create, look at and delete stacks."),
    "db": ("starter.cli.db", "db", "Upgrade, check and purge the database."),
    "operation": ("starter.cli.operation", "operation", "What was asked of a stack, and what became of it."),
    "provider": ("starter.cli.provider", "provider", "Begin a package of resource types."),
    "resource": ("starter.cli.resource_type", "resource", "Resource types of the server."),
    "server": ("starter.cli.server", "server", "Run Firebrick here: Temporal, a worker, the HTTP API."),
    "template": ("starter.cli.template", "template", "Explain, evaluate and validate templates, without a server."),
    "worker": ("starter.cli.server", "worker", "Run one worker."),
}


class LazyGroup(click.Group):
    """A group that knows its commands' names and texts without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][2]) for name in self.list_commands(ctx)])


def _version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from firebrick.distribution import installed_version

        click.echo(f"firebrick {installed_version()}")
        ctx.exit()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--url", metavar="URL", help="Where the API is. Default: $FIREBRICK_URL, or the server of this machine.")
@click.option("--project", metavar="NAME", help="Whose stacks. Default: $FIREBRICK_PROJECT, or 'default'.")
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version.")
@click.pass_context
def firebrick(ctx: click.Context, url: str | None, project: str | None) -> None:
    """Keeps stacks of infrastructure at their declared state, durably."""
    ctx.obj = Connection.find(url, project)


def run(arguments: Sequence[str]) -> int:
    """Run one command line; its exit code."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # the shell has closed it: `firebrick stack list >&-`
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115
    try:
        result = firebrick.main(list(arguments), prog_name="firebrick", standalone_mode=False)
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except SystemExit as stop:  # the worker has a parser of its own
        return stop.code if isinstance(stop.code, int) else REFUSED
    except click.ClickException as wrong:
        wrong.show()
        return wrong.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except FirebrickError as refused:
        from starter.cli.problems import print_problems

        print_problems(refused)
        return UNEXPECTED if refused.first.code == SERVER_ERROR else REFUSED
    except BrokenPipeError:  # the reader of our output has gone: `firebrick stack list | head -1`
        _write_no_more()
        return REFUSED
    except Exception as error:
        if isinstance(error, OSError) and error.errno in UNWRITABLE and _is_of_output(error):
            _write_no_more()
            click.echo(f"error: the output cannot be written: {error.strerror}", err=True)
            return REFUSED
        from starter.cli.report import write_report

        write_report(error, arguments)
        return UNEXPECTED


def _is_of_output(error: OSError) -> bool:
    """Whether it was raised where output is written: by who prints, or by the last flush; else it was a file."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return False
    printer = str(trace.tb_frame.f_globals.get("__name__", "")).partition(".")[0]
    return printer in ("click", "rich") or trace.tb_frame.f_code is run.__code__


def _write_no_more() -> None:
    """What is left in the buffer would be tried once more when the interpreter ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
