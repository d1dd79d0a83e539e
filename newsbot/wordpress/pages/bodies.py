"""Adds the article to posts of the API whose content lacks it: from the page of the post."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from newsbot.article.shell import MORE_WORDS, Shell, has_media, is_more, shell_of
from newsbot.errors import PayloadError
from newsbot.items import Post
from newsbot.rights.answers import combined
from newsbot.wordpress.messages import Asking, Query, Reply
from newsbot.wordpress.pages.asking import Halt
from newsbot.wordpress.pages.reader import Closed, Elsewhere, Gone, NoArticle, NoBody, OtherType, PageReader
from newsbot.wordpress.replies import Unanswered, answer, is_final

_WORDLESS = frozenset({"image", "video", "gallery", "audio"})
"""Formats of posts that need no words."""

TRIES = {Shell.SURE: 20, Shell.LIKELY: 3}
"""The number of pages in a row that brought no more than the API, after which only some posts of the kind are tried."""

_FIRST_PAUSE, _LONGEST_PAUSE = 10, 1_000
"""The number of posts that are then skipped before the next try. The number doubles while pages bring nothing."""

EDITED = frozenset({"post", "page"})
"""Types whose rows always have content."""

_NOTHING_THERE = (NoBody, Gone, OtherType, Elsewhere, Closed)
"""The errors that mean that visitors see no article either, or no article on this page."""


@dataclass(slots=True, kw_only=True)
class Bodies:
    """Completes the posts of one collection. ``plain`` reads pages without a browser, which costs a hundred times more.

    ``barren`` counts the pages in a row that brought nothing, by the kind of shell; ``pauses`` how many more posts are
    skipped. ``passed`` are the ids of skipped posts.

    ``schema`` asks the site which fields the rows have. ``has_editor``: whether the rows should have content. The rows
    of a type without an editor have none. None: not known yet; then ``bare`` are ids of rows without content, and
    ``barren_bare`` the number of their pages in a row that brought nothing.
    """

    reader: PageReader
    schema: Query | None = None
    plain: PageReader = field(init=False)
    barren: Counter[Shell] = field(default_factory=Counter)
    pauses: Counter[Shell] = field(default_factory=Counter)
    passed: dict[Shell, list[int]] = field(default_factory=dict)
    has_editor: bool | None = None
    bare: list[int] = field(default_factory=list)
    barren_bare: int = 0

    def __post_init__(self) -> None:
        render = "never" if self.reader.render == "auto" else self.reader.render
        self.plain = replace(self.reader, render=render)
        self.has_editor = True if self.reader.type in EDITED else None

    def complete(self, post: Post, raw: Mapping[str, Any]) -> Asking[list[int]]:
        """Add the article to a post whose content lacks it. Returns ids of posts whose article may still be missing.

        Raises Unanswered where the crawl is stopping.
        """
        if post.protected:
            return []
        if not isinstance(raw.get("content"), dict | str):
            return (yield from self._complete_bare(post))
        edited = self._take_edited()
        return edited if post.url is None else edited + (yield from self._complete_shell(post))

    def _take_edited(self) -> list[int]:
        """Note that a row of the type has content, so that rows without content lack their article. Returns the ids of
        these rows."""
        self.has_editor, lacking, self.bare = True, self.bare, []
        return lacking

    def _complete_bare(self, post: Post) -> Asking[list[int]]:
        """Complete a post whose row has no content at all."""
        if self.has_editor or self.barren_bare < TRIES[Shell.SURE]:
            if (yield from self._add(post, self.reader, by=0)):
                self.barren_bare = 0
                return []
            self.barren_bare += 1
        if self.has_editor is None and self.schema is not None:
            self.has_editor = yield from self._ask_editor(self.schema)
            self.schema = None
        if self.has_editor:
            return [post.id]
        if self.has_editor is None:
            self.bare.append(post.id)
        return []

    def _ask_editor(self, schema: Query) -> Asking[bool | None]:
        """Whether the rows should have content; None if the site does not say this."""
        reply = yield schema
        try:
            payload = answer(reply)
        except PayloadError as fault:
            if is_final(fault):
                raise
            return None
        described = payload.get("schema") if isinstance(payload, dict) else None
        fields = described.get("properties") if isinstance(described, dict) else None
        return "content" in fields if isinstance(fields, dict) else None

    def _complete_shell(self, post: Post) -> Asking[list[int]]:
        shell = shell_of(
            post.content_html,
            excerpt=post.excerpt,
            wordless=post.format in _WORDLESS,
            pictured=post.image is not None,
        )
        if shell is Shell.NONE:
            return []
        if self.pauses[shell]:
            self.pauses[shell] -= 1
            self.passed.setdefault(shell, []).append(post.id)
            return []
        if shell is Shell.SURE:
            added = yield from self._add(post, self.reader, by=1)
        else:
            added = yield from self._add(post, self.plain, by=MORE_WORDS)
        if added is None:
            return [post.id] if shell is Shell.SURE else []
        return self._learn(shell, useful=added)

    def _learn(self, shell: Shell, *, useful: bool) -> list[int]:
        """Learn from a page. If it was useful, the skipped posts may lack their article too. Returns their ids."""
        if useful:
            self.barren[shell] = self.pauses[shell] = 0
            return self.passed.pop(shell, [])
        self.barren[shell] += 1
        more = self.barren[shell] - TRIES[shell]
        if more >= 0:
            self.pauses[shell] = min(_LONGEST_PAUSE, _FIRST_PAUSE << min(more, 10))
        return []

    def _add(self, post: Post, reader: PageReader, *, by: int) -> Asking[bool | None]:
        """Whether the page brought ``by`` more words than the API; None where the page could not be read."""
        if reader.halted or post.url is None:
            return None
        try:
            found = yield from reader.read(post.url)
        except _NOTHING_THERE:
            return False
        except NoArticle:
            return None
        except Halt as halt:
            if halt.fault == "stopped":
                raise Unanswered(Reply(status=0, url=post.url, error="stopped")) from None
            reader.halted = True
            return None
        if found.id not in (0, post.id):
            return False
        if found.protected:
            return True
        if not _shows_more(found.content_html, post, by=by):
            return False
        post.content_html, post.via = found.content_html, found.via
        post.rights = combined(post.rights, found.rights)
        return True


def _shows_more(html: str | None, post: Post, *, by: int) -> bool:
    """Whether a page has ``by`` more words than the post; or has media, if the post has no words and ``by`` is 1."""
    if by == 1 and has_media(html) and not is_more(post.content_html, None):
        return True
    longest = post.excerpt if by > 1 and is_more(post.excerpt, post.content_html) else post.content_html
    return is_more(html, longest, by=by)
