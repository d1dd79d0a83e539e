"""Cleans a raw ``content.rendered``: gives the article's HTML, text, pictures, links and embeds, and what was
removed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from newsbot.article.cleaning import shortcodes
from newsbot.article.cleaning.closed_list import is_of_closed_list
from newsbot.article.cleaning.judgement import Judgement
from newsbot.article.cleaning.parse import parse
from newsbot.article.cleaning.php_messages import without_php_messages
from newsbot.article.cleaning.players import revive
from newsbot.article.cleaning.removal import greedy
from newsbot.article.cleaning.repair import repair
from newsbot.article.cleaning.rules import CleaningRules, default_rules
from newsbot.article.cleaning.sanitize import sanitize
from newsbot.article.cleaning.tree_walk import TreeWalk
from newsbot.article.teaser import ends_as_teaser
from newsbot.article.text import SOFT_HYPHEN, count_words, scrub
from newsbot.items import Embed, Image

_ANCHOR = re.compile("#(?<!&#)").search  # most posts have a number sign only in character references
_TARGETS = re.compile(r"""href=["']?[^"'\s>]*#([^"'\s>]+)""")
_NAMED = re.compile(r"""\s(?:id|name)=["']?([^"'\s>]+)""", re.I)
# Character references to control characters: they could bring control characters back after their removal.
_CONTROL_REFERENCE = re.compile(
    r"&#(?:0*(?:[0-9]|[12][0-9]|3[01]|12[7-9]|1[345][0-9])(?![0-9])|x0*(?:[0189][0-9a-f]|[0-9a-f]|7f)(?![0-9a-f])"
    r"|65279|65534|x(?:feff|fffe|ffff))",
    re.I,
)
_SECOND_LOOKS = 4
_HUGE = 50_000
_SEAL = "\ue000"  # a character of the private use area, which has no meaning


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """``removed`` counts the removals of each rule. ``held_back`` names the rules that would have removed the article
    itself.

    ``truncated``: the article continues behind a paywall or a "read more". ``credit``: the words and links of a removed
    line of an importer, "The post ... appeared first on ...".
    """

    html: str
    text: str
    images: list[Image]
    links: list[str]
    embeds: list[Embed]
    removed: dict[str, int]
    held_back: tuple[str, ...]
    word_count: int
    truncated: bool
    credit: tuple[str, tuple[str, ...]] | None = None


def clean(html: str, *, base_url: str, rules: CleaningRules | None = None) -> Cleaned:
    """The article in ``html``. URLs are resolved against ``base_url``. Pure. Cleaning the result again changes
    nothing."""
    rules = rules or default_rules()
    html, messages = without_php_messages(scrub(html))
    walk, held_back = _settle(repair(revive(shortcodes.with_plain_arguments(html))), base_url, rules)
    removed: dict[str, int] = {"php-message": messages} if messages else {}
    _count(removed, walk)
    stub, credit = walk.judgement.truncated(walk.writer.length), walk.judgement.credit
    written, safe = _sanitized(walk)
    # If the sanitizer's parser reads another tree, the walk is repeated on that tree. It is also repeated if words
    # that are no longer in a code element read as a shortcode.
    for _ in range(_SECOND_LOOKS):
        again = revive(safe)
        if again == written and (not walk.targets or walk.targets <= _targets(written)):
            break
        walk, _ = _settle(again, base_url, rules)
        _count(removed, walk)
        written, safe = _sanitized(walk)
    # Each copy of a huge article takes much memory: these copies are not needed any more.
    del again, written
    walk.writer.html.clear()
    text = "".join(walk.writer.text).replace(SOFT_HYPHEN, "").strip()
    return Cleaned(
        html=safe,
        text=text,
        images=walk.media.images,
        links=list(dict.fromkeys(walk.writer.links)),
        embeds=[Embed(provider=provider, url=url) for provider, url in walk.writer.embeds],
        removed=dict(sorted(removed.items())),
        held_back=held_back,
        word_count=count_words(text),
        truncated=stub or ends_as_teaser(text),
        credit=credit,
    )


def _sanitized(walk: TreeWalk) -> tuple[str, str]:
    """(the HTML as the walk wrote it, the same HTML after the sanitizer)."""
    pieces = walk.writer.html
    written = "".join(pieces)
    if is_of_closed_list(pieces, written):
        return written, written
    if len(written) < _HUGE or _SEAL in written:
        return written, sanitize(written)
    # The sanitizer's time is quadratic in the entities of a huge text. Such text is escaped already, so the sanitizer
    # does not get it.
    aside: dict[str, str] = {}
    for at, text in enumerate(pieces):
        if len(text) > _HUGE and text[0] != "<":
            pieces[at] = f"{_SEAL}{at}{_SEAL}"
            aside[pieces[at]] = text
    safe = sanitize("".join(pieces))
    for seal, text in aside.items():
        safe = safe.replace(seal, text)
    return written, safe


def _settle(html: str, base_url: str, rules: CleaningRules) -> tuple[TreeWalk, tuple[str, ...]]:
    """Walk until no rule removes more than it may. Returns the walk, and the names of the rules that were held back."""
    closed = shortcodes.closers(html)
    targets = _targets(html)
    references = _CONTROL_REFERENCE.search(html) is not None
    body = parse(html)
    rounds = 0
    held: set[int] = set()
    held_back: set[str] = set()
    opened: frozenset[str] = frozenset()
    while True:
        judgement = Judgement(rules, held, opened, base_url)
        walk = TreeWalk(judgement, base=base_url, closed=closed, targets=targets, references=references)
        walk.run(body)
        bare = not (walk.writer.length or walk.media.images or walk.writer.embeds)
        removals = judgement.removals
        too_much = greedy(removals.values(), kept=walk.writer.length, kept_sentences=walk.sentences, bare=bare)
        # If an author's sentences have a class of a plea, the author uses this class, so the other elements with the
        # class are judged again.
        found = {name for name in judgement.opened - opened if rules.by_name[name].asks}
        opened |= judgement.opened
        if not too_much and found.isdisjoint(removals):
            return walk, tuple(sorted(held_back | opened))
        for removal in too_much:
            held_back.add(removal.rule)
            held.update(removal.to_hold())
        rounds += 1
        if rounds > _SECOND_LOOKS:
            rules = rules.derive(without=held_back)


def _targets(html: str) -> frozenset[str]:
    """The ids in the post that one of its links leads to. Only these ids, and only these links, are kept."""
    wanted = frozenset(_TARGETS.findall(html)) if _ANCHOR(html) else frozenset()
    # Most links to an anchor lead to another page. A search for one name is faster than reading all names.
    named = any(f"={quote}{name}" in html for name in wanted for quote in ('"', "'", ""))
    return wanted.intersection(_NAMED.findall(html)) if named else frozenset()


def _count(removed: dict[str, int], walk: TreeWalk) -> None:
    for name, count in walk.judgement.counts.items():
        removed[name] = removed.get(name, 0) + count
    for name, removal in walk.judgement.removals.items():
        removed[name] = removed.get(name, 0) + removal.count
