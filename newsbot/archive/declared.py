"""What the sites of the archive declared on the use of their content, in the newest receipt of each."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from newsbot.archive.database import Database
from newsbot.archive.payloads import stored_json
from newsbot.archive.schema import receipts

EARLIER = 20
"""How many receipts of a site are read: the newest ones may be of runs that read no robots.txt."""


def declared_rights(database: Database) -> dict[str, dict[str, Any]]:
    """Site -> the statements of its robots.txt (``rights.robots_txt.read_robots``), as the last run read it."""
    last = sa.select(receipts.c.site, sa.func.max(receipts.c.at).label("at")).group_by(receipts.c.site).subquery()
    newest = sa.select(receipts.c.site, receipts.c.facts).join(
        last, (receipts.c.site == last.c.site) & (receipts.c.at == last.c.at)
    )
    with database.reading() as connection:
        found = {row.site: stored_json(row.facts).get("rights") for row in connection.execute(newest)}
        return {site: _or_earlier(connection, site, rights) for site, rights in found.items()}


def _or_earlier(connection: Connection, site: str, rights: Any) -> dict[str, Any]:
    if isinstance(rights, dict):
        return rights
    of_site = sa.select(receipts.c.facts).where(receipts.c.site == site).order_by(receipts.c.at.desc()).limit(EARLIER)
    earlier = (stored_json(row.facts).get("rights") for row in connection.execute(of_site))
    return next((statements for statements in earlier if isinstance(statements, dict)), {})
