"""The verdict on a type that was brought without the API."""

from __future__ import annotations

from newsbot.wordpress.pages.asking import Halt
from newsbot.wordpress.pages.reader import NO_BODY
from newsbot.wordpress.receipt import CollectionFacts, cause_of

NAMED = 3
"""The most missing articles that the verdict names; ``missing_urls`` has all of them."""


def conclude(
    facts: CollectionFacts,
    *,
    reason: str,
    gap: str | None,
    full: str | None,
    halt: Halt | None,
    may_be_empty: bool = False,
) -> None:
    """Close ``facts``. Only sitemaps without a gap can prove that all posts came.

    ``reason``: why the API cannot be used. ``gap``: why the sitemaps may not list all posts. ``full``: the result of
    ``FallbackCollection._full``. ``halt``: why the crawl stopped early. ``may_be_empty``: the user asked for all types,
    and no row of this type ever came.
    """
    came = f"{reason}; {_came(facts)}"
    if halt is not None:
        facts.end(halt.verdict, f"{came}; then {halt}", cause_of(halt))
    elif may_be_empty and gap is None and (empty := forgive_bodiless(facts)) is not None:
        facts.end("complete", f"{came}; {empty}")
    elif facts.missing_urls:
        why = f"{came}; {len(facts.missing_urls)} missing: {some(facts.missing_urls)}"
        facts.end("incomplete", why, "rows")
    elif full is not None:
        facts.end("complete", f"{came}; {full}")
    elif facts.expected_before is None:
        broke_off = f"; {gap}" if gap is not None else ""
        facts.end("incomplete", f"{came}; without a sitemap nothing proves that all posts came{broke_off}")
    elif gap is not None:
        facts.end("incomplete", f"{came}; the sitemap may not list all posts: {gap}")
    else:
        facts.end("complete", f"{came}; {_accounted(facts)}")


def _came(facts: CollectionFacts) -> str:
    none = "no other post came" if facts.sent else "no post came"
    came = ", ".join(f"{count} by {name}" for name, count in facts.via.items()) or none
    kept = f", {facts.kept} unchanged since an earlier run" if facts.kept else ""
    return f"{came}{kept}"


def _accounted(facts: CollectionFacts) -> str:
    posts = f"all {facts.expected_before} posts of the sitemap are accounted for"
    gone = f", {facts.gone} gone" if facts.gone else ""
    outside = f", {facts.outside_window} outside the window" if facts.outside_window else ""
    return f"{posts}{gone}{outside}"


def forgive_bodiless(facts: CollectionFacts) -> str | None:
    """Forget the missing pages of a type from which no row ever came, if none of them shows an article (for example
    landing pages). Returns the text of the verdict; None if articles may be missing."""
    pages = len(facts.missing_urls)
    if facts.sent or facts.kept or not pages or any(why != NO_BODY for why in facts.missing_urls.values()):
        return None
    facts.missing_urls.clear()
    return f"its sitemaps list {pages} {'page' if pages == 1 else 'pages'} without an article"


def some(missing_urls: dict[str, str]) -> str:
    """The first ``NAMED`` of the missing articles, each with its reason."""
    named = ", ".join(f"{url} ({why})" for url, why in list(missing_urls.items())[:NAMED])
    return f"{named} ..." if len(missing_urls) > NAMED else named
