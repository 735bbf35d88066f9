"""What is known of an object after its create ended with an error. Pure.

Nothing was made only where that is known: the provider turned the request down before any effect and the type says so,
or somebody looked after the call was over and found nothing. All else leaves the create unsettled: who replaces, rolls
back or deletes the resource looks for the object first.
"""

from dataclasses import dataclass

from firebrick.resources.base import Context, ResourceType
from firebrick.resources.errors import classify, is_late, surely_without_effect


@dataclass(frozen=True, slots=True)
class FailedCreate:
    """lost: it may have made something, and there is a way to learn that. unknown: it may have, there is none, and no
    attempt may be made any more. note: what a person must know of it. late: seconds for which it may yet take effect.
    """

    lost: bool
    unknown: bool = False
    note: str = ""
    late: float = 0.0


def after_failed_create(kind: ResourceType, context: Context, error: Exception, *, lost_before: bool) -> FailedCreate:
    """context: of the create. lost_before: an earlier attempt under the same key may have had its effect."""
    model = context.properties
    if kind.inline or kind.instant:
        return FailedCreate(lost=False)
    possible = not surely_without_effect(error)
    ends = classify(error) == "permanent"
    if kind.can_find(model):
        late = kind.late_effects(model) if possible and is_late(error) else 0.0
        return FailedCreate(lost=lost_before or possible, late=late)
    if kind.can_repeat_create(model):
        if ends and lost_before and not possible:
            # The provider has said no under this key: to ask again is no way to learn what the first attempt did.
            return FailedCreate(lost=False, note=may_be_left(kind, context))
        return FailedCreate(lost=lost_before or possible)
    if possible and not ends:
        return FailedCreate(lost=True, unknown=True)
    return FailedCreate(lost=possible, note=may_be_left(kind, context) if possible else "")


def must_be_looked_for(kind: ResourceType, context: Context) -> str:
    """Why a create is neither repeated nor taken for done."""
    return (
        f"the answer to CREATE was lost, and {context.type_name} can neither find an object by its key nor be created "
        f"twice safely. Look at the provider for {kind.made_by(context)}; if it is there, delete it there; then delete "
        "the stack."
    )


def may_be_left(kind: ResourceType, context: Context) -> str:
    """Of an object that nobody here can look for."""
    return (
        "If the create has made something all the same, it is still there, and nothing tells: look at the provider for "
        f"{kind.made_by(context)}."
    )
