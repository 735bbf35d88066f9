"""Custom constraints that only a cloud can check: what to ask it about a stack's parameters.

The language asks nobody. Whoever accepts stacks and has a cloud asks it, and refuses with CloudCheck.problem().
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from firebrick.diagnostics import Diagnostic
from firebrick.template.constraints import Custom
from firebrick.template.custom_constraints import needs_cloud
from firebrick.template.parameters import ParameterSchema, ParameterValue
from firebrick.template.problems import shorten


@dataclass(frozen=True, slots=True)
class CloudCheck:
    """A value for which a cloud must be asked: whether `constraint` (``nova.flavor``) has it. value: of the parameter's
    type; of a list, an item."""

    parameter: str
    constraint: str
    value: Any
    description: str
    hidden: bool

    def problem(self, reason: str) -> Diagnostic:
        """For a value that is refused. reason: the cloud's words, or Heat's."""
        breach = Custom(self.constraint).breach(self.value, reason)
        text = self.description or (breach.hidden if self.hidden else breach.shown)
        name = shorten(self.parameter)
        return Diagnostic(
            code="bad-parameter-value",
            summary=f"the value of the parameter {name} is not allowed: {text}",
            detail="Give another value.",
            path=f"parameters.{name}",
            heat_message=f"Parameter '{name}' is invalid: {text}",
        )


def cloud_checks(
    schemas: Mapping[str, ParameterSchema], values: Mapping[str, ParameterValue], *, defaults: bool = True
) -> list[CloudCheck]:
    """What to ask a cloud about a stack's parameters before it is accepted, in the template's order.

    defaults: also of values that are the template's own.
    """
    found = []
    for name, schema in schemas.items():
        value = values.get(name)
        if value is None or not (defaults or value.given):
            continue
        for rule in schema.rules:
            if isinstance(rule.constraint, Custom) and needs_cloud(rule.constraint.constraint):
                items = value.value if isinstance(value.value, list) else [value.value]
                found += [
                    CloudCheck(name, rule.constraint.constraint, item, rule.description, schema.hidden)
                    for item in items
                ]
    return found
