"""The output of the most used plugins goes, and the author's words, pictures and links around it stay."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from newsbot.article.cleaning.clean import Cleaned, clean

BASE = "https://news.example/2026/05/harbour-cranes/"
PLUGINS = tomllib.loads((Path(__file__).parent / "plugins.toml").read_text(encoding="utf-8"))["plugin"]
# What an author may write about the subjects of these plugins.
BEFORE = (
    "<p>The harbour board voted on Tuesday to replace the two oldest cranes before winter, at a cost it would not say."
    '</p><h2 id="recommendations">Recommendations</h2><p>Share the load, <a href="https://docs.example/cranes">says '
    'the report</a>, and print a newsletter.</p><div class="wp-block-group"><ul><li>Related to the storm: two.</li>'
    "<li>Rated best by readers: none.</li></ul></div>"
)
AFTER = (
    '<figure><img src="https://news.example/uploads/crane.jpg" alt="A crane"><figcaption>The eastern crane in May.'
    "</figcaption></figure><blockquote><p>Support us, or we go.</p></blockquote><h3>Comments</h3><p>The mayor had "
    "none.</p>"
)
LOOSE = "The money comes from a levy on berths that runs for six years. "


def cleaned(html: str) -> Cleaned:
    return clean(html, base_url=BASE)


def test_only_the_output_of_a_plugin_is_removed() -> None:
    alone = cleaned(BEFORE + AFTER)
    assert len(PLUGINS) >= 75
    for plugin in PLUGINS:
        found = cleaned(BEFORE + plugin["html"] + AFTER)
        assert "zap" in plugin["html"].lower(), plugin["source"]
        assert found.html == alone.html, plugin["source"]
        assert found.images == alone.images, plugin["source"]


def test_loose_text_beside_the_output_of_a_plugin_is_kept() -> None:
    for plugin in PLUGINS:
        words = re.sub(r"\s+", " ", cleaned(LOOSE + plugin["html"] + LOOSE).text)
        assert words == LOOSE + LOOSE.strip(), plugin["source"]
