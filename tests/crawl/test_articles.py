"""Articles in a whole crawl: the facts in the rows, and a site's own cleaning rules."""

from __future__ import annotations

from pathlib import Path

from tests.crawl.scrapy_crawl import crawl
from tests.newsroom import Newsroom
from tests.newsroom.uploads import FOLDER

TRUE_WORDS = (
    "<p>The harbour board voted on Tuesday to replace the two oldest cranes before winter, whatever it costs.</p>"
)


def test_rows_are_cleaned_by_the_rules_of_their_site_and_carry_the_facts_of_the_article(tmp_path: Path) -> None:
    with Newsroom(posts=20) as room:
        first, second = room.ids("post")[:2]
        room.edit(first, body=f"<p>By Jo Doe</p><div class='mug-ad'>Buy the mug.</div>{TRUE_WORDS}<p>(AFP)</p>")
        room.edit(
            second, body=f"<div class='yarpp'><p>Elsewhere in town.</p></div>{TRUE_WORDS}<p>And then [&hellip;]</p>"
        )
        own = '[[site.rule]]\nname = "mug"\nselect = [".mug-*"]\n'
        (tmp_path / "sites.toml").write_text(f'[[site]]\nurl = "{room.url}"\nrules_off = ["yarpp"]\n{own}')
        run = crawl(tmp_path, "wp_posts", sites="sites.toml")
        # A crawl without media=download makes no request for files.
        assert not any(FOLDER in request.url for request in room.requests)
    assert run.status == 0, run.said
    assert not (tmp_path / "data" / "media").exists()
    rows = {row["id"]: row for row in run.rows()}
    assert rows[first]["removed"] == {"mug": 1}
    assert (rows[first]["byline"], rows[first]["language"], rows[first]["truncated"]) == ("Jo Doe", "en", False)
    assert rows[first]["source"]["publisher"] == "AFP"
    assert rows[second]["content_text"].startswith("Elsewhere in town.")
    assert rows[second]["truncated"] is True


def test_unknown_cleaning_rule_is_refused_before_the_first_request(tmp_path: Path) -> None:
    with Newsroom(posts=1) as room:
        (tmp_path / "sites.toml").write_text(f'[[site]]\nurl = "{room.url}"\nrules_off = ["yarp"]\n')
        run = crawl(tmp_path, "wp_posts", output=None, sites="sites.toml")
        assert room.requests == []
    line = "scrapy crawl: sites= sites.toml, entry 1: there is no cleaning rule 'yarp'; is it 'yarpp'?\n"
    assert (run.status, run.said) == (2, line)
