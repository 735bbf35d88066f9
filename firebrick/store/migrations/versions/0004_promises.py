"""What a stack shows is told when an operation is accepted, and what was asked is known again; what is known of a
resource whose action was given up or interrupted.

Operations that were accepted before have no fingerprint, and are told when they begin: see firebrick.store.shown and
firebrick.store.acceptance.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _added() -> "tuple[tuple[str, sa.Column[Any]], ...]":
    no = sa.false()
    return (
        ("stacks", sa.Column("state_seq", sa.Integer, nullable=False, server_default=sa.text("0"))),
        ("operations", sa.Column("fingerprint", sa.LargeBinary)),
        ("operations", sa.Column("cancel_now", sa.Boolean, nullable=False, server_default=no)),
        ("resources", sa.Column("unsettled_until", sa.Double)),
        ("resources", sa.Column("begun", sa.LargeBinary)),
        ("resources", sa.Column("interrupted", sa.Boolean, nullable=False, server_default=no)),
    )


def upgrade() -> None:
    for table, column in _added():
        op.add_column(table, column)


def downgrade() -> None:
    for table, column in reversed(_added()):
        op.drop_column(table, column.name)
