"""Stacks, operations, resources, events.

Encrypted columns are bytes here: a migration never opens them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _stacks()
    _operations()
    _resources()
    _events()


def downgrade() -> None:
    for table in ("events", "resources", "operations", "stacks"):
        op.drop_table(table)


def _stacks() -> None:
    op.create_table(
        "stacks",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("project", sa.String(255), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("description", sa.LargeBinary, nullable=False),
        sa.Column("owner", sa.String(255), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("status_reason", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("updated_at", sa.Double),
        sa.Column("deleted_at", sa.Double),
        sa.Column("timeout_mins", sa.Integer),
        sa.Column("disable_rollback", sa.Boolean, nullable=False),
        sa.Column("tags", sa.JSON, nullable=False),
        sa.Column("template", sa.LargeBinary, nullable=False),
        sa.Column("environment", sa.LargeBinary, nullable=False),
        sa.Column("parameters", sa.LargeBinary, nullable=False),
        sa.Column("files", sa.LargeBinary, nullable=False),
        sa.Column("shown_parameters", sa.LargeBinary, nullable=False),
        sa.Column("outputs", sa.LargeBinary, nullable=False),
        sa.Column("operation_seq", sa.Integer, nullable=False),
        sa.Column("accepted_seq", sa.Integer, nullable=False),
        sa.Column("event_seq", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_stacks"),
    )
    living = sa.text("deleted_at IS NULL")
    op.create_index(
        "uq_stacks_living_name",
        "stacks",
        ["project", "name"],
        unique=True,
        sqlite_where=living,
        postgresql_where=living,
    )
    op.create_index("ix_stacks_project_created_at", "stacks", ["project", "created_at"])


def _operations() -> None:
    op.create_table(
        "operations",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("stack_id", sa.String(36), nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("request", sa.JSON, nullable=False),
        sa.Column("requested_by", sa.JSON, nullable=False),
        sa.Column("timeout", sa.Double, nullable=False),
        sa.Column("accepted_at", sa.Double, nullable=False),
        sa.Column("began_at", sa.Double),
        sa.Column("ended_at", sa.Double),
        sa.Column("deadline", sa.Double),
        sa.Column("workflow_id", sa.String(1000), nullable=False),
        sa.Column("chain_id", sa.String(64), nullable=False),
        sa.Column("superseded_by", sa.String(64), nullable=False),
        sa.Column("reason", sa.LargeBinary, nullable=False),
        sa.Column("summary", sa.String, nullable=False),
        sa.Column("failure", sa.LargeBinary),
        sa.PrimaryKeyConstraint("id", name="pk_operations"),
        sa.ForeignKeyConstraint(["stack_id"], ["stacks.id"], name="fk_operations_stack_id"),
        sa.UniqueConstraint("stack_id", "seq", name="uq_operations_stack_id_seq"),
    )
    running = sa.text("state = 'RUNNING'")
    open_ = sa.text("state IN ('PENDING', 'RUNNING')")
    op.create_index(
        "uq_operations_running",
        "operations",
        ["stack_id"],
        unique=True,
        sqlite_where=running,
        postgresql_where=running,
    )
    op.create_index("ix_operations_open", "operations", ["state"], sqlite_where=open_, postgresql_where=open_)


def _resources() -> None:
    op.create_table(
        "resources",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("stack_id", sa.String(36), nullable=False),
        sa.Column("uuid", sa.String(36), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("type", sa.String(255), nullable=False),
        sa.Column("implementation", sa.String(255), nullable=False),
        sa.Column("instant", sa.Boolean, nullable=False),
        sa.Column("concurrency", sa.String(255), nullable=False),
        sa.Column("definition", sa.LargeBinary, nullable=False),
        sa.Column("requires", sa.JSON, nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("status_reason", sa.LargeBinary, nullable=False),
        sa.Column("physical_id", sa.String),
        sa.Column("reference_id", sa.LargeBinary),
        sa.Column("attributes", sa.LargeBinary),
        sa.Column("data", sa.LargeBinary),
        sa.Column("properties", sa.LargeBinary),
        sa.Column("progress", sa.LargeBinary),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("updated_at", sa.Double, nullable=False),
        sa.Column("claim_seq", sa.Integer, nullable=False),
        sa.Column("claim_run", sa.Integer, nullable=False),
        sa.Column("claim_step", sa.Integer, nullable=False),
        sa.Column("claim_attempt", sa.Integer, nullable=False),
        sa.Column("lease_until", sa.Double, nullable=False),
        sa.Column("key", sa.String, nullable=False),
        sa.Column("intent_open", sa.Boolean, nullable=False),
        sa.Column("polling", sa.Boolean, nullable=False),
        sa.Column("retries", sa.Integer, nullable=False),
        sa.Column("outcome", sa.String),
        sa.Column("create_key", sa.String, nullable=False),
        sa.Column("create_unsettled", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_resources"),
        sa.ForeignKeyConstraint(["stack_id"], ["stacks.id"], name="fk_resources_stack_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_resources_stack_id_name", "resources", ["stack_id", "name"])


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("stack_id", sa.String(36), nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("time", sa.Double, nullable=False),
        sa.Column("resource_id", sa.Integer),
        sa.Column("resource_name", sa.String(255), nullable=False),
        sa.Column("resource_type", sa.String(255), nullable=False),
        sa.Column("physical_id", sa.String),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("reason", sa.LargeBinary, nullable=False),
        sa.Column("properties", sa.LargeBinary),
        sa.PrimaryKeyConstraint("stack_id", "seq", name="pk_events"),
        sa.ForeignKeyConstraint(["stack_id"], ["stacks.id"], name="fk_events_stack_id"),
        sqlite_with_rowid=False,
    )
