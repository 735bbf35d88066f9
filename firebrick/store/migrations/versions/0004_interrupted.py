"""What is known of a resource whose action was given up or interrupted."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("resources", sa.Column("unsettled_until", sa.Double))
    op.add_column("resources", sa.Column("begun", sa.LargeBinary))
    op.add_column("resources", sa.Column("interrupted", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("operations", sa.Column("cancel_now", sa.Boolean, nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column("operations", "cancel_now")
    op.drop_column("resources", "interrupted")
    op.drop_column("resources", "begun")
    op.drop_column("resources", "unsettled_until")
