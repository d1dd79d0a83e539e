"""Near-duplicates, and the output of the command."""

from __future__ import annotations

import json
import random
import string
from pathlib import Path

import pytest

from newsbot.article.cleaning.explain import explain
from newsbot.article.facts.duplicates import Article, clusters
from newsbot.commands.clean import body_of

ENGLISH = (
    "The harbour board voted on Tuesday to replace the two oldest cranes before winter, at a cost it would not name. "
    * 3
)


def test_copies_are_clustered_with_the_earliest_first() -> None:
    copy = ENGLISH.replace("Tuesday", "Wednesday", 1)
    other = "Nothing was lost but a fence, two boats and the patience of the people on the wrong side of the ford. " * 3
    found = clusters(
        [
            Article("late", copy, "2026-05-02T00:00:00Z"),
            Article("early", ENGLISH, "2026-05-01T00:00:00Z"),
            Article("undated", ENGLISH, None),
            Article("other", other, "2026-04-01T00:00:00Z"),
            Article("short", "A photograph."),
            Article("short too", "A photograph."),
        ]
    )
    assert [cluster.keys for cluster in found] == [("early", "late", "undated")]
    assert found[0].likeness[::2] == (1.0, 1.0)
    assert 0.7 <= found[0].likeness[1] < 1


def test_clusters_of_a_thousand_articles_are_the_pairs_of_copies() -> None:
    chance = random.Random(5)
    words = ["".join(chance.choice(string.ascii_lowercase) for _ in range(6)) for _ in range(3_000)]
    texts = [chance.choices(words, k=120) for _ in range(500)]
    # The copy lacks the last sentence.
    pairs = [
        Article((number, side), " ".join(text[: 120 - 12 * side]), f"2026-01-0{2 - side}T00:00:00Z")
        for side in (0, 1)
        for number, text in enumerate(texts)
    ]
    found = clusters(pairs)
    assert sorted(cluster.keys for cluster in found) == [((number, 1), (number, 0)) for number in range(500)]


def test_many_copies_of_one_text_form_one_cluster() -> None:
    found = clusters(Article(number, ENGLISH, f"2026-05-01T00:00:{number % 60:02}Z") for number in range(300))
    assert [len(cluster.keys) for cluster in found] == [300]
    assert clusters([]) == clusters([Article("one", ENGLISH)]) == []


def test_explanation_names_each_rule_and_shows_html_before_and_after() -> None:
    lines = list(
        explain('<div class="yarpp">Related stuff</div><p>The board voted.</p>', base_url="https://news.example/")
    )
    assert lines[0] == "   1 x yarpp: Yet Another Related Posts Plugin"
    assert any(line.startswith("Related stuff") and line.endswith("*") for line in lines)
    assert any(line.startswith("The board voted.") and line.endswith("| The board voted.") for line in lines)


@pytest.mark.parametrize(
    ("data", "body"),
    [
        (
            {"content": {"rendered": "<p>a</p>"}, "link": "https://news.example/a/"},
            ("<p>a</p>", "https://news.example/a/"),
        ),
        ([{"content": {"rendered": "<p>a</p>"}}], ("<p>a</p>", None)),
        ({"code": "rest_forbidden"}, ("", None)),
    ],
)
def test_body_and_url_of_a_rest_object_are_read(data: object, body: tuple[str, str | None]) -> None:
    assert body_of(json.dumps(data).encode()) == body


def test_html_file_is_read_unchanged(tmp_path: Path) -> None:
    page = tmp_path / "a.html"
    page.write_text("<p>[not JSON]</p>", encoding="utf-8")
    assert body_of(page.read_bytes()) == ("<p>[not JSON]</p>", None)
    assert body_of(b"[not JSON] <p>a</p>") == ("[not JSON] <p>a</p>", None)
