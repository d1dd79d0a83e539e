"""The archive's tables, as the newest migration leaves them.

Every text that WordPress wrote travels in a payload (bytes), so that no database has a say in its characters; what is
compared or searched stands beside it in columns of its own.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
)

VERSION = "0001"
"""The newest migration. An archive whose version is not among ours is newer than this code."""

metadata = MetaData()

# SQLite counts rows by itself only where the key is an INTEGER.
Serial = BigInteger().with_variant(Integer, "sqlite")

sites = Table(
    "sites",
    metadata,
    Column("site", Text, primary_key=True),
    Column("name", Text),
    Column("facts", LargeBinary),
    Column("first_seen", Text, nullable=False),
    Column("last_seen", Text, nullable=False),
)
"""What is known of a site and what it can do; ``facts`` is JSON."""

collections = Table(
    "collections",
    metadata,
    Column("collection", Serial, primary_key=True),
    Column("site", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("cursor", LargeBinary),
    Column("sequence", BigInteger, nullable=False, default=0),
    Column("whole", Boolean, nullable=False, default=False),
    Column("watermark", Text),
    Column("hidden", BigInteger, nullable=False, default=0),
    Column("swept", Text),
    UniqueConstraint("site", "type"),
)
"""One type of one site: how far its walk came, and since when changes must be asked for."""

rows = Table(
    "rows",
    metadata,
    Column("collection", BigInteger, ForeignKey("collections.collection"), primary_key=True, autoincrement=False),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("content", Integer, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("guid", BigInteger),
    Column("collision", Boolean, nullable=False, default=False),
    Column("twin", Boolean, nullable=False, default=False),
    Column("published", Text),
    Column("modified", Text),
    Column("first_seen", Text, nullable=False),
    Column("last_seen", Text, nullable=False),
    Column("deleted_at", Text),
    Index("rows_guid", "guid"),
    sqlite_with_rowid=False,
)
"""The current row by (collection, id): small, so that a million are searched quickly. ``content`` is the revision whose
payload is current; ``guid`` a hash; a ``twin`` is a copy of another site's row: known, counted, never delivered."""

revisions = Table(
    "revisions",
    metadata,
    Column("revision_id", Serial, primary_key=True),
    Column("collection", BigInteger, nullable=False),
    Column("id", BigInteger, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("change", Text, nullable=False),
    Column("changed", Text),
    Column("text_hash", LargeBinary),
    Column("seen", Text, nullable=False),
    Column("run", Text, nullable=False),
    Column("shape", BigInteger),
    Column("payload", LargeBinary),
    Index("revisions_of_row", "collection", "id", "revision", unique=True),
)
"""Everything that ever happened to a row: new, edited (``changed`` names the parts), deleted (without a payload)."""

outbox = Table(
    "outbox",
    metadata,
    Column("place", Serial, primary_key=True),
    Column("run", Text, nullable=False),
    Column("collection", BigInteger, nullable=False),
    Column("id", BigInteger, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("change", Text, nullable=False),
    Index("outbox_run", "run", "collection"),
    Index("outbox_row", "collection", "id", "revision"),
)
"""What was committed and stands in no finished file yet."""

linked = Table(
    "linked",
    metadata,
    Column("site", Text, primary_key=True),
    Column("relation", Text, primary_key=True),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("object", LargeBinary, nullable=False),
    Column("seen", Text, nullable=False),
    sqlite_with_rowid=False,
)
"""Authors, terms and media for the joins, as JSON."""

runs = Table(
    "runs",
    metadata,
    Column("run", Text, primary_key=True),
    Column("spider", Text, nullable=False),
    Column("holder", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("started", Text, nullable=False),
    Column("heartbeat", Text, nullable=False),
    Column("finished", Text),
)
"""``state``: open, sealing (its feeds are whole and being renamed), delivered, dead (another run took its rows)."""

feeds = Table(
    "feeds",
    metadata,
    Column("run", Text, primary_key=True),
    Column("part", Text, primary_key=True),
    Column("final", Text, nullable=False),
    Column("ordinal", SmallInteger, nullable=False, default=0),
)
"""The files of a run that is not delivered: where each is written, and the name it takes when it is whole."""

receipts = Table(
    "receipts",
    metadata,
    Column("run", Text, primary_key=True),
    Column("site", Text, primary_key=True),
    Column("at", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("facts", LargeBinary, nullable=False),
    Index("receipts_site", "site", "at"),
)

leases = Table(
    "leases",
    metadata,
    Column("site", Text, primary_key=True),
    Column("run", Text, nullable=False),
    Column("holder", Text, nullable=False),
    Column("heartbeat", Text, nullable=False),
)
"""Who crawls a site now."""

version_table = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""Alembic's own table, which names the newest migration that the archive has. It is no part of ``metadata``."""
