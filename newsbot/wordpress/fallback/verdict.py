"""What the receipt says of a type that came by other ways; what a feed and a page make of one post together."""

from __future__ import annotations

from newsbot.items import Post
from newsbot.wordpress.pages.asking import Halt
from newsbot.wordpress.pages.feed import FeedEntry
from newsbot.wordpress.receipt import CollectionFacts

NAMED = 3
"""Missing articles that the one line names; ``missing_urls`` has them all."""


def conclude(facts: CollectionFacts, *, reason: str, unlisted: str | None, full: str | None, halt: Halt | None) -> None:
    """Close ``facts``. ``reason``: why the API did not do; ``unlisted``: what the sitemap lacks of being a whole list;
    ``full``: what came where ``limit=`` was reached. Only a whole list can prove that all came."""
    ways = ", ".join(f"{count} by {name}" for name, count in facts.via.items()) or "none came"
    kept = f", {facts.kept} unchanged since an earlier run" if facts.kept else ""
    told = f"{reason}; {ways}{kept}"
    if halt is not None:
        facts.verdict, facts.why = halt.verdict, f"{told}; then {halt}"
    elif facts.missing_urls:
        facts.verdict, facts.why = "incomplete", f"{told}; {len(facts.missing_urls)} missing: {_some(facts)}"
    elif full is not None:
        facts.verdict, facts.why = "complete", f"{told}; {full}"
    elif facts.expected_before is None:
        facts.verdict, facts.why = "incomplete", f"{told}; without a sitemap nothing proves that these are all"
    elif unlisted is not None:
        facts.verdict, facts.why = "incomplete", f"{told}; the sitemap is not whole: {unlisted}"
    else:
        gone = f", {facts.gone} gone" if facts.gone else ""
        outside = f", {facts.outside_window} outside the window" if facts.outside_window else ""
        all_ = f"all {facts.expected_before} posts of the sitemap are accounted for"
        facts.verdict, facts.why = "complete", f"{told}; {all_}{gone}{outside}"


def _some(facts: CollectionFacts) -> str:
    shown = [f"{url} ({why})" for url, why in list(facts.missing_urls.items())[:NAMED]]
    return ", ".join(shown) + (" ..." if len(facts.missing_urls) > NAMED else "")


def complete(post: Post, entry: FeedEntry) -> None:
    """Put into a post read off its page what its feed told and the page did not."""
    told = entry.post
    post.guid = told.guid
    post.title, post.published = post.title or told.title, told.published or post.published
    post.author, post.excerpt = post.author or told.author, told.excerpt or post.excerpt
    if not post.categories and not post.tags:
        post.categories = told.categories
