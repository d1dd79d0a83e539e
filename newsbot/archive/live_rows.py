"""Questions of a walk about the live rows of a collection."""

from __future__ import annotations

from datetime import timedelta

from newsbot.archive import current_rows
from newsbot.archive.batches import Batches
from newsbot.archive.database import Database
from newsbot.wordpress.questions import AskBorder, AskEdge, AskKnown, AskPublished


class LiveRows:
    """The live rows in the database, and those of the run that are not committed yet."""

    def __init__(self, database: Database, batches: Batches) -> None:
        self._database = database
        self._batches = batches

    def ids(self, question: AskKnown) -> dict[int, str | None]:
        """The live ids that the archive holds -> ``modified``. Rows that are not committed yet are included."""
        batch = self._batches.of(question.site, question.type, question.kind)
        with self._database.reading() as connection:
            found = current_rows.live_ids(
                connection,
                batch.collection,
                ids=question.ids,
                since=question.since,
                until=question.until,
                lowest=question.lowest,
                latest=question.latest,
            )
        batch.overlay(found, question)
        return found

    def border(self, question: AskBorder) -> str | None:
        """A moment between two live rows, as the question describes it. Rows that are not committed do not count."""
        batch = self._batches.of(question.site, question.type, question.kind)
        with self._database.reading() as connection:
            return current_rows.border(
                connection,
                batch.collection,
                before=question.before,
                share=question.share,
                clear=timedelta(seconds=question.clear),
            )

    def edge(self, question: AskEdge) -> str | None:
        """When a live row was published, as the question describes it. Rows that are not committed do not count."""
        batch = self._batches.of(question.site, question.type, question.kind)
        with self._database.reading() as connection:
            return current_rows.edge(connection, batch.collection, since=question.since, count=question.rows)

    def published(self, question: AskPublished) -> dict[int, str | None]:
        """When rows were published: live id -> UTC. Rows that are not committed yet are included."""
        batch = self._batches.of(question.site, question.type, question.kind)
        with self._database.reading() as connection:
            found = current_rows.published(connection, batch.collection, question.ids)
        batch.overlay_published(found, question.ids)
        return found
