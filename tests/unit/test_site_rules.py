"""The cleaning rules in a site list: they are read before the first request, and apply to their site only."""

from __future__ import annotations

from pathlib import Path

import pytest
from scrapy.utils.test import get_crawler

from newsbot import signals
from newsbot.arguments.site_list import Target, read_sites
from newsbot.errors import BadArgument
from newsbot.items import Post
from newsbot.pipelines.clean import CleanPipeline
from newsbot.wordpress.receipt import SiteFacts

ROOT = Path(__file__).parents[2]
GAZETTE, OTHER = "https://gazette.test", "https://other.test"
HTML = (
    '<div class="promo-7">Buy the mug.</div><div class="yarpp">Elsewhere in town.</div>'
    "<p>The Gazette needs your help!</p><p>The board voted on Tuesday.</p>"
)
LIST = """
[[site]]
url = "https://gazette.test/"
rules_off = ["yarpp"]

[[site.rule]]
name = "gazette-promo"
select = ["div.promo-*"]
texts = ["The Gazette needs your help"]

[[site]]
url = "https://other.test/"
"""


def written(folder: Path, text: str, name: str = "sites.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_rules_are_added_and_disabled_only_for_their_site(tmp_path: Path) -> None:
    crawler = get_crawler()
    pipeline = CleanPipeline.from_crawler(crawler)
    for target in read_sites(written(tmp_path, LIST)):
        facts = SiteFacts(asked=target.url)
        crawler.signals.send_catch_log(signals.site_started, facts=facts, target=target)
        # The key of the site is known after its API has answered.
        facts.site = target.url.rstrip("/")
    found = [pipeline.process_item(Post(site=site, type="post", id=1, content_html=HTML)) for site in (GAZETTE, OTHER)]
    assert [post.content_text for post in found] == [
        "Elsewhere in town.\n\nThe board voted on Tuesday.",
        "Buy the mug.\n\nThe Gazette needs your help!\n\nThe board voted on Tuesday.",
    ]
    assert [post.removed for post in found] == [{"gazette-promo": 2}, {"yarpp": 1}]


def test_a_csv_names_rules_in_a_column(tmp_path: Path) -> None:
    path = written(tmp_path, 'url,rules_off\nhttps://a.test,"yarpp, jetpack-share"\nhttps://b.test,\n', "sites.csv")
    assert [target.rules_off for target in read_sites(path)] == [("yarpp", "jetpack-share"), ()]


def test_sites_with_equal_rules_share_one_rule_set() -> None:
    one, other = (Target(url=url, rules_off=("yarpp",)) for url in (GAZETTE, OTHER))
    assert one.cleaning_rules() is other.cleaning_rules()
    assert Target(url=GAZETTE).cleaning_rules() is None


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('rules_off = ["yarp"]', "there is no cleaning rule 'yarp'; is it 'yarpp'?"),
        ('rule = [{name = "x", select = ["div .y"]}]', "junk rule x: cannot read selector 'div .y'"),
        ('rule = [{name = "x", select = ["*"]}]', "junk rule x: a tag is named in full: '*'"),
        ('rule = [{name = "x", select = ".y"}]', "junk rule x: select takes a list of texts"),
        ('rule = [{name = "x", patterns = ["("]}]', "junk rule x: missing ), unterminated subpattern"),
        ('rule = [{name = "x", selectors = [".y"]}]', "junk rule x: there is no key 'selectors'"),
        ('rule = [{name = "x", broad = "yes", select = [".y"]}]', "junk rule x: broad cannot be 'yes'"),
        ('rule = [{name = "x"}]', "junk rule x: it has none of select"),
        ('rule = [{select = [".y"]}]', "a junk rule needs a name"),
        ('rule = [{name = "X y", select = [".y"]}]', "a junk rule needs a name"),
        ('rule = [{name = "yarpp", select = [".y"]}]', "there is a cleaning rule 'yarpp' already"),
        ('rule = "x"', "takes [[site.rule]] tables"),
        (
            'rule = [{name = "x", patterns = ["(?P<a>b)"]}, {name = "y", patterns = ["(?P<a>c)"]}]',
            "the patterns of its rules do not go together",
        ),
    ],
)
def test_invalid_rule_gives_one_line(tmp_path: Path, table: str, said: str) -> None:
    path = written(tmp_path, f'[[site]]\nurl = "https://a.test"\n\n[[site]]\nurl = "https://b.test"\n{table}\n')
    with pytest.raises(BadArgument) as refused:
        read_sites(path)
    line = str(refused.value)
    assert line.startswith(f"sites= {path}, entry 2: ")
    assert said in line
    assert "\n" not in line


def test_rule_can_have_the_name_of_a_disabled_rule() -> None:
    target = Target(url=GAZETTE, rules_off=("yarpp",), rule=[{"name": "yarpp", "select": [".mine"]}])  # type: ignore[arg-type]
    rules = target.cleaning_rules()
    assert rules is not None
    assert rules.by_name["yarpp"].select == (".mine",)


def test_the_example_site_list_can_be_read() -> None:
    targets = read_sites(ROOT / "deploy/sites.example.toml")
    assert any(target.rules_off and target.rule for target in targets)
