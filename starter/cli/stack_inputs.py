"""What a stack is made from, as `stack create` and `stack update` are told it: their options, and a request's body."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

OPERATION_ID = click.option(
    "--operation-id",
    type=click.UUID,
    metavar="UUID",
    help="Idempotency key: the same request again has no further effect, another one is refused.",
)


def input_options(function: F) -> F:
    """-e, --parameter, --parameter-file, --timeout and --tags; the parameters that `read_inputs` takes."""
    for option in reversed(
        (
            click.option(
                "-e",
                "--environment",
                "environments",
                multiple=True,
                metavar="FILE",
                help="May be repeated; later wins.",
            ),
            click.option("--parameter", "parameters", multiple=True, metavar="NAME=VALUE", help="May be repeated."),
            click.option(
                "--parameter-file", "parameter_files", multiple=True, metavar="NAME=FILE", help="The file is the value."
            ),
            click.option(
                "--timeout", type=click.IntRange(min=1), metavar="MINUTES", help="Give up after so long. Default: 60."
            ),
            click.option("--tags", metavar="TAG,TAG", help="Words to find the stack by."),
        )
    ):
        function = option(function)
    return function


def read_inputs(
    template: str | None,
    environments: Sequence[str],
    parameters: Sequence[str],
    parameter_files: Sequence[str],
    timeout: int | None,
    tags: str | None,
) -> dict[str, Any]:
    """The part of a request's body that carries them; what was not given is not in it. InvalidInput names the file."""
    from starter.cli.documents import read_environments, read_parameters, read_template
    from starter.cli.template_files import collect_files

    body: dict[str, Any] = {
        "parameters": read_parameters(parameters, parameter_files),
        **read_environments(environments),
    }
    if template is not None:
        body["template"] = read_template(template)
    body |= collect_files(body, template, environments)
    if timeout is not None:
        body["timeout_mins"] = timeout
    if tags is not None:
        body["tags"] = tags
    return body
