"""Where the secrets of a stack stand in the database: what firebrick.masking must know of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, select

from firebrick.store.models import resources, stacks, targets
from firebrick.store.shown import TARGET_OF_STACK, as_begun


@dataclass(frozen=True, slots=True)
class SecretSources:
    """Of one stack: the inputs that it is being brought to. drawn: (implementation, attributes) of the resources of the
    types that were asked for."""

    template: str
    environment: str
    parameters: Mapping[str, Any]
    files: Mapping[str, str]
    shown_parameters: Mapping[str, str]
    drawn: Sequence[tuple[str, Mapping[str, Any]]]


def read_secret_sources(
    connection: Connection, project: str, stack_id: str, implementations: Sequence[str]
) -> SecretSources | None:
    """For Store.read. None when the project has no such stack."""
    columns = (stacks.c.template, stacks.c.environment, stacks.c.parameters, stacks.c.files, stacks.c.shown_parameters)
    inputs: Select[Any] = select(*(as_begun(one) for one in columns)).outerjoin_from(stacks, targets, TARGET_OF_STACK)
    mine = inputs.where(stacks.c.id == stack_id).where(stacks.c.project == project)
    found = connection.execute(mine).one_or_none()
    if found is None:
        return None
    drawn = connection.execute(
        select(resources.c.implementation, resources.c.attributes)
        .where(resources.c.stack_id == stack_id)
        .where(resources.c.implementation.in_(implementations))
        .where(resources.c.attributes.is_not(None))
    ).all()
    return SecretSources(**found._mapping, drawn=[(kind, attributes) for kind, attributes in drawn])
