"""The first tables.

A migration never imports ``schema``, since it must always create the tables as they were when it was written.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_Serial = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    _content()
    _history()
    _bookkeeping()


def _content() -> None:
    op.create_table(
        "sites",
        sa.Column("site", sa.Text, primary_key=True),
        sa.Column("name", sa.Text),
        sa.Column("facts", sa.LargeBinary),
        sa.Column("first_seen", sa.Text, nullable=False),
        sa.Column("last_seen", sa.Text, nullable=False),
    )
    op.create_table(
        "collections",
        sa.Column("collection", _Serial, primary_key=True),
        sa.Column("site", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("cursor", sa.LargeBinary),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("whole", sa.Boolean, nullable=False),
        sa.Column("watermark", sa.Text),
        sa.Column("hidden", sa.BigInteger, nullable=False),
        sa.Column("swept", sa.Text),
        sa.UniqueConstraint("site", "type"),
    )
    op.create_table(
        "rows",
        sa.Column(
            "collection", sa.BigInteger, sa.ForeignKey("collections.collection"), primary_key=True, autoincrement=False
        ),
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("content", sa.Integer, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.Column("guid", sa.BigInteger),
        sa.Column("collision", sa.Boolean, nullable=False),
        sa.Column("twin", sa.Boolean, nullable=False),
        sa.Column("published", sa.Text),
        sa.Column("modified", sa.Text),
        sa.Column("first_seen", sa.Text, nullable=False),
        sa.Column("last_seen", sa.Text, nullable=False),
        sa.Column("deleted_at", sa.Text),
        sqlite_with_rowid=False,
    )
    op.create_index("rows_guid", "rows", ["guid"])
    op.create_table(
        "linked",
        sa.Column("site", sa.Text, primary_key=True),
        sa.Column("relation", sa.Text, primary_key=True),
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("object", sa.LargeBinary, nullable=False),
        sa.Column("seen", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )


def _history() -> None:
    op.create_table(
        "revisions",
        sa.Column("revision_id", _Serial, primary_key=True),
        sa.Column("collection", sa.BigInteger, nullable=False),
        sa.Column("id", sa.BigInteger, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("change", sa.Text, nullable=False),
        sa.Column("changed", sa.Text),
        sa.Column("text_hash", sa.LargeBinary),
        sa.Column("seen", sa.Text, nullable=False),
        sa.Column("run", sa.Text, nullable=False),
        sa.Column("shape", sa.BigInteger),
        sa.Column("payload", sa.LargeBinary),
    )
    op.create_index("revisions_of_row", "revisions", ["collection", "id", "revision"], unique=True)
    op.create_table(
        "outbox",
        sa.Column("place", _Serial, primary_key=True),
        sa.Column("run", sa.Text, nullable=False),
        sa.Column("collection", sa.BigInteger, nullable=False),
        sa.Column("id", sa.BigInteger, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("change", sa.Text, nullable=False),
    )
    op.create_index("outbox_run", "outbox", ["run", "collection"])
    op.create_index("outbox_row", "outbox", ["collection", "id", "revision"])


def _bookkeeping() -> None:
    op.create_table(
        "runs",
        sa.Column("run", sa.Text, primary_key=True),
        sa.Column("spider", sa.Text, nullable=False),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("started", sa.Text, nullable=False),
        sa.Column("heartbeat", sa.Text, nullable=False),
        sa.Column("finished", sa.Text),
    )
    op.create_table(
        "feeds",
        sa.Column("run", sa.Text, primary_key=True),
        sa.Column("part", sa.Text, primary_key=True),
        sa.Column("final", sa.Text, nullable=False),
        sa.Column("ordinal", sa.SmallInteger, nullable=False),
    )
    op.create_table(
        "receipts",
        sa.Column("run", sa.Text, primary_key=True),
        sa.Column("site", sa.Text, primary_key=True),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("facts", sa.LargeBinary, nullable=False),
    )
    op.create_index("receipts_site", "receipts", ["site", "at"])
    op.create_table(
        "leases",
        sa.Column("site", sa.Text, primary_key=True),
        sa.Column("run", sa.Text, nullable=False),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("heartbeat", sa.Text, nullable=False),
    )
