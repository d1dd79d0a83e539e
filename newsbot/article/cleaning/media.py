"""Media of an article: pictures, sound, film, and frames from other sites. Each is listed once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from selectolax.lexbor import LexborNode

from newsbot.article import embeds, images
from newsbot.article.cleaning.iframes import bare_address, frame_verdict
from newsbot.article.cleaning.players import names_player
from newsbot.article.cleaning.rules import CleaningRules
from newsbot.article.cleaning.scripted import background_picture, element_frame, script_frame, slideshow
from newsbot.article.cleaning.selectors import Attributes
from newsbot.article.cleaning.tags import attribute, escape
from newsbot.article.cleaning.writer import Writer
from newsbot.article.links import absolute, host, original_image
from newsbot.article.text import scrub
from newsbot.items import Image
from newsbot.numbers import from_digits

MOST_FRAMES = 5_000
"""The most frames of a post that are read. No article has so many, and each frame costs some dozen searches."""


class MediaWriter:
    """Writes media to the writer and keeps the lists. A handler returns True where the element needs no further
    work."""

    def __init__(self, writer: Writer, *, base: str, rules: CleaningRules, counts: defaultdict[str, int]) -> None:
        self.images: list[Image] = []
        self.enlarged: str | None = None  # the URL of a picture file, if the next pictures are in a link to it
        self._writer = writer
        writer.show_address = self._show_address
        self._base = base
        self._rules = rules
        self._counts = counts
        self._shown: set[tuple[str, str]] = set()
        self._frames = 0
        self._uncaptioned: list[Image] = []
        self._last_image = ""
        self._from_noscript = False

    def new_figure(self, pictures: list[Image] | None = None) -> list[Image]:
        """Begin a figure, or continue after a figure: the next caption belongs to ``pictures`` and the pictures that
        follow. Returns the pictures that had no caption until now."""
        waited, self._uncaptioned = self._uncaptioned, [] if pictures is None else pictures
        return waited

    def caption(self, words: str) -> None:
        """Use ``words`` as the caption of the pictures without a caption since the figure began."""
        if words:
            for image in self._uncaptioned:
                image.caption = image.caption or words
            self._uncaptioned.clear()

    def show(self, node: LexborNode, attributes: Attributes) -> str | None:
        """Show an element of ``HANDLED``. Returns "span" where its content must be walked, None where it needs no
        further work."""
        tag = node.tag or ""
        if tag in ("img", "amp-img", "amp-anim", "image"):
            self.image(attributes)
        elif tag in ("iframe", "amp-iframe"):
            self.frame(attributes)
        elif tag == "noscript":
            return self._noscript(node)
        elif tag in ("audio", "video"):
            self._player(node, attributes)
        elif tag in ("object", "embed"):
            return self._object(node, attributes)
        else:
            return self._amp(tag, attributes)
        return None

    def script(self, node: LexborNode) -> None:
        """Write the post, the chart or the frame that a script shows at its place."""
        url = script_frame(node.attributes, node)
        if url is not None:
            self.frame({"src": url})

    def scripted(self, node: LexborNode, attributes: Attributes) -> None:
        """Write the media that a wrapper shows besides its content. See ``scripted.py``."""
        for picture in slideshow(attributes):
            self.image(picture)
        url = background_picture(attributes)
        if url is not None:
            self.image({"src": url, "alt": attributes.get("aria-label")})
            return
        url = element_frame(attributes)
        # The quotation of the post in words has its URL already.
        if url is not None and not (url == attributes.get("data-href") and node.css_first("blockquote")):
            self.frame({"src": url})

    def image(self, attributes: Attributes, *, from_noscript: bool = False) -> None:
        character = images.emoji(attributes)
        if character:
            self._writer.words(scrub(character))
            return
        url = images.real_source(attributes, self._base)
        if url is None:
            return
        kind = images.junk_kind(url, attributes)
        source = attributes.get("src") or ""
        rule = None if kind else self._rules.match_url(url)
        if rule is None and source != url and source.startswith("http"):
            rule = self._rules.match_url(source)
        if kind or rule:
            self._counts[kind or (rule.name if rule else "")] += 1
            return
        if from_noscript != self._from_noscript and images.key(url) == images.key(self._last_image):
            return
        self._last_image, self._from_noscript = url, from_noscript
        self._picture(url, attributes)

    def _picture(self, url: str, attributes: Attributes) -> None:
        alt = attributes.get("alt") or ""
        if alt:
            alt = " ".join(scrub(alt).split())
        image = Image(url=original_image(url) or url, alt=alt or None, caption=None, full=self._full(url))
        self.images.append(image)
        self._uncaptioned.append(image)
        sizes = _size("width", attributes["width"]) if "width" in attributes else ""
        if "height" in attributes:
            sizes += _size("height", attributes["height"])
        self._writer.thing(f"<img{attribute('src', url)}{attribute('alt', alt)}{sizes}>")

    def _full(self, url: str) -> str | None:
        """The full picture that a thumbnail links to; None where the link shows the same file."""
        full = self.enlarged and (original_image(self.enlarged) or self.enlarged)
        return full if full and full != (original_image(url) or url) else None

    def _noscript(self, node: LexborNode) -> str | None:
        """Read a ``<noscript>``: a copy of a lazy picture or frame, or a playlist. Other content is a message about the
        browser."""
        for element in node.traverse():
            if element.tag == "li":
                return "span"
            if element.tag == "img":
                self.image(element.attributes, from_noscript=True)
            elif element.tag == "iframe":
                self.frame(element.attributes)
        return None

    def frame(self, attributes: Attributes) -> None:
        self._frames += 1
        if self._frames > MOST_FRAMES:
            self._counts["frame-flood"] += 1
            return
        verdict = frame_verdict(attributes, self._base)
        if verdict.embed is not None:
            rule = self._rules.match_url(verdict.embed.url)
            if rule is None:
                self.embed(verdict.embed.provider, verdict.embed.url, label=attributes.get("title"))
            else:
                self._counts[rule.name] += 1
        elif verdict.junk:
            self._counts[verdict.junk] += 1

    def embed(self, provider: str, url: str, *, label: str | None = None) -> None:
        """Write a link in place of a frame. It is listed in ``embeds`` and marked; its text is not part of the
        article's words."""
        url = absolute(url, self._base) or url
        key = (provider, url)
        if key in self._shown:
            return
        # The paragraph before ends here. If its words are the address of an embed, the embed is written first.
        self._writer.boundary()
        if key in self._shown:
            return
        self._shown.add(key)
        self._writer.embeds.setdefault(key)
        name = " ".join(scrub(label or "").split()) or provider
        if "[" in name and names_player(name):
            name = provider  # as text it would look like a shortcode
        self._writer.alone(f"<a{attribute('href', url)}{attribute('data-embed', provider)}>{escape(name)}</a>")

    def _show_address(self, url: str) -> None:
        embed = bare_address(url)
        if embed is not None:
            self.embed(embed.provider, embed.url)

    def _player(self, node: LexborNode, attributes: Attributes) -> None:
        tag = node.tag or ""
        found = (absolute(source, self._base) for source in _sources(node, attributes))
        url = next((url for url in found if url and url[0] == "h"), None)
        if url is None:
            return
        poster = absolute(attributes.get("poster"), self._base) if tag == "video" else None
        extra = attribute("poster", poster) if poster and poster[0] == "h" else ""
        self._writer.alone(f'<{tag}{attribute("src", url)} controls=""{extra}></{tag}>')

    def _object(self, node: LexborNode, attributes: Attributes) -> str | None:
        url = absolute(attributes.get("data") or attributes.get("src"), self._base) or ""
        known = embeds.recognise(url)
        if known is None and url.partition("?")[0].lower().endswith(".pdf"):
            # The file block has a link to the file directly after it.
            linked = "wp-block-file__embed" in (attributes.get("class") or "")
            known = None if linked else (host(url), url)
        inner = node.first_child
        while known is None and inner is not None:
            if inner.tag in ("embed", "param"):
                value = inner.attributes.get("src") or inner.attributes.get("value")
                known = embeds.recognise(absolute(value, self._base) or "")
            inner = inner.next
        if known is None:
            return "span"
        self.embed(*known)
        return None

    def _amp(self, tag: str, attributes: Attributes) -> str | None:
        """Elements of AMP and of light players: a picture, or an embed that its attributes describe."""
        for name, provider, page in _AMP_EMBEDS:
            identity = attributes.get(name)
            if tag.endswith(provider.lower() if provider != "X" else "twitter") and identity:
                self.embed(provider, page.format(identity))
        return "span" if tag in ("amp-video", "amp-audio") else None


def _sources(player: LexborNode, attributes: Attributes) -> Iterator[str | None]:
    """The possible URLs of a player's sound or film: in its own attributes, its sources, and the links for browsers
    without a player."""
    yield attributes.get("src")
    yield attributes.get("data-src")
    inside = [(element.tag, element.attributes) for element in player.traverse() if element.tag in ("source", "a")]
    yield from (each.get("src") or each.get("data-src") for tag, each in inside if tag == "source")
    yield from (each.get("href") for tag, each in inside if tag == "a")


def _size(name: str, value: str | None) -> str:
    return f' {name}="{value}"' if (from_digits(value, most=99_999) or 0) > 1 else ""


_AMP_EMBEDS = (
    ("data-videoid", "YouTube", "https://www.youtube.com/watch?v={}"),
    ("data-videoid", "Vimeo", "https://vimeo.com/{}"),
    ("data-tweetid", "X", "https://x.com/i/status/{}"),
    ("data-shortcode", "Instagram", "https://www.instagram.com/p/{}/"),
    ("data-href", "Facebook", "{}"),
    ("videoid", "YouTube", "https://www.youtube.com/watch?v={}"),
    ("videoid", "Vimeo", "https://vimeo.com/{}"),
)
HANDLED = frozenset({
    "img", "amp-img", "amp-anim", "image", "noscript", "iframe", "amp-iframe", "audio", "video", "object", "embed",
    "amp-youtube", "amp-vimeo", "amp-twitter", "amp-instagram", "amp-facebook", "amp-video", "amp-audio",
    "lite-youtube", "lite-vimeo",
})  # fmt: skip
