"""Every rule removes its plugin's markup, and nothing of the article around it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from newsbot.article.cleaning.clean import clean
from newsbot.article.cleaning.rules import default_rules

BASE = "https://news.example/2026/05/harbour-cranes/"
BEFORE = (
    "<p>The harbour board voted on Tuesday to replace the two oldest cranes before winter, at a cost it would not say."
    "</p><p>Dockers who had asked for the change since the spring storms said the vote came late, but that it came at "
    "all was news.</p><h2>What the board decided</h2><ul><li>Two cranes go in October.</li><li>A third is "
    '<a href="https://docs.example/cranes">inspected</a> again.</li></ul>'
)
AFTER = (
    '<figure><img src="https://news.example/uploads/crane.jpg" alt="A crane"><figcaption>The eastern crane in May.'
    "</figcaption></figure><blockquote><p>We have worked under that boom for thirty years, and nobody looked up "
    "without a thought.</p></blockquote><p>The money comes from a reserve the town set aside after the flood, and from "
    "a levy on berths that runs for six years.</p><p>A tender opens in June. Three yards, all of them abroad, are "
    "expected to bid for the work and for its upkeep.</p>"
)
SAMPLES = [
    (match[1], match[2].strip())
    for match in re.finditer(
        r"<!-- rule: ([\w-]+) -->\n(.*?)(?=\n<!-- rule: |\Z)",
        (Path(__file__).parent / "families.html").read_text(encoding="utf-8"),
        re.S,
    )
]
BUILT_IN = {
    "hidden",
    "shortcode",
    "php-message",
    "site-furniture",
    "ad-frame",
    "hidden-frame",
    "social-widget",
    "scraped-picture",
    "numbered-ad",
}


@pytest.mark.parametrize(("rule", "sample"), SAMPLES, ids=[f"{rule}-{n}" for n, (rule, _) in enumerate(SAMPLES)])
def test_rule_removes_the_output_of_its_plugin_and_keeps_the_article(rule: str, sample: str) -> None:
    alone = clean(BEFORE + AFTER, base_url=BASE)
    cleaned = clean(BEFORE + sample + AFTER, base_url=BASE)
    assert cleaned.removed.get(rule), cleaned.removed
    assert cleaned.text == alone.text
    assert "zap" not in cleaned.html.lower()
    assert cleaned.images == alone.images
    assert cleaned.links == alone.links
    assert cleaned.held_back == ()


def test_every_rule_has_a_sample() -> None:
    known = {rule.name for rule in default_rules().rules} | BUILT_IN
    assert {rule for rule, _ in SAMPLES} == known


def test_there_are_more_than_sixty_rules() -> None:
    assert len(default_rules().rules) > 60


def test_no_rule_names_a_site() -> None:
    for rule in default_rules().rules:
        for selector in rule.select:
            assert not re.search(r"\w\.(?:com|org|net|de|uk|news|agency)\b", selector.lstrip(".#")), selector
