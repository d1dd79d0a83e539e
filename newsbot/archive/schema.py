"""The archive's tables, as the newest migration leaves them.

Every text of a site is stored in a payload (bytes), so that no database can refuse or change a character. What the
archive compares or searches has columns of its own.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Double,
    Float,
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
    event,
    text,
)

VERSION = "0006"
"""The newest migration. An archive with a version that is not among the migrations is newer than this code."""

metadata = MetaData()

# SQLite numbers rows by itself only if the type of the key is INTEGER.
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
"""What the archive knows about a site, and what the site's API can do. ``facts`` is JSON."""

addresses = Table(
    "addresses",
    metadata,
    Column("url", Text, primary_key=True),
    Column("site", Text, nullable=False),
    Index("addresses_site", "site"),
)
"""The URLs that users gave for a site, as they wrote them -> the key of the site."""

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
    Column("kind", Text, nullable=False),
    Column("witness", LargeBinary),
    UniqueConstraint("site", "type", "kind"),
)
"""One type of a site: the state of its walk, and the moment since which changes must be requested.

The kind belongs to the key, since a post type and a taxonomy may share a name. ``witness`` is JSON: what the site's
sitemap and feed last showed of the collection.
"""

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
    Column("twin", Boolean, key="guid_duplicate", nullable=False, default=False),
    Column("published", Text),
    Column("modified", Text),
    Column("first_seen", Text, nullable=False),
    Column("last_seen", Text, nullable=False),
    Column("deleted_at", Text),
    Column("link", BigInteger),
    Index("rows_guid", "guid"),
    sqlite_with_rowid=False,
)
"""The current row by (collection, id). A row is small, so that a million rows are searched quickly.

``content`` is the revision whose payload is current. ``guid`` is a hash. ``twin`` marks a copy of another site's row,
with the same guid and the same text. ``link`` is a hash of the row's URL; null for
a row that no version since 0002 has written.
"""

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
"""Every change of a row: new, edited (``changed`` names the parts), deleted (without a payload)."""

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
"""The revisions that are committed and are in no finished file yet."""

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
"""Authors, terms and media that the joins fetched, as JSON."""

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
    Index("runs_state", "state"),
)
"""``state``: open, sealing (its feeds are complete and are being renamed), delivered, dead (its rows are free for other
runs)."""

feeds = Table(
    "feeds",
    metadata,
    Column("run", Text, primary_key=True),
    Column("part", Text, primary_key=True),
    Column("final", Text, nullable=False),
    Column("ordinal", SmallInteger, nullable=False, default=0),
)
"""The files of a run that is not delivered: the path where each file is written, and its final path."""

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
"""The run that crawls a site now."""

followed = Table(
    "followed",
    metadata,
    Column("url", Text, primary_key=True),
    Column("spider", Text, primary_key=True),
    Column("entry", LargeBinary, nullable=False),
    Column("every", Integer),
    Column("weight", Float, nullable=False),
    Column("source", Text),
    Column("paused", Boolean, nullable=False),
    Column("site", Text),
    Column("checked", Text),
    Column("next_due", Text),
    Column("blocked_until", Text),
    Column("failures", Integer, nullable=False),
    Column("cost", Float),
    Column("habit", LargeBinary),
    Column("attention", Float),
    Column("verdict", Text),
    Column("run", Text),
    Column("pace_group", Text),
    Column("full_check", Text),
    # Paused sites stay overdue. The index leaves them out, so that they do not stand before the other sites. The same
    # condition for PostgreSQL is below.
    Index("followed_due", "spider", "next_due", "url", sqlite_where=text("NOT paused")),
)
"""The sites that the user follows, one row for each spider, and when each is next due. ``url`` is the user's URL.

Sites of one ``pace_group`` share a host, or an address where NEWSBOT_SHARE_IP is on. ``full_check`` is the time of the
last check of more than one request.
"""


@event.listens_for(followed, "before_create")
def _leave_out_paused(table: Table, connection: Connection, **_: object) -> None:
    """Set the condition of the index in PostgreSQL too.

    An option of PostgreSQL in the table above would import its dialect at each start: 50 ms of CPU and 2.5 MiB.
    """
    if connection.dialect.name == "postgresql":
        due = next(index for index in table.indexes if index.name == "followed_due")
        due.dialect_options["postgresql"]["where"] = text("NOT paused")


thresholds = Table(
    "thresholds",
    metadata,
    Column("requests_per_hour", Float, primary_key=True),
    Column("threshold", Float, nullable=False),
    Column("sites", Integer, nullable=False),
    Column("at", Text, nullable=False),
)
"""The threshold of attention at which the checks of the ``sites`` use a budget, as it was ``at`` a time."""

hosts = Table(
    "hosts",
    metadata,
    Column("host", Text, primary_key=True),
    Column("written", Double, nullable=False),
    Column("last_start", Double),
    Column("penalty", Double, nullable=False),
    Column("held_until", Double),
    Column("failed_until", Double),
)
"""The pace of a host for all runs and processes: see ``politeness.known.KnownHost``. Times are seconds since 1970."""

robots = Table(
    "robots",
    metadata,
    Column("origin", Text, primary_key=True),
    Column("fetched", Double, nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("why", Text, nullable=False),
)
"""The last robots.txt of an origin (scheme, host and port): see ``politeness.known.KnownRobots``."""

version_table = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""Alembic's own table. It holds the newest migration that the archive has, and is not part of ``metadata``."""
