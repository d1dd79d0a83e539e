"""What newsbot already knows of every site, in SQLite or PostgreSQL."""

from newsbot.archive.archive import Archive
from newsbot.archive.batch import MissingRows
from newsbot.archive.database import try_archive
from newsbot.archive.outbox import Feed, Recovered
from newsbot.archive.runs import Crawled, last_crawled
from newsbot.archive.shared import archive_of

__all__ = ["Archive", "Crawled", "Feed", "MissingRows", "Recovered", "archive_of", "last_crawled", "try_archive"]
