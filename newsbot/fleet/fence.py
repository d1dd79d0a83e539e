"""A worker that lost a job writes no row of its site any more."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from newsbot.errors import ArchiveAway


@dataclass(frozen=True, slots=True)
class JobKey:
    """A job as its worker fetched it."""

    id: int
    attempts: int


_STILL_OURS = sa.text(
    "SELECT 1 FROM procrastinate_jobs WHERE id = :id AND status = 'doing' AND attempts = :attempts FOR SHARE"
)


class Fence:
    """A guard of ``archive.leases.Leases``. ``jobs_of`` gives the jobs of this run whose site has a key.

    The lock on the job lasts until the transaction ends: no other worker can take the job over before that.
    """

    def __init__(self, jobs_of: Callable[[str], Iterable[JobKey]], alive: Callable[[], bool]) -> None:
        self._jobs_of = jobs_of
        self._alive = alive

    def __call__(self, connection: Connection, site: str) -> None:
        """Raise ArchiveAway, which undoes the transaction, if the job of the site does not belong to this worker any
        more."""
        if not self._alive():
            raise ArchiveAway("this worker wrote no heartbeat for too long, and other workers may have its sites")
        for job in self._jobs_of(site):
            values = {"id": job.id, "attempts": job.attempts}
            if connection.execute(_STILL_OURS, values).first() is None:
                raise ArchiveAway(f"another worker has the job of {site} now")
