"""Targets: what a stack can be brought to. Written when a request is accepted, read when its operation begins."""

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select

from firebrick.store.models import resources, stacks, targets
from firebrick.store.requests import NewResource, NewStack, NewTarget

_INSERT = insert(targets)
_BY_ID = select(targets).where(targets.c.id == bindparam("id")).where(targets.c.stack_id == bindparam("stack_id"))
_STACK = select(stacks).where(stacks.c.id == bindparam("id"))
_ROWS = select(resources).where(resources.c.stack_id == bindparam("stack_id")).order_by(resources.c.id)
_DELETE = delete(targets).where(targets.c.stack_id == bindparam("_stack_id"))

EMPTY_TEMPLATE = "heat_template_version: 2021-04-16\n"
EMPTY_DESCRIPTION = "No description"
_VERSION = re.compile(
    r"""(?:^|[{,])\s*["']?((?:Heat|AWS)TemplateFormatVersion|heat_template_version)["']?\s*:\s*"""
    r"""["']?(\d{4}-\d\d-\d\d|[a-z]+)\b""",
    re.MULTILINE,
)
"""Where a template's text, YAML or JSON, says its version."""
_INPUTS = select(stacks.c.template, stacks.c.shown_parameters).where(stacks.c.id == bindparam("id"))


def insert_target(connection: Connection, stack_id: str, target: NewTarget, now: float) -> None:
    connection.execute(
        _INSERT,
        {
            "id": target.id,
            "stack_id": stack_id,
            "created_at": now,
            "description": target.description,
            "template": target.template,
            "environment": target.environment,
            "parameters": dict(target.parameters),
            "files": dict(target.files),
            "shown_parameters": dict(target.shown_parameters),
            "outputs": [dict(output) for output in target.outputs],
            "resources": [resource_as_json(one) for one in target.resources],
        },
    )


def target_of_create(new: NewStack, operation_id: str) -> NewTarget:
    return NewTarget(
        id=operation_id,
        template=new.template,
        environment=new.environment,
        parameters=new.parameters,
        files=new.files,
        shown_parameters=new.shown_parameters,
        outputs=new.outputs,
        resources=new.resources,
        description=new.description,
    )


def read_target(connection: Connection, stack_id: str, target_id: str) -> NewTarget | None:
    row = connection.execute(_BY_ID, {"id": target_id, "stack_id": stack_id}).first()
    if row is None:
        return None
    return NewTarget(
        id=row.id,
        template=row.template,
        environment=row.environment,
        parameters=row.parameters,
        files=row.files,
        shown_parameters=row.shown_parameters,
        outputs=row.outputs,
        resources=[resource_from_json(one) for one in row.resources],
        description=row.description,
    )


def adopt_as_target(connection: Connection, stack_id: str, target_id: str, now: float) -> NewTarget:
    """The target of a stack that was made before there were targets, from what its rows are. Stored under target_id."""
    stack = connection.execute(_STACK, {"id": stack_id}).one()
    rows = connection.execute(_ROWS, {"stack_id": stack_id}).all()
    names = {row.id: row.name for row in rows}
    target = NewTarget(
        id=target_id,
        template=stack.template,
        environment=stack.environment,
        parameters=stack.parameters,
        files=stack.files,
        shown_parameters=stack.shown_parameters,
        outputs=stack.outputs,
        description=stack.description,
        resources=[
            NewResource(
                name=row.name,
                type=row.type,
                uuid="",
                definition=row.definition,
                requires=[names[one] for one in row.requires if one in names],
                instant=row.instant,
                concurrency=row.concurrency,
                implementation=row.implementation,
            )
            for row in rows
        ],
    )
    insert_target(connection, stack_id, target, now)
    return target


def empty_target(connection: Connection, stack_id: str, target_id: str) -> NewTarget:
    """What a create that never was complete is rolled back to: a template of the same version without resources. What
    the stack is by itself (its id, name and project) is still shown, as in Heat."""
    stack = connection.execute(_INPUTS, {"id": stack_id}).one()
    version = _VERSION.search(stack.template)
    return NewTarget(
        id=target_id,
        template=EMPTY_TEMPLATE if version is None else f"{version[1]}: {version[2]}\n",
        shown_parameters={name: value for name, value in stack.shown_parameters.items() if "::" in name},
        description=EMPTY_DESCRIPTION,
    )


def delete_targets(connection: Connection, stack_id: str) -> None:
    connection.execute(_DELETE, {"_stack_id": stack_id})


def resource_as_json(one: NewResource) -> dict[str, Any]:
    """Without its uuid: each row that serves it has its own."""
    return {
        "name": one.name,
        "type": one.type,
        "implementation": one.implementation or one.type,
        "instant": one.instant,
        "concurrency": one.concurrency,
        "definition": dict(one.definition),
        "requires": list(one.requires),
        "base": one.base,
        "prunable": one.prunable,
        **({"observe": True} if one.observe else {}),
    }


def resource_from_json(data: Mapping[str, Any]) -> NewResource:
    return NewResource(uuid="", **data)
