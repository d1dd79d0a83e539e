"""The values that a user may write for arguments, and how they are read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from newsbot.arguments.help import help_text
from newsbot.arguments.models import PostArguments, TermArguments
from newsbot.arguments.site_list import Target
from newsbot.arguments.values import is_web_address, moment, validate
from newsbot.errors import BadArgument


def test_repeated_name_counts_once() -> None:
    given = validate(PostArguments, {"site": "a.example", "types": "post, page,post", "follow": "media,media"})
    assert (given.types, given.follow) == (("post", "page"), ("media",))
    assert validate(Target, {"url": "a.example", "types": ["post", "post"]}).types == ("post",)


@pytest.mark.parametrize("day", ["2024-01-06", "20240106", "2024-W01-6"])
def test_date_without_a_time_includes_the_whole_day(day: str) -> None:
    assert (moment(day), moment(day, end=True)) == ("2024-01-06T00:00:00", "2024-01-07T00:00:00")
    assert moment("2024-01-06T00:00", end=True) == "2024-01-06T00:00:00"


@pytest.mark.parametrize("url", ["https://me:secret@a.example/", "me:secret@a.example", "https://secret@a.example"])
def test_a_password_in_an_address_is_refused_and_not_repeated(url: str) -> None:
    for model, name in ((PostArguments, "site"), (Target, "url")):
        with pytest.raises(BadArgument, match="NEWSBOT_AUTH") as error:
            validate(model, {name: url})
        assert "secret" not in str(error.value)


def test_help_describes_every_argument_and_shows_valid_examples() -> None:
    for model in (PostArguments, TermArguments):
        text = help_text("wp_x", model)
        for name, field in model.model_fields.items():
            assert re.search(
                rf"^  {name}= +{re.escape(str(field.description))}( [(]default: .+[)])?$", text, re.MULTILINE
            ), name
        given = re.findall(r"-a (\w+)=", text[text.index("examples:") :])
        assert given
        assert set(given) <= set(model.model_fields)


def test_case_of_a_scheme_does_not_matter() -> None:
    assert is_web_address("HTTPS://A.example/x")
    assert not is_web_address("FTP://a.example/x")


def test_url_with_a_scheme_in_place_of_the_host_is_refused() -> None:
    for url in ("https://https://a.example", "http:/a.example", "https//a.example"):
        assert not is_web_address(url), url


def test_name_of_a_site_list_in_site_is_refused_with_advice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    given = validate(PostArguments, {"site": "sites.txt"})
    assert [target.url for target in given.targets()] == ["sites.txt"]
    Path("sites.txt").touch()
    with pytest.raises(BadArgument, match=r"site= takes addresses, and sites.txt is a file: write -a sites=sites.txt"):
        given.targets()


@pytest.mark.parametrize("character", ["\x00", "\x01", "\x1b", "\x7f", "\x9b", "\ud83d", "\n"], ids=ascii)
def test_a_web_address_holds_no_control_character(character: str) -> None:
    assert not is_web_address(f"https://a.example/{character}x")
    assert not is_web_address(f"a{character}.example")


@pytest.mark.parametrize("value", ["", " ", " , ,"])
def test_empty_category_tag_or_author_is_refused(value: str) -> None:
    for name in ("category", "tag", "author"):
        with pytest.raises(BadArgument, match=f"{name}= takes at least one name"):
            validate(PostArguments, {"site": "a.example", name: value})


def test_none_is_refused_beside_other_relations() -> None:
    with pytest.raises(BadArgument, match="or none alone, not 'none'"):
        validate(PostArguments, {"site": "a.example", "follow": "none,author"})
