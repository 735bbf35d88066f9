"""Parameters that say `immutable`: whether an update leaves them as they are.

Heat's rule: of the parameters that the stack has had before, those that the *new* template calls immutable. A value
that the update gives is compared as it is given: the text "5" is not the number 5. Called by whoever accepts updates.
"""

from collections.abc import Mapping
from typing import Any

from firebrick.diagnostics import Diagnostic
from firebrick.template.parameters import ParameterSchema, ParameterValue
from firebrick.template.problems import shorten


def check_immutable(
    before: Mapping[str, Any],
    given: Mapping[str, Any],
    after: Mapping[str, ParameterValue],
    schemas: Mapping[str, ParameterSchema],
) -> list[Diagnostic]:
    """What is wrong with the new values: nothing, or one problem that names every parameter that may not change.

    before: the values the stack has. given: what the update gives, of parameters in the request and its environment.
    after: the values the update comes to, and schemas: of the new template (StackDefinition has both). No value is
    repeated in the problem.
    """
    changed = []
    for name, schema in schemas.items():
        if not schema.immutable or name not in before:
            continue
        now = given[name] if given.get(name) is not None else after[name].value if name in after else before[name]
        if now != before[name]:
            changed.append(name)
    if not changed:
        return []
    names = ", ".join(map(shorten, changed))
    return [
        Diagnostic(
            code="immutable-parameter",
            summary=f"an update may not change these parameters: {names}",
            detail="Give them the values they have, or leave them out; or create another stack.",
            path=f"parameters.{changed[0]}",
            heat_type="ImmutableParameterModified",
            heat_message=f"The following parameters are immutable and may not be updated: {names}",
        )
    ]
