"""The sites of one pace, an index over the sites that may be due, and the threshold of attention."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("followed", sa.Column("pace_group", sa.Text))
    op.add_column("followed", sa.Column("full_check", sa.Text))
    op.drop_index("followed_due", "followed")
    op.create_index(
        "followed_due",
        "followed",
        ["spider", "next_due", "url"],
        postgresql_where=sa.text("NOT paused"),
        sqlite_where=sa.text("NOT paused"),
    )
    op.create_table(
        "thresholds",
        sa.Column("requests_per_hour", sa.Float, primary_key=True),
        sa.Column("threshold", sa.Float, nullable=False),
        sa.Column("sites", sa.Integer, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
    )
