"""The batches of a run: one for each collection that the run has met, and the number of each collection."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import sqlalchemy as sa

from newsbot.archive.batch import Batch
from newsbot.archive.database import Database, upsert
from newsbot.archive.schema import collections
from newsbot.items import Record

CollectionKey = tuple[str, str, str]
"""Site, type and kind: a post type and a taxonomy of one site may share a name."""


Selected = TypeVar("Selected", bound=sa.Select[Any])


def where_key(selected: Selected) -> Selected:
    """Limit the query to the collection that the parameters of ``key_of`` name."""
    return selected.where(
        collections.c.site == sa.bindparam("of_site"),
        collections.c.type == sa.bindparam("of_type"),
        collections.c.kind == sa.bindparam("of_kind"),
    )


def key_of(site: str, type_: str, kind: str) -> dict[str, str]:
    return {"of_site": site, "of_type": type_, "of_kind": kind}


_NUMBER = where_key(sa.select(collections.c.collection))


class Batches:
    """The batches by collection. A collection that is new to the archive gets its number here."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._batches: dict[CollectionKey, Batch] = {}
        self._keys: dict[int, CollectionKey] = {}

    def __iter__(self) -> Iterator[Batch]:
        return iter(self._batches.values())

    def known(self, site: str, type_: str, kind: str) -> Batch | None:
        """The batch of a collection that the run has met."""
        return self._batches.get((site, type_, kind))

    def of(self, site: str, type_: str, kind: str) -> Batch:
        batch = self._batches.get((site, type_, kind))
        if batch is None:
            number = self._number(site, type_, kind)
            self._keys[number] = (site, type_, kind)
            batch = self._batches[site, type_, kind] = Batch(number)
        return batch

    def of_record(self, record: Record) -> Batch:
        return self.of(record.site, record.type, record.collection)

    def site_of(self, batch: Batch) -> str:
        return self._keys[batch.collection][0]

    def kind_of(self, batch: Batch) -> str:
        return self._keys[batch.collection][2]

    def begin_pass(self, site: str, type_: str, kind: str, *, number: int, committed_sequence: int) -> None:
        """Count the rows of a collection from 0 again. ``number``: the collection's number in the database."""
        self._keys[number] = (site, type_, kind)
        self._batches[site, type_, kind] = Batch(number, committed_sequence=committed_sequence)

    def forget(self, sites: Iterable[str]) -> None:
        """Forget the batches of these sites, because their collections get other numbers or other keys."""
        gone = set(sites)
        self._batches = {key: batch for key, batch in self._batches.items() if key[0] not in gone}

    def _number(self, site: str, type_: str, kind: str) -> int:
        """The number of a collection in the database. A new collection gets a row first."""
        key = key_of(site, type_, kind)
        with self._database.reading() as connection:
            found = connection.execute(_NUMBER, key).scalar()
        if found is None:
            with self._database.writing() as connection:
                insert = upsert(connection, collections, keys=("site", "type", "kind"), replaced=("type",))
                new = {"site": site, "type": type_, "kind": kind, "sequence": 0, "whole": False, "hidden": 0}
                connection.execute(insert, [new])
                found = connection.execute(_NUMBER, key).scalar_one()
        return int(found)
