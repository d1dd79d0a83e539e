"""Random sequences of a site's changes and of crawls: a verdict of ``complete`` means that nothing is lost.

A sequence is a list of steps; its seed gives it. ``play`` plays it and returns the first broken promise. ``reduced``
leaves out the steps without which the promise is still broken. By hand: ``python -m
tests.unit.soak_sequences FIRST LAST``.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from newsbot.items import Checkpoint, Record
from newsbot.wordpress.api import Collection
from newsbot.wordpress.collection.crawl import CollectionCrawl
from newsbot.wordpress.collection.cursor import MORE_ROWS
from newsbot.wordpress.options import Options
from newsbot.wordpress.queries import Queries
from newsbot.wordpress.receipt import CollectionFacts
from tests.unit.outgoing import outgoing
from tests.unit.soak_archive import SoakArchive
from tests.unit.soak_site import DAY, KEY, START, Endless, Entry, SoakSite, iso

COLLECTIONS = {
    "posts": Collection(name="post", route="/wp/v2/posts"),
    "media": Collection(name="attachment", route="/wp/v2/media"),
    "comments": Collection(name="comment", route="/wp/v2/comments"),
}

ACTS = (
    *("add", "back_date", "twin", "schedule", "publish_late", "edit", "redate", "swap", "trash", "restore", "hide"),
    *("show", "hide_quietly", "show_quietly", "exchange_quietly", "delete", "delete_and_back_date"),
    *("delete_and_publish_late", "count_more", "count_less", "new_zone", "pass_time", "pass_time"),
)
RARE = ("kill", "mend", "future_modified", "redate_quietly", "swap_quietly")

Act = tuple[str, int]

SHORT_URLS = (150, 215)
"""A URL of the first length holds ten ids, and none beside a window of dates. One of the second length holds thirty,
and ten beside a window, so that ids are compared by parts.
"""

FEW_REQUESTS = 3
"""A walk over a collection of one page makes this many requests."""


@dataclass(frozen=True, slots=True)
class Step:
    """Acts, then a crawl during which further acts fall before its nth request."""

    acts: tuple[Act, ...] = ()
    during: tuple[tuple[int, Act], ...] = ()
    sweep: bool = False


@dataclass(frozen=True, slots=True)
class History:
    """What the site holds before the first crawl, and the steps. ``kind`` is what is crawled, ``longest`` the
    longest URL that the server accepts."""

    kind: str
    posts: int
    ties: int
    per_page: int
    steps: tuple[Step, ...]
    longest: int | None = None


def sequence(seed: int) -> History:
    """The sequence of a seed: three in ten have a site that lies, and seven in ten have changes during a crawl."""
    chance = random.Random(seed)
    lies, busy = chance.random() < 0.3, chance.random() < 0.7

    def acts(most: int, *, start: bool = False) -> tuple[Act, ...]:
        names = [chance.choice(RARE if chance.random() < 0.04 else ACTS) for _ in range(chance.randint(0, most))]
        if lies and chance.random() < (0.5 if start else 0.25):
            names.insert(chance.randint(0, len(names)), "begin_lie")
        if lies and chance.random() < 0.15:
            names.append("end_lie")
        return tuple((name, chance.randrange(10_000)) for name in names)

    steps = []
    for number in range(chance.randint(2, 6)):
        while_crawling = acts(3) if busy and chance.random() < 0.5 else ()
        during = tuple((chance.randint(1, 9), act) for act in while_crawling)
        steps.append(Step(acts(5, start=number == 0), during, sweep=chance.random() < 0.08))
    kind = chance.choices(("posts", "media", "comments"), weights=(7, 2, 1))[0]
    posts, ties, per_page = chance.randint(0, 30), chance.choice((1, 1, 3, 12)), chance.choice((3, 5, 10))
    longest = chance.choice((None, None, *SHORT_URLS))
    if longest is not None:
        posts += 20
    return History(kind, posts, ties, per_page, tuple(steps), longest)


def play(played: History, *, most: Counter[str] | None = None) -> str | None:
    """The first broken promise of a sequence, or None. ``most`` counts verdicts and gets the most requests."""
    site = SoakSite(kind=played.kind, per_page=played.per_page, longest=played.longest)
    archive = SoakArchive()
    for number in range(played.posts):
        site.insert(START - (played.posts - number) // played.ties * DAY - DAY)
    # Quiet crawls at the end: they find what a disturbed crawl missed.
    for number, step in enumerate((*played.steps, Step(), Step(acts=(("end_lie", 0), ("mend", 0)), sweep=True))):
        site.now += 30
        for name, place in step.acts:
            site.act(name, place)
        if (broken := _crawl(played.kind, site, archive, step, most)) is not None:
            return f"crawl {number + 1}: {broken}"
    return None


def _crawl(kind: str, site: SoakSite, archive: SoakArchive, step: Step, most: Counter[str] | None) -> str | None:
    site.now += 30
    site.asked.clear()
    site.nodes = {0, 1}
    site.touched.clear()
    site.events = {
        request: partial(_all, site, [act for at, act in step.during if at == request]) for request, _ in step.during
    }
    lying, alternated = bool(site.lie), site.lie == "alternating"
    throughout = set(site.live())
    site.limit = bound(len(site.entries) + len(archive.rows), site.per_page)
    if site.lie == "endless":
        # A listing may bring this many more rows before its end is asked for, in a search and in the sweep after it.
        site.limit += 2 * MORE_ROWS // site.per_page
    try:
        facts, rows = crawled(kind, site, archive, sweep=step.sweep)
    except Endless as fault:
        return f"{fault} ({site.lie or 'no lie'})"
    site.events = {}
    buried = {record.id for record in rows if record.change == "deleted"}
    if most is not None:
        most[facts.verdict + (" of a liar" if lying else "")] += 1
        most["requests"] = max(most["requests"], len(site.asked))
    line = f"{facts.mode} {facts.verdict} ({facts.why}), {len(site.asked)} requests, lie {site.lie or 'none'}"
    if wrongly := buried & throughout & site.live().keys() - site.touched:
        return f"buried though alive throughout: {sorted(wrongly)}; {line}"
    if facts.verdict == "complete":
        # A few requests cannot tell that two nodes with different posts answer them in turns: the pages of one kind
        # may all come from one node. If one node could have given all answers, no crawl can tell it.
        few = facts.mode == "update" or len(site.asked) <= FEW_REQUESTS or bool(site.nodes)
        alternated = alternated or site.lie == "alternating"
        unseen = alternated and few
        wrong = [] if unseen else _differences(site, archive)
        if wrong and _is_told(site, archive, facts):
            wrong = []
            if most is not None:
                most["told as not proven"] += 1
        return f"silent: {'; '.join(wrong)}; {line}" if wrong else None
    # If nothing is left, a refusal of single posts cannot be told from a site that refuses everything. WordPress
    # counts media of drafts and shows them to nobody; it shows all posts that it counts.
    odd = any(entry.fatal or (entry.hidden and kind == "posts") for entry in site.entries.values())
    healthy = bool(site.live()) and not (lying or site.lie or step.during or odd)
    return f"a false alarm: {line}" if healthy and not _differences(site, archive) else None


def crawled(
    kind: str, site: SoakSite, archive: SoakArchive, *, sweep: bool = False, confirm: bool = True
) -> tuple[CollectionFacts, list[Record]]:
    """What a crawl tells, and the rows that it delivers. ``confirm``: the user confirms many deletions."""
    facts = CollectionFacts(type=COLLECTIONS[kind].name)
    options = Options(url=KEY, kind=kind, follow=frozenset(), confirm_deletions=confirm, sweep=sweep)
    queries = Queries(site=site.learnt or site.site(), collection=COLLECTIONS[kind], options=options)
    site.learnt = queries.site
    return facts, _rows(CollectionCrawl(queries=queries, facts=facts), site, archive)


def _is_told(site: SoakSite, archive: SoakArchive, facts: CollectionFacts) -> bool:
    """Whether the receipt says that old rows may have been exchanged since ``proven``, and nothing else differs.

    The site's count must agree with the archive's account. Otherwise the count would show the exchange. The site gives
    the count and the ids in two answers, so ``proven`` is the time of an earlier run, unless all ids were listed.
    """
    live, held = site.live(), archive.live()
    differing = (live.keys() ^ held.keys()) - site.touched
    counted = sum(entry.status == "publish" for entry in site.entries.values())
    # A site that lies about its totals is counted in another way.
    account = len(held) - len(archive.state.unlisted) + archive.state.hidden
    balanced = bool(site.touched or site.lie) or counted == account
    both = (live.keys() & held.keys()) - site.touched
    edited = any(archive.reader[row_id] not in (live[row_id].title, "") for row_id in both)
    redated = [row_id for row_id in both if not _is_dated(live[row_id], held[row_id])]
    if redated and (
        facts.dates_proven is None or any(_changed(site, row_id) < facts.dates_proven for row_id in redated)
    ):
        return False
    if facts.mode != "update" or facts.proven is None or edited or not balanced:
        return False
    return all(_changed(site, row_id) >= facts.proven for row_id in differing)


def _changed(site: SoakSite, row_id: int) -> str:
    return iso(site.changed[row_id]) + "Z"


def _is_dated(one: Entry, held: Record) -> bool:
    """Whether the archive holds the date of a post."""
    return getattr(held, "published", None) == iso(one.date) + "Z"


def bound(rows: int, per_page: int) -> int:
    """The most requests of a crawl of this many rows: each row listed three times, asked for alone once, and 80."""
    return 80 + 4 * -(-rows // per_page) + 2 * rows


def _all(site: SoakSite, acts: Sequence[Act]) -> None:
    for name, place in acts:
        site.act(name, place)


def _rows(crawl: CollectionCrawl, site: SoakSite, archive: SoakArchive) -> list[Record]:
    rows: list[Record] = []
    for message in outgoing(crawl.run(), site.reply, archive.answer):
        if isinstance(message, Checkpoint):
            archive.commit(message)
        else:
            archive.add(message)
            rows.append(message)
    return rows


def _differences(site: SoakSite, archive: SoakArchive) -> list[str]:
    """What differs between the site, the archive and a reader of the feeds. Rows that were changed during the crawl may
    differ.
    """
    live, held, reader = site.live(), archive.live(), archive.reader
    found = []
    for row_id in sorted((live.keys() | held.keys() | reader.keys()) - site.touched):
        if row_id not in held or row_id not in reader:
            if row_id in live:
                found.append(f"{row_id} lacks")
        elif row_id not in live:
            # Two cache nodes alternate, and one of them still shows the row.
            if site.lie != "alternating":
                found.append(f"{row_id} is gone")
        elif reader[row_id] not in (live[row_id].title, "") and site.lie != "alternating":
            found.append(f"{row_id} is {reader[row_id]}, not {live[row_id].title}")
        elif site.lie != "alternating" and not _is_dated(live[row_id], held[row_id]):
            found.append(f"{row_id} has another date")
    return found


def kind_of(broken: str) -> str:
    """What is broken: "silent", "a false alarm", "buried though alive throughout" or "too many requests"."""
    return "too many requests" if "more than" in broken else broken.split(": ")[1]


def reduced(played: History, broken: str) -> History:
    """A smaller sequence that breaks a promise of the same kind."""
    kind = kind_of(broken)

    def fails(one: History) -> bool:
        found = play(one)
        return found is not None and kind_of(found) == kind

    smaller = True
    while smaller:
        smaller = False
        for one in _smaller(played):
            if fails(one):
                played, smaller = one, True
                break
    return played


def _smaller(played: History) -> list[History]:
    steps, found = played.steps, []

    def with_steps(changed: Sequence[Step]) -> History:
        return replace(played, steps=tuple(changed))

    for index, step in enumerate(steps):
        found.append(with_steps([*steps[:index], *steps[index + 1 :]]))
        changed = [Step(step.acts[:at] + step.acts[at + 1 :], step.during, step.sweep) for at in range(len(step.acts))]
        calm = [step.during[:at] + step.during[at + 1 :] for at in range(len(step.during))]
        changed += [Step(step.acts, during, step.sweep) for during in calm]
        changed += [Step(step.acts, step.during, False)] * step.sweep
        found += [with_steps([*steps[:index], row, *steps[index + 1 :]]) for row in changed]
    for posts in {played.posts // 2, played.posts - 1} - {played.posts, -1}:
        found.append(replace(played, posts=posts))
    if played.ties > 1:
        found.append(replace(played, ties=1))
    return found


def main() -> None:
    first, last, shown = (int(given) for given in [*sys.argv[1:], "5"][:3])
    most: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    began = time.process_time()
    for seed in range(first, last):
        if (broken := play(sequence(seed), most=most)) is None:
            continue
        kinds[kind_of(broken)] += 1
        if kinds[kind_of(broken)] <= shown:
            small = reduced(sequence(seed), broken)
            print(f"seed {seed}: {play(small)}\n    {small}", flush=True)
    print(f"{last - first} sequences, {time.process_time() - began:.0f} s of CPU: broken {dict(kinds)}; {dict(most)}")
    sys.exit(bool(kinds))


if __name__ == "__main__":
    main()
