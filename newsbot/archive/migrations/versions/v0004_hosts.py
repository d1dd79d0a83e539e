"""What all runs know about hosts: their pace, the waits that they asked for, and their robots.txt."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hosts",
        sa.Column("host", sa.Text, primary_key=True),
        sa.Column("written", sa.Double, nullable=False),
        sa.Column("last_start", sa.Double),
        sa.Column("penalty", sa.Double, nullable=False),
        sa.Column("held_until", sa.Double),
        sa.Column("failed_until", sa.Double),
    )
    op.create_table(
        "robots",
        sa.Column("origin", sa.Text, primary_key=True),
        sa.Column("fetched", sa.Double, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
    )
