"""The outputs section."""

from collections.abc import Mapping
from typing import Any

from firebrick.template.conditions import Conditions
from firebrick.template.definition import OutputDefinition
from firebrick.template.evaluation import Evaluation
from firebrick.template.problems import Path, kind_of, shorten
from firebrick.template.versions import CONDITIONS_SINCE

NO_DESCRIPTION = "No description given"


def read_outputs(
    section: Mapping[str, Any], evaluation: Evaluation, conditions: Conditions
) -> dict[str, OutputDefinition]:
    """All outputs; one whose condition does not hold has the value None and is not looked into."""
    made = {}
    for key, body in section.items():
        one = _output(key, body, evaluation, conditions)
        if one is not None:
            made[key] = one
    return made


def _output(key: str, body: Any, evaluation: Evaluation, conditions: Conditions) -> OutputDefinition | None:
    path: Path = ("outputs", key)
    shown = shorten(key)
    problems = evaluation.problems
    if not isinstance(body, dict):
        problems.add(
            "bad-output",
            f"the output {shown} must be a map with a value, and is {kind_of(body)}",
            path,
            detail="Write it as value: ... below the name.",
            heat=f"Output validation error: outputs.{shown}: Outputs must contain Output. "
            f"Found a [{type(body).__name__}] instead",
        )
        return None
    late = evaluation.version >= CONDITIONS_SINCE
    known = ("value", "description", "condition") if late else ("value", "description")
    for name in body:
        if name not in known:
            problems.add(
                "unknown-key",
                f"an output has no key {shorten(name)}",
                (*path, name),
                detail=problems.suggest(name, known, f"There are: {', '.join(known)}."),
                heat=f'"{shorten(name)}" is not a valid keyword inside a output definition',
            )
    if "value" not in body:
        problems.add(
            "missing-value",
            f"the output {shown} has no value",
            path,
            detail="Add a line value: ...",
            heat=f"Output validation error: outputs.{shown}: Each output definition must contain a value key.",
        )
        return None
    description = body.get("description")
    if description is not None and not isinstance(description, str | int | float):
        problems.add("bad-output", f"a description must be text, and is {kind_of(description)}", (*path, "description"))
    if late and body.get("condition") is not None:
        evaluation.begin(*path, "condition")
        if conditions.use(body["condition"], evaluation) is False:
            return OutputDefinition(key, _description(description), None)
    evaluation.begin(*path, "value")
    return OutputDefinition(key, _description(description), evaluation.value(body["value"]))


def _description(raw: Any) -> str:
    return NO_DESCRIPTION if raw is None else str(raw)
