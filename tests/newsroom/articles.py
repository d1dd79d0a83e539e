"""The page of one article, as a theme with the usual plugins writes it."""

from __future__ import annotations

import base64
from html import escape

import orjson

from tests.newsroom.archive import Archive
from tests.newsroom.places import Places
from tests.newsroom.records import Post
from tests.newsroom.shape import Shape

_SIDE = """<aside id="secondary" class="widget-area"><section class="widget"><h2>From the pier</h2><ul><li><a \
href="/about/">About the gazette</a></li><li><a href="/subscribe/">Subscribe by post</a></li></ul></section></aside>
<footer class="site-footer"><p>Printed on recycled tide tables. All rights kept dry.</p></footer>"""


def frame(places: Places, *, title: str, body: str, classes: str, head: str = "") -> str:
    """A whole page. ``head`` is put into the head unchanged."""
    api = f'<link rel="https://api.w.org/" href="{escape(places.root)}" />' if places.options.link_element else ""
    return f"""<!DOCTYPE html>
<html lang="en-US">
<head>
<meta charset="UTF-8" />
<title>{title}</title>
<link rel="alternate" type="application/rss+xml" title="Feed" href="{feed_url(places)}" />
{api}
<meta name="generator" content="WordPress {places.options.core}" />
{head}</head>
<body class="{classes}">
<header class="site-header"><p class="site-title"><a href="{places.home}/" rel="home">{places.options.name}</a></p>
<nav class="main-navigation"><a href="{places.home}/">Front page</a> <a href="/weather/">Weather</a></nav></header>
<main>
{body}
</main>
{_SIDE}
</body>
</html>
"""


def feed_url(places: Places) -> str:
    return f"{places.home}/?feed=rss2" if places.options.plain else f"{places.home}/feed/"


def password_form(places: Places, row: Post) -> str:
    """The text that replaces the content of a protected post, on its page and in the feed."""
    return f"""<form action="{places.home}/wp-login.php?action=postpass" class="post-password-form" method="post">\
<p>This content is password-protected. To view it, please enter the password below.</p>
<p><label for="pwbox-{row.id}">Password: <input name="post_password" id="pwbox-{row.id}" type="password" \
spellcheck="false" required size="20" /></label> <input type="submit" name="Submit" value="Enter" /></p></form>"""


class Articles:
    def __init__(self, archive: Archive, places: Places, shape: Shape) -> None:
        self.archive, self.places, self.shape = archive, places, shape

    def page(self, row: Post) -> str:
        """A page with canonical, shortlink, JSON-LD, Open Graph and ``postid-N``. With ``javascript``, scripts add the
        body."""
        content = self.content(row)
        if self.archive.options.javascript:
            packed = base64.b64encode(content.encode()).decode()
            content = f"""<noscript>This gazette needs JavaScript.</noscript><script>
document.currentScript.parentNode.innerHTML = new TextDecoder().decode(
  Uint8Array.from(atob("{packed}"), c => c.charCodeAt(0)));
</script>"""
        kind = "page" if row.type == "page" else "single"
        ids = f"page-id-{row.id}" if row.type == "page" else f"postid-{row.id}"
        name = escape(self.author(row))
        body = f"""<article id="post-{row.id}" class="post-{row.id} {row.type} type-{row.type} hentry">
<header class="entry-header"><h1 class="entry-title">{"Protected: " if row.protected else ""}{row.title}</h1>
<div class="entry-meta"><time class="entry-date published" datetime="{_iso(row.date.utc)}">{row.date.local[:10]}</time>
<span class="byline"><span class="author vcard">{name}</span></span></div></header>
<div class="entry-content">
{content}
</div>
</article>
<section class="comments-area"><h2>Leave a reply</h2><form><textarea name="comment"></textarea></form></section>"""
        classes = f"{row.type}-template-default {kind} {kind}-{row.type} {ids} wp-embed-responsive"
        title = f"{row.title} - {self.archive.options.name}"
        return frame(self.places, title=title, body=body, classes=classes, head=self._head(row))

    def content(self, row: Post) -> str:
        if row.protected:
            return password_form(self.places, row)
        if row.type == "attachment":
            return f'<p><img src="{self.places.upload(row)}" alt="The quay"></p>'
        text: str = orjson.loads(b'"' + self.archive.body(row, self.places.home) + b'"')
        return text

    def author(self, row: Post) -> str:
        user = self.archive.users.get(row.author)
        return user.name if user else ""

    def _head(self, row: Post) -> str:
        link, image = escape(self.places.link(row)), self._image(row)
        rest = self.places.rest(f"/wp/v2/{'pages' if row.type == 'page' else 'posts'}/{row.id}")
        lines = [
            f'<link rel="canonical" href="{link}" />',
            f"<link rel='shortlink' href='{self.places.home}/?p={row.id}' />",
            f'<link rel="alternate" title="JSON" type="application/json" href="{escape(rest)}" />',
            '<meta property="og:type" content="article" />',
            f'<meta property="og:title" content="{escape(row.title)}" />',
            f'<meta property="og:url" content="{link}" />',
            f'<meta property="og:site_name" content="{escape(self.archive.options.name)}" />',
            f'<meta property="article:published_time" content="{_iso(row.date.utc)}" />',
            f'<meta property="article:modified_time" content="{_iso(row.modified.utc)}" />',
        ]
        if image:
            lines.append(f'<meta property="og:image" content="{image}" />')
        described = {
            "@context": "https://schema.org",
            "@type": "NewsArticle",
            "headline": row.title,
            "url": self.places.link(row),
            "mainEntityOfPage": self.places.link(row),
            "datePublished": _iso(row.date.utc),
            "dateModified": _iso(row.modified.utc),
            "author": {"@type": "Person", "name": self.author(row)},
            "image": image,
        }
        json = orjson.dumps(described).decode().replace("</", "<\\/")
        lines.append(f'<script type="application/ld+json">{json}</script>')
        return "\n".join(lines) + "\n"

    def _image(self, row: Post) -> str:
        image = self.archive.row(row.featured_media) if row.featured_media else None
        return self.places.upload(image) if image and self.archive.readable(image) else ""


def _iso(utc: str) -> str:
    return utc + "+00:00"
