"""The cost of cleaning, as a ratio to an lxml parse of the same bytes. One core, all rules on, CPU time.

usage: python -m bench.clean [FOLDER of REST posts, one JSON object a file]

Without a folder the bench measures the fixtures of tests/unit/article. The aim for HTML and text together is 8x.
"""

from __future__ import annotations

import gc
import json
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import lxml.html

from newsbot.article.cleaning.clean import Cleaned, clean
from newsbot.article.cleaning.hidden import shown as style_memo
from newsbot.article.cleaning.markdown import markdown
from newsbot.article.cleaning.rules import default_rules
from newsbot.article.cleaning.sanitize import sanitize
from newsbot.article.facts.byline import find_byline
from newsbot.article.facts.language import detect
from newsbot.article.facts.source import find_source

FIXTURES = Path(__file__).parent.parent / "tests" / "unit" / "article" / "posts"
BASE = "https://news.example/a-post/"
ROUNDS = 40
AIM = 8.0
CLEAN = "clean: HTML and text"


def bodies(folder: Path | None) -> list[str]:
    """Raw bodies: ``content.rendered`` of a folder of posts, or the inputs of the fixtures."""
    if folder is None:
        return [path.read_text(encoding="utf-8") for path in sorted(FIXTURES.glob("*/input.html"))]
    posts = (json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json")))
    return [post["content"]["rendered"] for post in posts]


def fastest(actions: dict[str, Callable[[str], object]], html: list[str]) -> dict[str, float]:
    """The seconds of each action's fastest round over all bodies. The actions take turns, so that a busy machine slows
    all of them equally."""
    seconds = dict.fromkeys(actions, float("inf"))
    for _ in range(ROUNDS):
        for name, action in actions.items():
            started = time.process_time()
            for body in html:
                action(body)
            seconds[name] = min(seconds[name], time.process_time() - started)
    return seconds


def facts(cleaned: Cleaned) -> None:
    """The further facts that the pipeline computes for each article."""
    find_byline(cleaned.text)
    find_source(site=BASE, html=cleaned.html, text=cleaned.text, images=cleaned.images)


def hostile(size: int = 2_000_000) -> dict[str, str]:
    """Each kind of difficult input, of ``size`` letters or a few more."""
    return {
        "nested div": "<div>" * (size // 5),
        "nested div with class": '<div class="a b">' * (size // 17),
        "nested lists": "<ul><li>" * (size // 8),
        "unclosed b": "<b>" * (size // 3),
        "unclosed b and p": "<b><p>x" * (size // 7),
        "fonts reopened": "<p>" + "".join(f"<font id={n}>" for n in range(30_000)) + "<p>x" * 300_000,
        "nested tables": "<table><tr><td>" * (size // 15),
        "nested quotes": '<blockquote class="twitter-tweet">' * (size // 34),
        "nested hidden": '<div style="display:none">some words here ' * (size // 42),
        "open brackets": "[" * size,
        "shortcode heads": '[vc_row a="' * (size // 11),
        "quotes in a bracket": "[a " + '"x" ' * (size // 4),
        "raw code heads": "[vc_raw_html " * (size // 13),
        "one long shortcode": "[" + "img" * (size // 3),
        "brackets in quotes": '[a b="' + "[x y]" * (size // 5),
        "open angles": "<" * size,
        "half tags": "<i " * (size // 3) + "/>",
        "self-closed": "<i/>" * (size // 4),
        "entities": "&amp;" * (size // 5),
        "one word": "a" * size,
        "white space": " " * size,
        "junk in junk": '<div class="sharedaddy">x' * (size // 25),
        "images": '<img src="/a.jpg">' * (size // 18),
        "links": '<a href="https://a.example/">x</a> ' * (size // 35),
        "many attributes": "<p " + " ".join(f"a{n}=1" for n in range(size // 9)) + ">x",
        "srcset": '<img srcset="' + "a.jpg 1w, " * (size // 10) + '">',
        "nested objects": "<object>" * (size // 8),
        "unclosed comments": "<!--" * (size // 4),
        "notes that links pay": f'<p>This post has affiliate links{") click" * 30}. x <a href="/y">y</a></p>'
        * (size // 264),
        "paragraphs": "<p>One sentence of some length that an author wrote.</p>" * (size // 56),
    }


def floods() -> dict[str, str]:
    """Two megabytes of many small elements of each kind."""
    size = 2_000_000
    return {
        "blocks": "<div>x</div>" * (size // 12),
        "cells": "<table><tr>" + "<td>x</td>" * (size // 10),
        "rows": "<table>" + "<tr><td>x" * (size // 9),
        "items": "<ul>" + "<li>x" * (size // 5),
        "headings": "<h2>x</h2>" * (size // 10),
        "breaks": "x<br>" * (size // 5),
        "terms": "<dl>" + "<dt>x<dd>y" * (size // 10),
        "figures": "<figure><img src=/a.jpg><figcaption>x</figcaption></figure>" * (size // 59),
        "frames": "<iframe src='https://www.youtube.com/embed/abc'></iframe>" * (size // 57),
        "frames of their own": "".join(
            f"<iframe src='https://a{n}.example/embed/x'></iframe>" for n in range(size // 49)
        ),
        "targets": "".join(f"<p id=x{n}><a href=#x{n}>b</a>" for n in range(size // 35)),
        "classes": "".join(f'<p class="c{n} d{n} e{n}">x</p>' for n in range(size // 35)),
        "one class list": '<p class="' + "ab " * (size // 3) + '">x',
        "styles": '<div style="display:block;color:red">x</div>' * (size // 44),
        "shortcodes": '[vc_row a="b"]x[/vc_row] ' * (size // 26),
        "captions": "<figure>" + "<img src=/a.jpg><figcaption>x</figcaption>" * (size // 42),
        "quotes in a URL": '<a href="https://a.example/' + "a&quot;" * (size // 7) + '">x</a>',
        "styles of their own": "<style>x</style>y" * (size // 17),
        "galleries": '<div class="gallery-item"><img src="/a-1x1.jpg" data-src="/b.jpg"></div>' * (size // 73),
    }


def signs() -> dict[str, str]:
    """Two megabytes of signs that have a meaning in Markdown."""
    size = 2_000_000
    return {sign: "<p>" + sign * (size // len(sign)) for sign in ("`", "_ ", "~", "*", "&lt;", "&amp;lt;")}


def each(html: list[str]) -> tuple[float, float]:
    """The median of all posts' ratios to the parse: (memo empty at the start of each round, memo filled)."""
    cold, warm, parse = ([float("inf")] * len(html) for _ in range(3))
    for turn in range(ROUNDS):
        into = warm if turn % 2 else cold
        rules = default_rules() if turn % 2 else default_rules().derive()  # a copy has its own caches
        if not turn % 2:
            style_memo.cache_clear()
        for number, body in enumerate(html):
            into[number] = min(into[number], _seconds(partial(clean, base_url=BASE, rules=rules), body))
            parse[number] = min(
                parse[number], _seconds(lambda body: lxml.html.document_fromstring(body.encode()), body)
            )
    return _median(cold, parse), _median(warm, parse)


def _median(spent: list[float], parse: list[float]) -> float:
    return statistics.median(ours / theirs for ours, theirs in zip(spent, parse, strict=True))


def _seconds(action: Callable[[str], object], body: str) -> float:
    started = time.process_time()
    action(body)
    return time.process_time() - started


def main(arguments: list[str]) -> int:
    html = [body for body in bodies(Path(arguments[0]) if arguments else None) if body.strip()]
    default_rules()
    # As in a crawl, imported modules are left out of the searches for garbage.
    gc.collect()
    gc.freeze()
    cold, warm = each(html)
    total = sum(map(len, html))
    cleaned = {body: clean(body, base_url=BASE) for body in html}
    text = {body: one.text for body, one in cleaned.items()}
    usual = {body: detect(said, declared=None)[0] for body, said in text.items()}
    seconds = fastest(
        {
            "lxml parse": lambda body: lxml.html.document_fromstring(body.encode()),
            CLEAN: lambda body: clean(body, base_url=BASE),
            "of which the sanitiser": sanitize,
            "markdown on top": markdown,
            "language, a site's first": lambda body: detect(text[body], declared=None),
            "language, confirmed": lambda body: detect(text[body], declared=None, usual=usual[body]),
            "byline and source": lambda body: facts(cleaned[body]),
        },
        html,
    )
    base = seconds.pop("lxml parse")
    ratios = {name: spent / base for name, spent in seconds.items()}
    print(f"{len(html)} posts, {total:,} characters; lxml parse {base * 1e6 / len(html):.0f} microseconds a post")
    for name, ratio in ratios.items():
        print(f"{name:26} {ratio:6.1f} x")
    print(f"median of all posts: {warm:.1f} x, with an empty memo {cold:.1f} x\n")
    slow = 0
    for name, body in (hostile() | floods()).items():
        spent = _seconds(lambda body: clean(body, base_url=BASE), body)
        slow += spent > 1
        print(f"hostile 2 MB: {name:22} {spent:6.2f} s{'  SLOW' if spent > 1 else ''}")
    for name, body in signs().items():
        spent = _seconds(lambda body: markdown(clean(body, base_url=BASE).html), body)
        slow += spent > 1
        print(f"hostile 2 MB to Markdown: {name:10} {spent:6.2f} s{'  SLOW' if spent > 1 else ''}")
    return int(ratios[CLEAN] > AIM or slow > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
