"""Cleans content fields; the first pipeline."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Self

from scrapy.crawler import Crawler
from scrapy.statscollectors import StatsCollector

from newsbot import signals
from newsbot.items import Comment, Post
from newsbot.pipelines.targets import Targets

# An update of an unchanged site cleans nothing, so the cleaning modules are imported with the first row.
if TYPE_CHECKING:
    from newsbot.article.cleaning.clean import Cleaned


class CleanPipeline:
    """Fills the content fields of posts and comments, and the fields that depend on the text of an article. It drops no
    row.

    Stats: ``newsbot/clean/<rule>``, ``newsbot/clean_held_back/<rule>``, ``newsbot/article/truncated``.
    """

    def __init__(self, stats: StatsCollector, *, with_markdown: bool) -> None:
        self.stats = stats
        self.with_markdown = with_markdown
        self.targets = Targets()
        self._usual: dict[str, str] = {}  # site -> the language of its latest post whose language was certain

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        assert crawler.stats is not None
        pipeline = cls(crawler.stats, with_markdown=crawler.settings.getbool("NEWSBOT_MARKDOWN"))
        crawler.signals.connect(pipeline.targets.site_started, signals.site_started)
        return pipeline

    def process_item(self, item: Any) -> Any:
        # A deleted row comes from the archive, whose rows are clean already.
        if not isinstance(item, Post | Comment) or item.change == "deleted":
            return item
        if item.content_html is not None:
            self._clean(item)
        if isinstance(item, Post):
            self._set_language(item)
            if item.author is not None and not item.authors:
                item.authors = [item.author]
        return item

    def _clean(self, item: Post | Comment) -> None:
        from newsbot.article.cleaning.clean import clean

        target = self.targets.target(item.site)
        rules = target.cleaning_rules() if target is not None else None
        cleaned = clean(item.content_html or "", base_url=item.url or item.site, rules=rules)
        item.content_html = cleaned.html or None
        item.content_text = cleaned.text or None
        item.removed = dict(cleaned.removed)
        for rule, count in cleaned.removed.items():
            self.stats.inc_value(f"newsbot/clean/{rule}", count)
        for rule in cleaned.held_back:
            self.stats.inc_value(f"newsbot/clean_held_back/{rule}")
        if isinstance(item, Post):
            self._fill(item, cleaned)

    def _fill(self, post: Post, cleaned: Cleaned) -> None:
        from newsbot.article.facts.byline import find_byline
        from newsbot.article.facts.source import find_source, strongest

        post.images, post.links, post.embeds = list(cleaned.images), list(cleaned.links), list(cleaned.embeds)
        post.word_count = cleaned.word_count
        post.truncated = cleaned.truncated
        if cleaned.truncated:
            self.stats.inc_value("newsbot/article/truncated")
        post.byline = find_byline(cleaned.text)
        source = find_source(
            site=post.url or post.site,
            html=cleaned.html,
            text=cleaned.text,
            images=cleaned.images,
            guid=post.guid,
            credit=cleaned.credit,
        )
        # post.source may hold a source that was found in the API object when the object was read.
        post.source = strongest(post.source, source)
        if self.with_markdown:
            from newsbot.article.cleaning.markdown import markdown

            post.content_markdown = markdown(cleaned.html) or None

    def _set_language(self, post: Post) -> None:
        from newsbot.article.facts.language import CERTAIN, SURE, detect, without_code
        from newsbot.article.text import plain_text

        text = post.content_text or ""
        if _CODE.search(post.content_html or ""):
            text = plain_text(without_code(post.content_html or "")) or text
        if len(text) < _SHORT:
            text = "\n".join(filter(None, (post.title, post.excerpt, text)))
        declared = post.language
        post.language, confidence = detect(text, declared=declared, usual=self._usual.get(post.site))
        if post.language is None:
            return
        if confidence >= CERTAIN:
            self._usual[post.site] = post.language
        elif not declared and confidence < SURE:
            post.language = None


_CODE = re.compile("<(?:pre|code)[ >]")
_SHORT = 250
"""Characters. If the text is shorter, its language is detected from title, excerpt and text together."""
