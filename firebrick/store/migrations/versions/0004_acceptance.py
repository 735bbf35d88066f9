"""What a stack shows is told when an operation is accepted; and what each operation asked, to know it again.

Operations that were accepted before have neither: see firebrick.store.shown and firebrick.store.acceptance.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("stacks", sa.Column("state_seq", sa.Integer, nullable=False, server_default=sa.text("0")))
    op.add_column("operations", sa.Column("fingerprint", sa.LargeBinary))


def downgrade() -> None:
    op.drop_column("operations", "fingerprint")
    op.drop_column("stacks", "state_seq")
