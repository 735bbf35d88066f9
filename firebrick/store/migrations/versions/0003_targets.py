"""Updates: targets, roles of rows, replacements; nested stacks' owners; signals.

A stack made before has no target: the first update makes one from its rows (firebrick.store.targets).
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _text(name: str, length: int) -> "sa.Column[str]":
    return sa.Column(name, sa.String(length), nullable=False, server_default=sa.text("''"))


def _count(name: str) -> "sa.Column[int]":
    return sa.Column(name, sa.Integer, nullable=False, server_default=sa.text("0"))


def _of_stacks() -> "tuple[sa.Column[Any], ...]":
    return (
        _text("template_id", 64),
        _text("previous_template_id", 64),
        _text("complete_template_id", 64),
        sa.Column("owner_id", sa.String(36)),
        sa.Column("owner_row", ROW_ID),
        _text("root_id", 36),
        _count("depth"),
        _count("revision"),
    )


def _of_operations() -> "tuple[sa.Column[Any], ...]":
    return (_text("target_id", 64), _text("cancel", 16), _text("follows", 64), _text("owner_operation", 64))


def _of_resources() -> "tuple[sa.Column[Any], ...]":
    return (
        _text("role", 16),
        _count("role_seq"),
        sa.Column("wanted", sa.LargeBinary),
        sa.Column("target_requires", sa.JSON),
        _count("claim_phase"),
        _text("template_id", 64),
        _text("input_hash", 64),
        _count("revision"),
        _text("drift", 255),
        sa.Column("replaces", ROW_ID),
        sa.Column("replaced_by", ROW_ID),
        _count("born_seq"),
        sa.Column("hooks", sa.JSON),
    )


ADDED = (("stacks", _of_stacks), ("operations", _of_operations), ("resources", _of_resources))


def upgrade() -> None:
    for table, columns in ADDED:
        for column in columns():
            op.add_column(table, column)
    op.create_index("ix_stacks_owner_id", "stacks", ["owner_id"])
    _targets()
    _signals()


def downgrade() -> None:
    op.drop_table("signals")
    op.drop_table("targets")
    op.drop_index("ix_stacks_owner_id", "stacks")
    for table, columns in ADDED:
        for column in columns():
            op.drop_column(table, column.name)


def _targets() -> None:
    sealed = (
        "description",
        "template",
        "environment",
        "parameters",
        "files",
        "shown_parameters",
        "outputs",
        "resources",
    )
    op.create_table(
        "targets",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("stack_id", sa.String(36), nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        *(sa.Column(name, sa.LargeBinary, nullable=False) for name in sealed),
        sa.PrimaryKeyConstraint("id", name="pk_targets"),
        sa.ForeignKeyConstraint(["stack_id"], ["stacks.id"], name="fk_targets_stack_id"),
    )
    op.create_index("ix_targets_stack_id", "targets", ["stack_id"])


def _signals() -> None:
    op.create_table(
        "signals",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("stack_id", sa.String(36), nullable=False),
        sa.Column("resource_name", sa.String(255), nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("time", sa.Double, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_signals"),
        sa.ForeignKeyConstraint(["stack_id"], ["stacks.id"], name="fk_signals_stack_id"),
    )
    op.create_index("ix_signals_stack_id_resource_name_seq", "signals", ["stack_id", "resource_name", "seq"])
