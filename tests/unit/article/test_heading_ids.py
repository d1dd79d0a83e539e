"""Editors and tables of contents make ids of an author's headings: no such id makes cleaning remove words."""

from __future__ import annotations

from newsbot.article.cleaning.clean import clean

BASE = "https://news.example/2026/05/a-post/"
AROUND = "<p>The harbour board voted on Tuesday to replace the two oldest cranes before winter, and went home.</p>"
SHORT = "<p>Nobody knows yet.</p>"
LIST = "<ul><li>The mill</li><li>The mole and the pier</li></ul>"
BOXES = ("div", "section")
LINKED = '<p>The town gave <a href="/fund/">twelve thousand</a> for it.</p>'
LINKS = AROUND + '<ul><li><a href="/mill/">The mill</a></li><li><a href="/pier/">The pier and the mole</a></li></ul>'

WORDS = """
    about-the-author about-the-authors ad ads ads-text advertisement advertising affiliate-disclosure also-read author
    author-bio banner breadcrumbs comments consent contact-form contents cookie-notice credits disclaimer donate
    donations download-app editors-picks email feedback follow-us fundraising further-reading help-us in-this-article
    latest-news likes listen live-chat login loginform membership more-news most-read newsletter newsletters next-post
    patreon paypal paywall poll popular-posts popup post-views print promo promo-box rating reactions read-more
    read-next reading-time recommendations recommended register related related-articles related-posts related_posts
    republish respond reviews search secondary see-also share sidebar sign-up similar-posts social-media sponsored
    sponsored-content sponsors subscribe subscriptions support-us table-of-contents tags teaser tip-jar toc translate
    trending votes voting widget you-may-also-like
    annonse anzeige autor boletin comentarios compartir condividi correlati donaciones donar dons empfehlungen iklan
    inhaltsverzeichnis kommentare mokuji newsletter-abonnieren nieuwsbrief pubblicita publicidad publicite reklama
    relacionados sommaire spenden sumario teilen ueber-den-autor umfrage werbung
"""
IDS = WORDS.split()


def text(html: str) -> str:
    return "".join(clean(AROUND + html + AROUND, base_url=BASE).text.split())


def lost(word: str) -> list[str]:
    title = word.replace("-", " ").replace("_", " ").capitalize()
    heading = f"<h2>{title}</h2>"
    forms = [
        *(f'<{tag} id="{word}">{heading}{body}</{tag}>' for tag in BOXES for body in (SHORT, LINKED, LINKS)),
        f'<section id="{word}">{heading}{LIST}</section>',
        f'<div id="{word}">{AROUND}</div>',
        f'<h2 id="{word}">{title}</h2>{AROUND}',
        f'<h3><span class="ez-toc-section" id="{word.capitalize()}"></span>{title}</h3>{SHORT}',
        f'<p id="{word}">No.</p><ul id="{word}"><li>The mill</li></ul><table id="{word}"><tr><td>1</td></tr></table>',
    ]
    raw = [clean(form.replace(f'id="{word}"', ""), base_url=BASE).text for form in forms]
    return [form for form, words in zip(forms, raw, strict=True) if "".join(words.split()) not in text(form)]


def test_id_generated_from_a_heading_removes_no_text() -> None:
    assert [form for word in IDS for form in lost(word)] == []


def test_heading_with_a_word_of_a_rule_is_kept_above_text() -> None:
    titles = [word.replace("-", " ").capitalize() for word in IDS if "_" not in word]
    assert [title for title in titles if "".join(title.split()) not in text(f"<h2>{title}</h2>{SHORT}")] == []


def test_element_with_the_id_of_a_theme_is_removed_with_the_output_of_the_theme() -> None:
    links = '<li><a href="/mill/"><img src="/mill.jpg"> Zap</a></li><li><a href="/pier/">Zap</a> 2 May</li>'
    for html in (
        f'<div id="related-posts"><h3>Zap too</h3><ul>{links}</ul></div>',
        '<div id="toc"><p>Zap</p><ul><li><a href="#mill">Zap 1</a></li></ul></div>',
        '<div id="ads"><a href="https://shop.example/"><img src="/zap.gif"></a></div>',
        '<div id="breadcrumbs"><a href="/">Zap</a> » <a href="/zap/">Zap</a></div>',
    ):
        assert text(html) == text(""), html


def test_heading_of_an_author_between_dashes_is_kept() -> None:
    for title in ("— Share —", "- Related -", "– Read more –", "- About the author -", "- 12 shares -"):
        assert "".join(title.split()) in text(f"<h3>{title}</h3>{SHORT}"), title
    for title in ("– Anzeige –", "- Advertisement -", "— Publicidad —"):
        assert text(f"<h3>{title}</h3>{SHORT}") == text(SHORT), title
