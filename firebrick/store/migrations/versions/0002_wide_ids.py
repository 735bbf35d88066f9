"""Ids of resource rows take 64 bits: they are never given twice, and 32 bits last a busy installation for months only.

SQLite's are that wide already.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _change(sa.Integer(), sa.BigInteger(), "bigint")


def downgrade() -> None:
    _change(sa.BigInteger(), sa.Integer(), "integer")


def _change(before: sa.types.TypeEngine[int], after: sa.types.TypeEngine[int], sequence: str) -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    op.alter_column("resources", "id", existing_type=before, type_=after, existing_nullable=False)
    op.alter_column("events", "resource_id", existing_type=before, type_=after, existing_nullable=True)
    op.execute(f"ALTER SEQUENCE resources_id_seq AS {sequence}")
