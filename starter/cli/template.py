"""`firebrick template ...`: what templates say, without a server (docs/template-language.md).

The language is imported when a command runs, so that `firebrick --help` stays as quick as it is.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import click

from firebrick.diagnostics import Diagnostic, FirebrickError
from starter.cli.documents import read_environments, read_parameters, read_template
from starter.cli.problems import print_warnings
from starter.cli.render import output_options, show_listing
from starter.cli.template_files import collect_files

REFUSED = 1
PLACE = ("code", "summary", "detail", "path", "line", "column")
F = TypeVar("F", bound=Callable[..., Any])


@click.group()
def template() -> None:
    """Look into templates, here: nothing is created and no server is asked."""


def _inputs(function: F) -> F:
    """The options by which a template gets its values, as in `stack create`."""
    for option in (
        click.option(
            "--stack-name", default="stack", show_default=True, metavar="NAME", help="What OS::stack_name is."
        ),
        click.option("--parameter-file", "parameter_files", multiple=True, metavar="NAME=FILE", help="The file is it."),
        click.option("--parameter", "parameters", multiple=True, metavar="NAME=VALUE", help="May be repeated."),
        click.option("-e", "--environment", "environments", multiple=True, metavar="FILE", help="May be repeated."),
    ):
        function = option(function)
    return function


_FILES = click.argument("files", nargs=-1, required=True, metavar="FILE...")


@template.command()
@_FILES
@_inputs
@click.option("-f", "--format", "form", type=click.Choice(["jsonl"]), default="jsonl", show_default=True, help="How.")
def explain(files: Sequence[str], form: str, **given: Any) -> None:
    """Say what is in templates: a line of JSON for each.

    Parameters need no values, types need not exist, files are not looked at. Exit code 0 also when templates are wrong:
    their lines say so.
    """
    from firebrick.template.explain import explain as explained

    inputs = _Inputs(given)
    for file in files:
        try:
            document, environment, _ = inputs.of(file, with_files=False)
            line = explained(
                document,
                environment,
                parameters=inputs.parameters_beside(environment),
                identity=inputs.identity(),
                warned=print_warnings,
            )
            print_warnings(inputs.merge_warnings)
        except FirebrickError as error:
            _line({"file": file, "ok": False, "diagnostics": [_place(one) for one in error.diagnostics]})
        else:
            _line({"file": file, "ok": True, **line})


@template.command()
@_FILES
@_inputs
@click.option("-f", "--format", "form", type=click.Choice(["jsonl"]), default="jsonl", show_default=True, help="How.")
def evaluate(files: Sequence[str], form: str, **given: Any) -> None:
    """Compute the outputs of templates and create nothing: a line of JSON for each.

    A reference to a resource is its name, an attribute null. Exit code 0 also when outputs cannot be computed.
    """
    from firebrick.template.explain import evaluate as evaluated

    inputs = _Inputs(given)
    for file in files:
        names: list[str] = []
        try:
            document, environment, contents = inputs.of(file, with_files=True)
            names = _output_names(document.tree)
            values, errors = evaluated(
                document,
                environment,
                parameters=inputs.parameters_beside(environment),
                identity=inputs.identity(),
                files=contents,
                warned=print_warnings,
            )
            print_warnings(inputs.merge_warnings)
        except FirebrickError as error:
            _line(
                {
                    "file": file,
                    "outputs": {},
                    "errors": {name: _place(_about(name, error.diagnostics)) for name in names},
                    "diagnostics": [_place(one) for one in error.diagnostics],
                }
            )
        else:
            _line({"file": file, "outputs": values, "errors": {name: _place(one) for name, one in errors.items()}})


@template.command()
@_FILES
@_inputs
@click.option(
    "-f",
    "--format",
    "form",
    type=click.Choice(["table", "json", "sarif"]),
    default="table",
    show_default=True,
    help="How.",
)
@click.option("--strict", is_flag=True, help="Exit code 1 for warnings, too.")
def validate(files: Sequence[str], form: str, strict: bool, **given: Any) -> None:
    """Say everything that is wrong with templates. Exit code 1 when there is an error.

    Parameters need no values. Resource types are the ones installed here, and what the environment maps to them.
    """
    from starter.cli.validation import findings_of, show_findings

    inputs = _Inputs(given)
    found: list[Diagnostic] = []
    for file in files:
        try:
            document, environment, contents = inputs.of(file, with_files=True)
            found += findings_of(
                document, environment, inputs.parameters_beside(environment), inputs.identity(), contents, file
            )
            found += inputs.merge_warnings
        except FirebrickError as error:
            found += [one.located(file) for one in error.diagnostics]
    show_findings(found, form)
    if any(strict or one.severity == "error" for one in found):
        click.get_current_context().exit(REFUSED)


@template.group()
def function() -> None:
    """Functions of the language."""


@function.command("list")
@click.argument("version")
@click.option("--with_conditions", "--with-conditions", "conditions", is_flag=True, help="Functions of conditions too.")
@output_options()
def function_list(version: str, conditions: bool, form: str, columns: Sequence[str]) -> None:
    """List the functions of a version, such as heat_template_version.2018-08-31, or 2018-08-31."""
    from firebrick.template.listing import functions

    show_listing(("Functions", "Description"), functions(version, conditions=conditions), form, columns)


@template.group()
def version() -> None:
    """Versions of the language."""


@version.command("list")
@output_options()
def version_list(form: str, columns: Sequence[str]) -> None:
    """List the versions that a template may have."""
    from firebrick.template.listing import versions

    rows = [(name, kind, ", ".join(aliases)) for name, kind, aliases in versions()]
    show_listing(("Version", "Type", "Aliases"), rows, form, columns)


class _Inputs:
    """What the options say, for one template after the other."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._environments: Sequence[str] = given["environments"]
        self._name: str = given["stack_name"]
        self.merge_warnings: Sequence[Diagnostic] = ()  # about the last template's environments, where they are several
        self._parameters = read_parameters(given["parameters"], given["parameter_files"])

    def identity(self) -> Any:
        from firebrick.template import StackIdentity

        return StackIdentity(name=self._name, id="00000000-0000-0000-0000-000000000000", project="default")

    def parameters_beside(self, environment: Any) -> Mapping[str, str]:
        """What is given beside an environment; nothing when it has the parameters in it already."""
        return {} if len(self._environments) > 1 else self._parameters

    def of(self, file: str, *, with_files: bool) -> tuple[Any, Any, Mapping[str, str]]:
        """The template, its environment and the files they name; FirebrickError for what cannot be read."""
        from firebrick.template import merge_environments, parse_environment, parse_template

        body: dict[str, Any] = {"template": read_template(file), **read_environments(self._environments)}
        if with_files:
            body |= collect_files(body, file, self._environments)
        contents: Mapping[str, str] = body.get("files", {})
        warnings: list[Diagnostic] = []
        self.merge_warnings = warnings
        document = parse_template(body["template"], file=file)
        if "environment_files" not in body:
            name = self._environments[0] if self._environments else "environment"
            return document, parse_environment(body.get("environment", ""), file=name), contents
        merged = merge_environments(
            body["environment_files"],
            contents,
            template=body["template"],
            parameters=self._parameters,
            warned=warnings.extend,
        )
        return document, parse_environment(merged), contents


def _place(one: Diagnostic) -> dict[str, Any]:
    return {key: getattr(one, key) for key in PLACE}


def _line(fields: Mapping[str, Any]) -> None:
    click.echo(json.dumps(fields, ensure_ascii=False, default=str))


def _output_names(tree: Mapping[str, Any]) -> list[str]:
    for section in ("outputs", "Outputs"):
        if isinstance(tree.get(section), dict):
            return list(tree[section])
    return []


def _about(name: str, diagnostics: Sequence[Diagnostic]) -> Diagnostic:
    """Why an output of a refused template has no value: what is wrong with itself, else the first of all."""
    return next(_of_output(name, diagnostics), diagnostics[0])


def _of_output(name: str, diagnostics: Sequence[Diagnostic]) -> Iterator[Diagnostic]:
    places = (f"outputs.{name}", f"Outputs.{name}")
    for one in diagnostics:
        if one.path in places or one.path.startswith(tuple(f"{place}{end}" for place in places for end in ".[")):
            yield one
