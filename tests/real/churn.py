"""Random churn of a real WordPress: editors and plugins change posts, an update run follows, SQL shows what is lost.

``Churn`` runs the rounds; ``Editors`` decides what is done in each. After each round the archive is compared with SQL,
and so is what a reader of the feeds holds, who applies each delivered row. A difference that the exit status 0 hides
is a silent loss. By hand: ``python -m tests.real.churn [rounds] [posts] [seed]``.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from newsbot.archive.database import open_database
from newsbot.archive.reader import Filter, read_current
from tests.crawl.scrapy_crawl import Run, crawl
from tests.real.reading import letters
from tests.real.wordpress import WordPress

Act = dict[str, Any]
Held = dict[int, tuple[str, str, str]]
"""id -> (letters of the title, letters of the text, published), of the live posts."""

_CODE = (Path(__file__).parent / "churn.php").read_text(encoding="utf-8").removeprefix("<?php")
MARK = "Churned"
"""The title of a post that was written here begins with this text: the text of such a post is compared too."""

ZONES = ("Europe/Paris", "America/New_York", "Asia/Kolkata", "Pacific/Kiritimati", "UTC")

_OPPOSITES: tuple[tuple[str, str], ...] = (
    ("delete", "back_date"),
    ("delete", "publish_late"),
    ("delete", "add"),
    ("trash", "restore"),
    ("hide", "show"),
    ("hide_quietly", "show_quietly"),
    ("hide_quietly", "publish_late"),
    ("convert_away", "convert_back"),
    ("trash", "back_date"),
)
"""Pairs that leave each total as it was."""

_QUIET = frozenset({"edit_quietly", "redate_quietly"})
"""Changes that neither a date of modification nor an id shows. Only a comparison of every text and date would show
them.
"""

_STATUS = {"hide": ("private", "draft", "pending"), "hide_quietly": ("private", "draft"), "show": ("publish",)}


@dataclass
class Editors:
    """Draws what is done to the site. ``quiet``: also edits that no date of modification shows."""

    site: WordPress
    chance: random.Random
    quiet: bool = False
    written: int = 0
    pools: dict[str, list[int]] = field(default_factory=dict)
    dates: dict[int, str] = field(default_factory=dict)

    def prepare(self) -> list[Act]:
        """Prepare the site before the first crawl: posts that later rounds restore, publish and show."""
        self.look()
        acts = [self._act("schedule") for _ in range(12)]
        acts += [self._act(name) for name in ("trash", "hide", "hide_quietly", "convert_away") for _ in range(4)]
        return [act for act in acts if act]

    def acts(self) -> list[Act]:
        """One round: pairs of opposites, single acts, and now and then a new time zone."""
        self.look()
        chance, found = self.chance, []
        for _ in range(chance.choice((0, 1, 1, 2))):
            for pair in [chance.choice(_OPPOSITES)] * chance.randint(1, 3):
                acts = [self._act(pair[0]), self._act(pair[1])]
                if all(acts):
                    if acts[1].get("gmt") and pair[1] == "back_date" and chance.random() < 0.5:
                        # The new post has the date of the deleted post: even the counts of its day agree.
                        acts[1]["gmt"] = self._near(self.dates[acts[0]["id"]])
                    found += acts
        names = ["add", "back_date", "edit", "redate", "schedule", "publish_late", "trash", "restore", "hide", "show"]
        names += ["hide_quietly", "show_quietly", "delete", "convert_away", "convert_back"]
        found += [self._act(name) for name in chance.choices(names, k=chance.randint(0, 4))]
        if chance.random() < 0.4:
            found += self._swap()
        if self.quiet:
            found += [self._act(name) for name in sorted(_QUIET) if chance.random() < 0.3]
        if chance.random() < 0.2:
            found.append({"act": "zone", "zone": chance.choice(ZONES)})
        found = [act for act in found if act]
        chance.shuffle(found)
        return found

    def look(self) -> None:
        """Read what the site holds. Each post is drawn once a round at most."""
        rows = self.site.sql(
            "SELECT ID AS id, post_status AS status, post_type AS type, post_date_gmt AS gmt, post_title AS title "
            "FROM wp_posts WHERE post_type = 'post' OR (post_type = 'page' AND post_title LIKE %s) ORDER BY ID",
            [f"{MARK}%"],
        )
        self.pools = {"live": [], "trash": [], "future": [], "hidden": [], "page": []}
        self.dates = {row["id"]: str(row["gmt"]) for row in rows}
        for row in rows:
            if row["type"] == "page":
                pool = "page" if row["status"] == "publish" else None
            else:
                pool = {"publish": "live", "trash": "trash", "future": "future"}.get(row["status"], "hidden")
            if pool is not None:
                self.pools[pool].append(row["id"])
        for ids in self.pools.values():
            self.chance.shuffle(ids)

    def _act(self, name: str) -> Act:
        """Something to do, or {} where the site has no post for it."""
        act: Act = {"act": name}
        if name in ("add", "back_date", "edit", "edit_quietly", "schedule", "import"):
            self.written += 1
            act |= {"title": f"{MARK} {self.written}", "text": f"<p>Text number {self.written} of the churn.</p>"}
        if name in ("back_date", "redate", "redate_quietly", "publish_late", "import"):
            act["gmt"] = self._past()
        if name in ("convert_away", "convert_back"):
            act |= {"act": "convert", "type": "page" if name == "convert_away" else "post"}
        if name in ("hide", "hide_quietly", "show", "show_quietly"):
            act["status"] = self.chance.choice(_STATUS.get(name, ("publish",)))
        pools = {"publish_late": "future", "restore": "trash", "show": "hidden", "show_quietly": "hidden"}
        pool = self.pools["page" if name == "convert_back" else pools.get(name, "live")]
        if name not in ("add", "back_date", "schedule", "import"):
            if not pool:
                return {}
            act["id"] = pool.pop()
        return act

    def _swap(self) -> list[Act]:
        """Two posts change their dates with each other: every count of every window stays."""
        one, other = self._act("redate"), self._act("redate")
        if not one or not other:
            return []
        one["gmt"], other["gmt"] = self._near(self.dates[other["id"]], 0), self._near(self.dates[one["id"]], 0)
        return [one, other]

    def _near(self, gmt: str, seconds: int = 30) -> str:
        if gmt.startswith("0000"):
            return self._past()
        moment = datetime.fromisoformat(gmt) + timedelta(seconds=self.chance.randint(-seconds, seconds))
        return moment.strftime("%Y-%m-%d %H:%M:%S")

    def _past(self) -> str:
        # An hour of the day, since WordPress itself computes an hour too much at night where the clocks go forward.
        day = datetime.now(UTC) - timedelta(
            days=self.chance.choice((1, 2, 5, 30, 400, 1500, self.chance.randint(1, 2500)))
        )
        return day.strftime("%Y-%m-%d ") + f"{self.chance.randint(6, 20):02}:{self.chance.randint(0, 59):02}:07"


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """``archive`` and ``reader`` are the differences from SQL in words, ``first_seen`` those that this round brought.
    ``untold`` counts the other differences, by edits that nothing shows. ``during``: some acts fell into the crawl.
    """

    number: int
    during: bool
    acts: list[Act]
    status: int
    verdict: str
    why: str
    requests: int
    seconds: float
    archive: list[str]
    reader: list[str]
    first_seen: list[str]
    untold: int

    @property
    def silent(self) -> bool:
        return self.status == 0 and bool(self.archive or self.reader)

    def line(self) -> str:
        flag = "SILENT LOSS " if self.silent else ""
        done = " ".join(sorted(act["act"] for act in self.acts))
        differs = f"{len(self.archive)} in the archive, {len(self.reader)} for the reader"
        differs += f"; new: {'; '.join(self.first_seen[:8])}" if self.first_seen else ""
        return (
            f"{self.number:3} {'during' if self.during else 'before'} {self.requests:3} requests {self.seconds:4.1f} s "
            f"exit {self.status} {self.verdict}: {self.why[:150]} | {done} | {flag}{differs}"
        )


class Churn:
    """``folder`` holds the archive and the feeds. ``site`` is seeded; what happens to it is left there."""

    def __init__(self, site: WordPress, folder: Path, *, seed: int, quiet: bool = False) -> None:
        self.site, self.folder, self.chance = site, folder, random.Random(seed)
        self.editors = Editors(site, self.chance, quiet=quiet)
        self.read: Held = {}
        self.untold: set[int] = set()
        """Posts whose last edit nothing shows."""
        self.number = 0
        self.differed: set[str] = set()

    def first(self) -> Run:
        """The walk before the first round."""
        self.do(self.editors.prepare())
        return self._crawl()

    def round(self) -> Round:
        """Acts, then a crawl; in every other round further acts fall into the crawl."""
        acts, during = self.editors.acts(), self.number % 2 == 0
        self.do(acts)
        self.site.forget_requests()
        touched: set[int] = set()
        before = time.monotonic()
        if during:
            more = self.editors.acts()
            acts = [*acts, *more]
            touched, run = self._crawl_while(more)
        else:
            run = self._crawl()
        took, requests = time.monotonic() - before, len(self.site.requests())
        true = held_by_sql(self.site)
        receipt = run.receipt()["sites"][0]
        archive = differences(held_by_archive(self.folder), true, but=touched)
        reader = differences(self.read, true, but=touched)
        states = [[said for row_id, said in found if row_id not in self.untold] for found in (archive, reader)]
        named = {f"{who}: {said}" for who, found in zip(("archive", "reader"), states, strict=True) for said in found}
        fresh, self.differed = sorted(named - self.differed), named
        return Round(
            number=self.number, during=during, acts=acts, status=run.status, verdict=receipt["verdict"],
            why=receipt["why"], requests=requests, seconds=took, archive=states[0], reader=states[1],
            first_seen=fresh, untold=len(archive) + len(reader) - len(states[0]) - len(states[1]),
        )  # fmt: skip

    def do(self, acts: list[Act]) -> set[int]:
        """Returns the ids that were touched."""
        touched: list[int] = json.loads(self.site.php(_CODE, acts=acts))
        for act in acts:
            if "id" in act:
                (self.untold.add if act["act"] in _QUIET else self.untold.discard)(act["id"])
        return set(touched)

    def _crawl(self) -> Run:
        self.number += 1
        name = f"{self.number}.jsonl"
        run = crawl(self.folder, "wp_posts", site=self.site.url, output=name)
        for row in run.rows(name):
            if row["change"] == "deleted":
                self.read.pop(row["id"], None)
            else:
                self.read[row["id"]] = _held(row)
        return run

    def _crawl_while(self, acts: list[Act]) -> tuple[set[int], Run]:
        """The acts fall between two requests of the crawl, in one to three parts."""
        parts = self.chance.choice((1, 1, 2, 3))
        shares = [acts[start::parts] for start in range(parts)]
        asked = sorted(self.chance.randint(1, 6) for _ in shares)
        over, touched = threading.Event(), set[int]()

        def editors() -> None:
            for share, after in zip(shares, asked, strict=True):
                while not over.is_set() and self.site.answered() < after:
                    time.sleep(0.003)
                touched.update(self.do(share))

        thread = threading.Thread(target=editors)
        thread.start()
        run = self._crawl()
        over.set()
        thread.join()
        return touched, run


def held_by_sql(site: WordPress) -> Held:
    query = (
        "SELECT ID AS id, post_title AS title, post_content AS text, post_date_gmt AS gmt FROM wp_posts "
        "WHERE post_type = 'post' AND post_status = 'publish'"
    )
    return {
        row["id"]: (
            letters(row["title"]) if row["title"].startswith(MARK) else "",
            letters(row["text"].removeprefix("<p>").removesuffix("</p>")) if row["title"].startswith(MARK) else "",
            "" if row["gmt"].startswith("0000") else row["gmt"].replace(" ", "T") + "Z",
        )
        for row in site.sql(query)
    }


def held_by_archive(folder: Path) -> Held:
    database = open_database(f"sqlite:///{folder / 'newsbot.db'}", create=False)
    try:
        rows = [json.loads(row.line()) for row in read_current(database, Filter(types=("post",)))]
    finally:
        database.close()
    return {row["id"]: _held(row) for row in rows}


def _held(row: dict[str, Any]) -> tuple[str, str, str]:
    ours = (row["title"] or "").startswith(MARK)
    return (
        letters(row["title"]) if ours else "",
        letters(row["content_text"]) if ours else "",
        row["published"] or "",
    )


def differences(held: Held, true: Held, *, but: Iterable[int] = ()) -> list[tuple[int, str]]:
    """(id, what differs), for all ids that were not touched while the crawl ran."""
    found = []
    for row_id in sorted((held.keys() | true.keys()) - set(but)):
        if row_id not in held:
            found.append((row_id, f"{row_id} lacks"))
        elif row_id not in true:
            found.append((row_id, f"{row_id} is gone"))
        else:
            for name, ours, theirs in zip(("title", "text", "date"), held[row_id], true[row_id], strict=True):
                # A zero date in GMT is computed from the local date, by WordPress and by newsbot.
                if ours != theirs and (theirs or name != "date"):
                    found.append((row_id, f"{row_id} {name} {ours} is not {theirs}"))
    return found


def summary(rounds: list[Round]) -> str:
    requests = [round_.requests for round_ in rounds]
    return (
        f"{len(rounds)} rounds: {sum(one.silent for one in rounds)} with silent loss "
        f"({sum(one.silent and bool(one.archive) for one in rounds)} in the archive), "
        f"{sum(one.status != 0 for one in rounds)} told incomplete, requests median {median(requests):g}, "
        f"most {max(requests)}; {rounds[-1].untold} edits that nothing shows are not told"
    )


def run(churn: Churn, rounds: int, say: Callable[[str], None] = print) -> list[Round]:
    """The first walk and this many rounds, each reported in a line, and a summary at the end."""
    first = churn.first()
    say(f"  0 the first walk: exit {first.status} {first.receipt()['sites'][0]['why']}")
    found = []
    for _ in range(rounds):
        found.append(churn.round())
        say(found[-1].line())
    say(summary(found))
    return found


if __name__ == "__main__":
    from tests.real import churn_by_hand

    churn_by_hand.main()
