"""An index over the state of the runs: each run looks for dead runs among all runs of the archive."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("runs_state", "runs", ["state"])
