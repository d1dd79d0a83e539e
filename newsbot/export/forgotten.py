"""The steps of ``scrapy forget``: plan, write the deletions for the readers of feeds, and remove the rows."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from newsbot.archive import Archive
from newsbot.archive.forgetting import (
    Plan,
    carry_out,
    folded,
    holds,
    known_sites,
    names_of_people,
    plan_comments,
    plan_person,
    plan_site,
    tombstones,
    undisturbed,
)
from newsbot.archive.near_names import near_names
from newsbot.archive.reader import is_same_site
from newsbot.errors import BadArgument
from newsbot.export.forgotten_warc import Sites, names_person, shows_comments
from newsbot.feeds.defaults import run_id
from newsbot.feeds.files import PartFile, remove_dead_parts
from newsbot.items import Record
from newsbot.safe_json import json_bytes
from newsbot.timestamps import iso_utc
from newsbot.warc.removing import remove


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the user wants forgotten: ``what`` is ``site``, ``person`` or ``comments``; ``words`` name it."""

    what: str
    words: Sequence[str]
    site: str | None


class Unconfirmed(Exception):
    """The user did not confirm."""


def forget(wish: Wish, *, archive_url: str, data: str, warc: str, confirm: Callable[[str], bool]) -> list[str]:
    """Remove what the wish names, if ``confirm`` accepts the line that describes the removal. Returns lines for the
    user.

    The file of deletions is complete on the disk before anything is removed. If the command is killed in between, the
    user runs it again. ``warc`` is the folder of the WARC files. Raises BadArgument, ArchiveError, OSError and Refused.
    """
    now = datetime.now(UTC)
    # Two commands that start in the same second must not write to the same file.
    run = run_id(now, secrets.token_hex(2))
    archive = Archive.open(archive_url, run=f"forget-{run}", create=False)
    try:
        if not confirm(_described(_plan(archive, wish), wish)):
            raise Unconfirmed
        with undisturbed(archive, lambda: _plan(archive, wish)) as plan:
            rows = tombstones(archive.database, plan, when=iso_utc(now))
            notices = _tell_feeds(Path(data) / "forget", run, rows, data)
            # The WARC files are overwritten before the archive changes. If the command is killed in between, the next
            # one finds the rows in the archive again.
            overwritten = _overwrite(Path(warc).expanduser(), wish, plan, known_sites(archive.database)) if warc else 0
            changed = carry_out(archive, plan)
        if wish.what == "person" and not (plan.doomed or changed or overwritten):
            raise BadArgument(_nobody(archive, wish, warc))
    finally:
        archive.close()
    lines = [f"{plan.live:,} rows are removed from the archive"]
    if changed:
        lines.append(f"{changed:,} revisions of posts lost comments that follow=replies had brought")
    if overwritten:
        lines.append(f"{overwritten:,} records of the WARC files in {warc} are overwritten")
    lines += [f"{path} tells the readers of the feeds" for path in notices]
    lines.append(f"files that were written before still hold what is removed: {data or 'data'}, your own, and media")
    return lines


def _overwrite(folder: Path, wish: Wish, plan: Plan, known: Sequence[tuple[str, str]]) -> int:
    """Remove the records that the wish names from the WARC files. Returns the number of records. Raises OSError."""
    if not folder.is_dir():
        return 0
    if wish.what == "site":
        return remove(folder, Sites.of(known, plan.sites).have)
    keys = {key for key, _ in known if wish.site is not None and is_same_site(key, wish.site)}
    sites = None if wish.site is None else Sites.of(known, keys)
    if wish.what == "comments":
        return remove(folder, shows_comments(sites))
    return remove(folder, names_person(" ".join(wish.words), sites))


def _plan(archive: Archive, wish: Wish) -> Plan:
    """The plan of the removal. Raises BadArgument if the archive holds nothing that the wish names."""
    database = archive.database
    if wish.what == "site":
        plan = plan_site(database, wish.words)
        if not plan.sites:
            raise BadArgument(f"the archive does not know the site {', '.join(wish.words)}")
        return plan
    if wish.what == "comments":
        plan = plan_comments(database, site=wish.site)
    else:
        plan = plan_person(database, " ".join(wish.words), site=wish.site)
    if not plan.doomed and not plan.posts and not holds(database, site=wish.site):
        raise BadArgument(f"the archive holds nothing of the site {wish.site}" if wish.site else "the archive is empty")
    return plan


def _nobody(archive: Archive, wish: Wish, warc: str) -> str:
    """The message that nobody has this name. The message says where newsbot searched, and which names are similar."""
    name = " ".join(wish.words)
    near = near_names(folded(name), names_of_people(archive.database, site=wish.site))
    place = f" of {wish.site}" if wish.site else ""
    records = f", and no record in {warc}," if warc else ""
    like = f"these names are similar: {', '.join(near)}" if near else "no name there is similar"
    return f"no account and no comment{place} in the archive{records} has the name {name}; {like}"


def _described(plan: Plan, wish: Wish) -> str:
    counted: Counter[str] = Counter()
    for part in plan.doomed:
        counted[f"{part.site} {part.type}"] += part.live
    rows = ", ".join(f"{name} {count:,}" for name, count in counted.items()) or "no row"
    more = {
        "site": ", and everything else that the archive knows of the site",
        "person": f", and the comments of {' '.join(wish.words)} within posts; articles keep their author",
        "comments": ", and the comments within posts",
    }[wish.what]
    return f"This removes from the archive, with every revision: {rows}{more}."


def _tell_feeds(folder: Path, run: str, records: Iterable[Record], data: str) -> list[Path]:
    """Write each row as ``deleted`` and without content to ``<run>-<kind>.jsonl``. Returns the files."""
    parts: dict[Path, PartFile] = {}
    with ExitStack() as stack:
        for record in records:
            if not data:
                break
            path = folder.resolve() / f"{run}-{record.collection}.jsonl"
            if path not in parts:
                folder.mkdir(parents=True, exist_ok=True)
                remove_dead_parts(folder)
                parts[path] = PartFile(path, run=run)
                stack.callback(parts[path].discard)
            parts[path].file.write(json_bytes(record)[0] + b"\n")
        for part in parts.values():
            part.seal()
        stack.pop_all()
    for path, part in parts.items():
        part.rename(path)
    return list(parts)
