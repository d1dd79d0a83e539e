"""Findings as lines for a reader: all of one site, or a table of several. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from newsbot.doctor.examination import CollectionTotal
from newsbot.doctor.findings import Findings
from newsbot.rights import words as rights
from newsbot.terminal import in_one_line

HIDE_LANGUAGES = frozenset({"Polylang", "WPML"})
"""Plugins for languages: a site with one of them may list and count only its default language."""

_WIDTH = 14


def report_of(found: Findings) -> str:
    """All findings of one site."""
    title = " - ".join(filter(None, (found.site or found.asked, found.name)))
    lines = [in_one_line(title)]
    for name, values in _parts(found):
        for number, value in enumerate(values):
            lines.append(f"  {(name if number == 0 else '').ljust(_WIDTH)}{in_one_line(value)}")
    return "\n".join(lines)


def _parts(found: Findings) -> Iterator[tuple[str, Sequence[str]]]:
    """The name of each part, and its lines."""
    if found.part is not None:
        yield "address", [f"{found.asked} means a part of the site ({found.part}); all below is about the whole site"]
    yield "crawl", [_crawl(found)]
    yield "WordPress", [_wordpress(found)]
    if found.wordpress is not None:
        yield from _shown(found)
    elif found.plugins:
        yield "plugins", _plugins(found)
    yield (
        "in the way",
        [line for line in found.obstacles if line != found.why] or ["nothing else" if found.why else "nothing seen"],
    )
    if found.can_crawl:
        yield "cost", [_cost(found)]
    if found.command is not None:
        yield "start with", [found.command]
    if found.step is not None:
        yield "what to do", [found.step]
    yield "asked", [_asked(found)]


def _shown(found: Findings) -> Iterator[tuple[str, Sequence[str]]]:
    """What a site shows of itself. For a site that refused newsbot, "none found" is not written, since newsbot did not
    look."""
    if found.api is not None:
        yield "REST API", [found.api]
        yield "permalinks", [f"{found.permalinks}{f', as {found.example}' if found.example else ''}"]
        yield "time zone", [found.timezone or "not told"]
    yield "languages", [_languages(found)]
    if found.collections:
        hides = HIDE_LANGUAGES.intersection(found.plugins.get("language", ()))
        of_one = ["(a total may count one language only; a crawl brings all)"] if hides else []
        yield "rows", [*map(_counted, found.collections), *of_one]
    yield "feed", [_feed(found)]
    yield "sitemaps", [f"{url} ({what})" for url, what in found.sitemaps.items()] or ["none found"]
    yield "plugins", _plugins(found)
    yield "rights", rights.lines(found.rights) or ["none declared"]
    yield "use for", [f"{use}: {told_use}" for use, told_use in found.uses.items()]


def _plugins(found: Findings) -> list[str]:
    return [f"{kind}: {', '.join(names)}" for kind, names in found.plugins.items()] or ["none seen"]


def _crawl(found: Findings) -> str:
    if found.by == "api":
        return "yes, by the REST API"
    if found.by is not None:
        return f"yes, but only by {found.by}: {found.why}"
    return f"no: {found.why}"


def _wordpress(found: Findings) -> str:
    if found.wordpress is None:
        return "unknown: the site showed nothing of itself"
    if not found.wordpress:
        return "no"
    return f"yes, {found.version}" if found.version else "yes, version not told"


def _languages(found: Findings) -> str:
    if not found.languages:
        return found.language or "not told"
    others = ", ".join(found.languages)
    return f"{found.language} (home page); {others}" if found.language else others


def _asked(found: Findings) -> str:
    count = f"{found.requests} request{'' if found.requests == 1 else 's'}"
    return count if found.asked_all else f"{count}, the most allowed; some questions were not asked"


def _counted(collection: CollectionTotal) -> str:
    return f"{collection.type}: {_total(collection)}"


def _total(collection: CollectionTotal) -> str:
    if collection.total is not None:
        return f"{collection.total:,}"
    return f"not counted ({collection.why})" if collection.why else "not asked"


def _feed(found: Findings) -> str:
    if found.feed is None:
        return "none found"
    return found.feed if found.feed_asked else f"{found.feed} (named by the home page)"


def _cost(found: Findings) -> str:
    cost = found.cost
    if cost is None and found.by == "api":
        return "not known: the site does not count its posts"
    if cost is None:
        return "not known: about one request for each article that the feed does not give whole"
    size = f", {cost.megabytes:g} MB unpacked" if cost.megabytes is not None else ""
    of = "posts" if cost.types == ("post",) else ", ".join(cost.types)
    return f"{of}: about {cost.requests:,} requests, {cost.minutes:g} minutes at {cost.delay:g} s a request{size}"


_HEADS = ("site", "crawl", "WordPress", "posts", "requests", "minutes", "MB", "in the way")


def table(every: Sequence[Findings]) -> str:
    """A line for each site."""
    rows = [[in_one_line(cell) for cell in row] for row in (_HEADS, *(_row(found) for found in every))]
    widths = [max(len(row[place]) for row in rows) for place in range(len(_HEADS))]
    lines = ["  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=True))]) for row in rows]
    return "\n".join(line.rstrip() for line in lines)


def _row(found: Findings) -> tuple[str, ...]:
    posts = next((collection.total for collection in found.collections if collection.type == "post"), None)
    cost = found.cost
    numbers = (posts, cost and cost.requests, cost and cost.minutes, cost and cost.megabytes)
    way = found.obstacles[0] if found.obstacles else "-"
    more = f" (and {len(found.obstacles) - 1} more)" if len(found.obstacles) > 1 else ""
    version = {None: "?", False: "no", True: found.version or "yes"}[found.wordpress]
    shown = ("-" if number is None else f"{number:,}" for number in numbers)
    return (found.site or found.asked, found.by or "no", version, *shown, f"{way}{more}")
