"""The environment of a request, as it came or several files merged by Heat's rule; and of a stack, as it is shown.

`environment_files` names entries of `files`; when it is there, `environment` is ignored. Later files win: by name in
`parameters`, `parameter_defaults`, `resource_registry` and other mappings (not deep), as a whole elsewhere.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from firebrick.diagnostics import Diagnostic
from firebrick.store.rows import StackRow
from firebrick.template import merge_environments, parse_environment
from starter.rest.errors import bad_request

HIDDEN = "******"  # what is shown of a hidden parameter


def shown_environment(stack: StackRow) -> dict[str, Any]:
    """Heat's form: every section there is, the request's own parameters among the environment's; hidden ones masked."""
    environment = parse_environment(stack.environment)
    hidden = {name for name, shown in stack.shown_parameters.items() if shown == HIDDEN}

    def masked(values: Mapping[str, Any]) -> dict[str, Any]:
        return {name: HIDDEN if name in hidden else value for name, value in values.items()}

    sections = environment.document.tree
    return {
        "parameters": masked({**environment.parameters, **stack.parameters}),
        "parameter_defaults": masked(environment.parameter_defaults),
        "resource_registry": {"resources": {}, **(sections.get("resource_registry") or {})},
        "event_sinks": list(environment.event_sinks),
        "encrypted_param_names": list(sections.get("encrypted_param_names") or ()),
    }


def requested_environment(
    body: Mapping[str, Any], warned: Callable[[Sequence[Diagnostic]], object]
) -> str | dict[str, Any]:
    """What to create with: text where it came as one, so that problems can be placed in it. warned: told the warnings
    of environment files, which are merged here."""
    named = body.get("environment_files")
    if not named:
        environment = body.get("environment")
        if environment is None:
            return {}
        if not isinstance(environment, str | dict):
            raise bad_request("The environment must be text or an object.", "bad-value", path="environment")
        return environment
    files = body.get("files")
    if not isinstance(named, list) or not isinstance(files, dict):
        raise bad_request("environment_files is a list of names in files.", "bad-value", path="environment_files")
    for name in named:
        if not isinstance(files.get(str(name)), str):
            raise bad_request(f"{name} is not in files, or not text.", "bad-value", path="environment_files")
    texts = {name: text for name, text in files.items() if isinstance(name, str) and isinstance(text, str)}
    template = body.get("template")
    parameters = body.get("parameters")
    return merge_environments(
        [str(name) for name in named],
        texts,
        template=template if isinstance(template, str | dict) else "",
        parameters=parameters if isinstance(parameters, dict) else None,
        warned=warned,
    )
