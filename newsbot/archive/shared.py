"""One archive for all components of one crawler: its driver, its pipelines, its feeds."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from newsbot.archive.archive import Archive

_opened: WeakKeyDictionary[object, Archive] = WeakKeyDictionary()


def archive_of(crawler: object, url: str, *, run: str, full: bool = False) -> Archive | None:
    """The archive of ``crawler``; the first call opens it. None where ``url`` is empty: the archive is off.

    Only the first call uses ``run`` and ``full``; all callers read the same settings. Raises ArchiveError.
    """
    if not url:
        return None
    if crawler not in _opened:
        _opened[crawler] = Archive.open(url, run=run, full=full)
    return _opened[crawler]
