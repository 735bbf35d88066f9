"""The outputs section."""

from collections.abc import Mapping
from typing import Any

from firebrick.diagnostics import Diagnostic
from firebrick.template.conditions import Conditions
from firebrick.template.definition import OutputDefinition
from firebrick.template.evaluation import Evaluation
from firebrick.template.functions.base import UNKNOWN
from firebrick.template.problems import Path, kind_of, shorten

NO_DESCRIPTION = "No description given"


def read_outputs(
    section: Mapping[str, Any], evaluation: Evaluation, conditions: Conditions
) -> tuple[dict[str, OutputDefinition], dict[str, tuple[Diagnostic, ...]]]:
    """All outputs; one whose condition does not hold has the value None and is not looked into.

    Also, by name, why values cannot be computed. That is nothing against the stack, as in Heat: whoever asks for such
    an output is told then.
    """
    made = {}
    late: dict[str, tuple[Diagnostic, ...]] = {}
    for key, body in section.items():
        one = _output(key, body, evaluation, conditions, late)
        if one is not None:
            made[key] = one
    return made, late


def _output(
    key: str,
    body: Any,
    evaluation: Evaluation,
    conditions: Conditions,
    late_problems: dict[str, tuple[Diagnostic, ...]],
) -> OutputDefinition | None:
    words = evaluation.dialect.output
    section = evaluation.dialect.sections["outputs"]
    path: Path = (section, key)
    shown = shorten(key)
    problems = evaluation.problems
    if not isinstance(body, dict):
        problems.add(
            "bad-output",
            f"the output {shown} must be a map with a value, and is {kind_of(body)}",
            path,
            detail="Write it as value: ... below the name.",
            heat=f"Output validation error: {section}.{shown}: Outputs must contain Output. "
            f"Found a [{type(body).__name__}] instead",
        )
        return None
    known = tuple(words.values())
    for name in body:
        if name not in known:
            evaluation.warnings.add(  # Heat takes no notice of it
                "unknown-key",
                f"an output has no key {shorten(name)}",
                (*path, name),
                detail=problems.suggest(name, known, f"There are: {', '.join(known)}."),
                heat=f'"{shorten(name)}" is not a valid keyword inside a output definition',
            )
    if words["value"] not in body:
        problems.add(
            "missing-value",
            f"the output {shown} has no value",
            path,
            detail=f"Add a line {words['value']}: ...",
            heat=f"Output validation error: {section}.{shown}: "
            f"Each output definition must contain a {words['value']} key.",
        )
        return None
    description = body.get(words["description"])
    condition, held = words.get("condition", ""), True
    if condition and body.get(condition) is not None:
        evaluation.begin(*path, condition)
        decided = conditions.use(body[condition], evaluation)
        held = decided is not None
        if decided is False:
            return OutputDefinition(key, _description(description), None)
    evaluation.begin(*path, words["value"])
    evaluation.lenient = True
    evaluation.late_problems = late = problems.warnings()
    value = evaluation.value(body[words["value"]])
    evaluation.lenient = False
    found = late.diagnostics()
    if found:
        late_problems[key] = tuple(found)
    return OutputDefinition(key, _description(description), value if held else UNKNOWN)


def _description(raw: Any) -> str:
    return NO_DESCRIPTION if raw is None else str(raw)
