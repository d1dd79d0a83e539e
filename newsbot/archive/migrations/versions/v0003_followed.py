"""The sites that the user follows, and when each is next due."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "followed",
        sa.Column("url", sa.Text, primary_key=True),
        sa.Column("spider", sa.Text, primary_key=True),
        sa.Column("entry", sa.LargeBinary, nullable=False),
        sa.Column("every", sa.Integer),
        sa.Column("weight", sa.Float, nullable=False),
        sa.Column("source", sa.Text),
        sa.Column("paused", sa.Boolean, nullable=False),
        sa.Column("site", sa.Text),
        sa.Column("checked", sa.Text),
        sa.Column("next_due", sa.Text),
        sa.Column("blocked_until", sa.Text),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("cost", sa.Float),
        sa.Column("habit", sa.LargeBinary),
        sa.Column("attention", sa.Float),
        sa.Column("verdict", sa.Text),
        sa.Column("run", sa.Text),
    )
    op.create_index("followed_due", "followed", ["spider", "next_due"])
