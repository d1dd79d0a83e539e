"""The kind belongs to the key of a collection, and no row is held back for its guid.

Until now a post type and a taxonomy of one name shared a collection. Each crawl of one of them buried the rows of the
other, and rows with the same id overwrote each other. Such a collection is split here. The payload of a revision tells
its kind. The stored state of a split collection is of no use, so the next crawl walks it again.

The URLs that users gave for a site move to a table of their own. Before, a run read the facts of all sites to find one.

New columns are for the URLs of rows, and for what a second witness said of a collection.

A migration never imports ``schema``, since it must always create the tables as they were when it was written.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson
import sqlalchemy as sa
import zstandard
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_NEVER_MIXED = {"post": "posts", "page": "posts", "category": "terms", "post_tag": "terms"}
"""Core's types, whose names WordPress gives to nothing else -> their kind."""

_KINDS_BY_NAME = _NEVER_MIXED | {"comment": "comments", "attachment": "media", "user": "users"}
"""Type -> kind, for a collection without rows."""

_SHAPES = {
    3625611712: "posts",
    2678354739: "comments",
    3604923248: "media",
    606134451: "terms",
    3696812370: "users",
}
"""Checksum of the columns of a payload (``shape``) -> kind, when this migration was written."""

_OWN_COLUMN = {"categories": "posts", "file_url": "media", "website": "users", "count": "terms", "post": "comments"}
"""A column that the items of one kind alone have -> that kind. Media have ``post`` too, and are checked first."""

_UNKNOWN = {"cursor": None, "sequence": 0, "whole": False, "watermark": None, "hidden": 0, "swept": None}
"""The state of a collection that the next crawl walks from its beginning."""

_BATCH = 500

_collections = sa.table(
    "collections",
    *(sa.column(name) for name in ("collection", "site", "type", "cursor", "sequence", "whole")),
    *(sa.column(name) for name in ("watermark", "hidden", "swept", "kind")),
)
_rows = sa.table(
    "rows",
    *(sa.column(name) for name in ("collection", "id", "kind", "revision", "content", "fingerprint", "guid")),
    *(sa.column(name) for name in ("collision", "twin", "published", "modified", "first_seen", "last_seen")),
    sa.column("deleted_at"),
)
_revisions = sa.table(
    "revisions",
    *(sa.column(name) for name in ("revision_id", "collection", "id", "revision", "change", "seen", "shape")),
    sa.column("payload"),
)
_outbox = sa.table("outbox", *(sa.column(name) for name in ("place", "collection", "id", "revision")))


def upgrade() -> None:
    connection = op.get_bind()
    op.add_column("collections", sa.Column("kind", sa.Text))
    op.add_column("rows", sa.Column("link", sa.BigInteger))
    _list_addresses(connection)
    mixed = _tell_kinds(connection)
    if connection.dialect.name == "sqlite":
        _rebuild(connection)
    else:
        op.alter_column("collections", "kind", nullable=False)
        op.drop_constraint("collections_site_type_key", "collections")
        op.create_unique_constraint("collections_site_type_kind_key", "collections", ["site", "type", "kind"])
        op.add_column("collections", sa.Column("witness", sa.LargeBinary))
    _release_twins(connection)
    for collection, kinds in mixed.items():
        _split(connection, collection, kinds)


def _list_addresses(connection: sa.Connection) -> None:
    op.create_table(
        "addresses", sa.Column("url", sa.Text, primary_key=True), sa.Column("site", sa.Text, nullable=False)
    )
    op.create_index("addresses_site", "addresses", ["site"])
    sites = sa.table("sites", *(sa.column(name) for name in ("site", "facts", "last_seen")))
    addresses = sa.table("addresses", sa.column("url"), sa.column("site"))
    every = sa.select(sites.c.site, sites.c.facts).where(sites.c.facts.is_not(None)).order_by(sites.c.last_seen)
    found: dict[str, str] = {}
    for site, facts in connection.execute(every):
        try:
            asked = orjson.loads(facts).get("asked", ())
        except (orjson.JSONDecodeError, AttributeError):
            continue
        # A URL may lead to a site since a later run. A site that no run ever found has its URL as key.
        found.update({url: site for url in asked if url not in found or url != site})
    if found:
        connection.execute(sa.insert(addresses), [{"url": url, "site": site} for url, site in found.items()])


def _release_twins(connection: sa.Connection) -> None:
    """Forget the rows that were held back because another site had given their guid, whatever their text was.

    They were never delivered. The next crawl walks their collections again, and delivers them.
    """
    held_back = (_rows.c.twin.is_(sa.true()), _rows.c.revision == 0)
    of_twins = sa.select(_rows.c.collection).where(*held_back).distinct()
    found = connection.execute(of_twins).scalars().all()
    if found:
        connection.execute(sa.update(_collections).where(_collections.c.collection.in_(found)).values(_UNKNOWN))
        connection.execute(sa.delete(_rows).where(*held_back))
    connection.execute(sa.update(_rows).where(_rows.c.twin.is_(sa.true())).values(twin=False))


def _rebuild(connection: sa.Connection) -> None:
    """SQLite cannot change a constraint of a table. A copy under another name would change the foreign key of rows."""
    connection.execute(sa.text("CREATE TEMP TABLE collections_copy AS SELECT * FROM collections"))
    op.drop_table("collections")
    op.create_table(
        "collections",
        sa.Column("collection", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("site", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("cursor", sa.LargeBinary),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("whole", sa.Boolean, nullable=False),
        sa.Column("watermark", sa.Text),
        sa.Column("hidden", sa.BigInteger, nullable=False),
        sa.Column("swept", sa.Text),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("witness", sa.LargeBinary),
        sa.UniqueConstraint("site", "type", "kind"),
    )
    connection.execute(sa.text("INSERT INTO collections SELECT *, NULL FROM collections_copy"))
    connection.execute(sa.text("DROP TABLE collections_copy"))


def _tell_kinds(connection: sa.Connection) -> dict[int, set[str]]:
    """Write the kind of every collection. Returns those that hold rows of several kinds."""
    mixed = {}
    for number, type_ in connection.execute(sa.select(_collections.c.collection, _collections.c.type)).all():
        kinds = _kinds_in(connection, number, type_)
        if not kinds:
            connection.execute(sa.delete(_collections).where(_collections.c.collection == number))
            continue
        kind = min(kinds)
        connection.execute(sa.update(_collections).where(_collections.c.collection == number).values(kind=kind))
        if len(kinds) > 1:
            mixed[number] = kinds
    return mixed


def _kinds_in(connection: sa.Connection, collection: int, type_: str) -> set[str]:
    """The kinds of a collection's rows. Empty where it has no row and its name does not tell the kind either.

    Such a collection is forgotten: to list it again costs the site two requests.
    """
    if type_ in _NEVER_MIXED:
        return {_NEVER_MIXED[type_]}
    of_rows = sa.select(_rows.c.kind).where(_rows.c.collection == collection).distinct()
    kinds = {kind for kind in connection.execute(of_rows).scalars() if kind}
    payloads = sa.select(_revisions.c.shape).where(
        _revisions.c.collection == collection, _revisions.c.payload.is_not(None)
    )
    shapes = set(connection.execute(payloads.distinct()).scalars())
    kinds |= {_SHAPES[shape] for shape in shapes if shape in _SHAPES}
    for shape in shapes - _SHAPES.keys():
        older = payloads.with_only_columns(_revisions.c.payload).where(_revisions.c.shape.is_not_distinct_from(shape))
        # All payloads of a shape are of one kind, so one payload is enough.
        kinds |= {kind for kind in [_kind_of_payload(connection.execute(older.limit(1)).scalar())] if kind}
    if not kinds and type_ in _KINDS_BY_NAME:
        return {_KINDS_BY_NAME[type_]}
    return kinds


def _kind_of_payload(payload: bytes | None) -> str | None:
    fields = _fields(payload)
    return next((kind for column, kind in _OWN_COLUMN.items() if column in fields), None)


def _fields(payload: bytes | None) -> dict[str, Any]:
    """The columns of a payload; empty for a payload that is broken."""
    try:
        fields = orjson.loads(zstandard.ZstdDecompressor().decompress(payload or b""))
    except (zstandard.ZstdError, orjson.JSONDecodeError):
        return {}
    return fields if isinstance(fields, dict) else {}


@dataclass(slots=True)
class _OfKind:
    """The revisions of one row that are of one kind. ``content`` is the number of the newest one with a payload."""

    revisions: list[Any] = field(default_factory=list)
    content: int = 0


def _split(connection: sa.Connection, collection: int, kinds: Iterable[str]) -> None:
    """Give each kind of a mixed collection a collection of its own. The first kind keeps the number."""
    row = connection.execute(sa.select(_collections).where(_collections.c.collection == collection)).one()
    connection.execute(sa.update(_collections).where(_collections.c.collection == collection).values(_UNKNOWN))
    numbers = {row.kind: collection}
    for kind in sorted(set(kinds) - {row.kind}):
        new = {"site": row.site, "type": row.type, "kind": kind} | _UNKNOWN
        connection.execute(sa.insert(_collections).values({k: v for k, v in new.items() if v is not None}))
        of_kind = (_collections.c.site == row.site, _collections.c.type == row.type, _collections.c.kind == kind)
        numbers[kind] = connection.execute(sa.select(_collections.c.collection).where(*of_kind)).scalar_one()
    last = None
    while True:
        page = sa.select(_rows).where(_rows.c.collection == collection).order_by(_rows.c.id).limit(_BATCH)
        found = connection.execute(page if last is None else page.where(_rows.c.id > last)).all()
        if not found:
            return
        last = found[-1].id
        for kept in found:
            _split_row(connection, kept, numbers)


def _split_row(connection: sa.Connection, row: Any, numbers: dict[str, int]) -> None:
    """Move a row, or those of its revisions that are of another kind, to the collection of the kind."""
    by_kind = _by_kind(connection, row)
    at = (_rows.c.collection == row.collection, _rows.c.id == row.id)
    if len(by_kind) > 1:
        connection.execute(sa.delete(_rows).where(*at))
    for kind, part in by_kind.items():
        number = numbers[kind]
        if len(by_kind) > 1:
            connection.execute(sa.insert(_rows).values(_rebuilt_row(row, kind, number, part)))
        elif number != row.collection or kind != row.kind:
            connection.execute(sa.update(_rows).where(*at).values(collection=number, kind=kind))
        if number == row.collection:
            continue
        moved = [revision.revision for revision in part.revisions]
        for table in (_revisions, _outbox):
            of_row = (table.c.collection == row.collection, table.c.id == row.id, table.c.revision.in_(moved))
            connection.execute(sa.update(table).where(*of_row).values(collection=number))


def _by_kind(connection: sa.Connection, row: Any) -> dict[str, _OfKind]:
    """The row's revisions by kind. A deletion has no payload: it is of the kind of the revision before it."""
    of_row = (_revisions.c.collection == row.collection, _revisions.c.id == row.id)
    found: dict[str, _OfKind] = {}
    kind = row.kind
    for revised in connection.execute(sa.select(_revisions).where(*of_row).order_by(_revisions.c.revision)):
        if revised.payload is not None:
            kind = _SHAPES.get(revised.shape) or _kind_of_payload(revised.payload) or kind
        part = found.setdefault(kind, _OfKind())
        part.revisions.append(revised)
        part.content = revised.revision if revised.payload is not None else part.content
    # A copy of another site's row has no revision.
    return found or {kind: _OfKind()}


def _rebuilt_row(row: Any, kind: str, collection: int, part: _OfKind) -> dict[str, Any]:
    """The row of one kind, as its revisions tell it."""
    # Imported here, since only this case needs them: today's code compares the fingerprint with those that it makes.
    from newsbot.archive.parts import fingerprint
    from newsbot.archive.payloads import RowState, unpack
    from newsbot.wordpress.guids import guid_key

    newest, first = part.revisions[-1], part.revisions[0]
    payload = next(revision.payload for revision in part.revisions if revision.revision == part.content)
    record = unpack(payload, RowState(newest.revision, newest.change, first.seen, newest.seen), kind=kind)
    return {
        **row._mapping,
        "collection": collection,
        "kind": kind,
        "revision": newest.revision,
        "content": part.content,
        "fingerprint": fingerprint(record),
        "guid": guid_key(getattr(record, "guid", None)),
        "published": getattr(record, "published", None),
        "modified": getattr(record, "modified", None),
        "first_seen": first.seen,
        "deleted_at": newest.seen if newest.change == "deleted" else None,
        "twin": False,
    }
