"""Site lists: what a line may contain, what is refused, and which sites are due."""

from __future__ import annotations

import codecs
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from scrapy import Request

from newsbot.arguments.models import PostArguments
from newsbot.arguments.site_list import Target, ignored_columns, read_sites
from newsbot.arguments.values import validate
from newsbot.errors import BadArgument
from newsbot.middlewares.overrides import limits_of
from newsbot.politeness.pace import Limits

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)


def written(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_csv_and_toml_give_the_same_targets(tmp_path: Path) -> None:
    table = written(
        tmp_path,
        "sites.csv",
        "URL, name ,types,every,delay,max_wait,give_up\n"
        'https://a.example,A,"post, page",6h,2.5,60,30\nb.example,,,,,,\n',
    )
    tables = written(
        tmp_path,
        "sites.toml",
        '[[site]]\nurl = "https://a.example"\nname = "A"\ntypes = "post,page"\nevery = "6h"\ndelay = 2.5\n'
        'max_wait = 60\ngive_up = 30\n[[site]]\nurl = "b.example"\n',
    )
    first, second = read_sites(table)
    assert read_sites(tables) == [first, second]
    assert (first.types, first.every) == (("post", "page"), 6 * 3600)
    assert first.pace() == {"newsbot_delay": 2.5, "newsbot_max_wait": 60.0, "newsbot_give_up": 30.0}
    assert (second, second.pace()) == (Target(url="b.example"), {})


def test_byte_order_mark_and_windows_line_ends_are_ignored(tmp_path: Path) -> None:
    texts = {
        "s.txt": "# ours\r\na.example\r\n",
        "s.csv": "url\r\na.example\r\n",
        "s.toml": '[[site]]\r\nurl = "a.example"\r\n',
    }
    for name, text in texts.items():
        (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + text.encode())
        assert read_sites(tmp_path / name) == [Target(url="a.example")], name


TABLES = {
    "semicolons": "url;name\r\nhttps://a.example/;Café\r\n",
    "tabs": "url\tname\r\nhttps://a.example/\tCafé\r\n",
    "a line that names the separator": "sep=;\r\nurl;name\r\nhttps://a.example/;Café\r\n",
    "a quoted line that names it": '"sep=|"\r\nurl|name\r\nhttps://a.example/|Café\r\n',
    "rows of separators": ";;\r\nurl;name;\r\n;;\r\nhttps://a.example/;Café;\r\n;;\r\n\r\n",
    "quotes and capitals": '"URL" ;"Name"\r\n"https://a.example/"; "Café"\r\n'.replace("; ", ";"),
    "spaces that are not spaces": "\u00a0url\u00a0,name \r\n\u00a0https://a.example/\u00a0\u200b,\u2003Café\r\n",
    "line ends of an old Mac": "url,name\rhttps://a.example/,Café\r",
}
ENCODINGS = {
    "utf-8": b"", "utf-8-sig": b"", "utf-16": b"", "utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE,
    "UTF-16LE": b"", "UTF-16BE": b"", "cp1252": b"",
}  # fmt: skip


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("layout", TABLES)
def test_table_is_read_in_every_encoding_and_layout_of_spreadsheets(layout: str, encoding: str, tmp_path: Path) -> None:
    # The code page of Western Windows has no space of no width.
    table = TABLES[layout] if encoding != "cp1252" else TABLES[layout].replace("\u200b", "").replace("\u2003", "")
    path = tmp_path / "Sites.CSV"
    path.write_bytes(ENCODINGS[encoding] + table.encode(encoding))
    assert read_sites(path) == [Target(url="https://a.example/", name="Café")]


def test_a_table_that_excel_saved_as_unicode_text_is_a_table(tmp_path: Path) -> None:
    path = tmp_path / "sites.txt"
    path.write_bytes("URL\tName\r\na.example\tA\r\n\t\r\n".encode("utf-16"))
    assert read_sites(path) == [Target(url="a.example", name="A")]
    path.write_bytes(b'"a.example"\r\nb.example\xa0\r\n')
    assert read_sites(path) == [Target(url="a.example"), Target(url="b.example")]


def test_truncated_utf16_file_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "sites.csv"
    path.write_bytes("url\r\na.example\r\n".encode("utf-16") + b"x")
    with pytest.raises(BadArgument, match="line 3: it is not UTF-16"):
        read_sites(path)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("s.csv", "url,dealy\na.example,9\n", "'dealy' is not known; did you mean delay?"),
        ("s.csv", "url,every\na.example,6\n", "line 2: every= takes a number and m, h, d or w"),
        ("s.csv", "url,every\na.example,0h\n", "every= takes a number"),
        ("s.csv", "url,delay\na.example,-1\n", "line 2: delay= "),
        ("s.csv", "url,delay\na.example,inf\n", "line 2: delay= "),
        ("s.csv", "url,name\na.example,One,Two\n", "more cells than the header"),
        ("s.csv", "name\nOne\n", "line 1: the header has no column url, it has name"),
        ("s.csv", "url,name\n,One\n", "line 2: url= "),
        ("s.csv", "sep=;\r\nURL;every\r\n;;\r\na.example;6\r\n", "line 4: every= "),
        ("s.csv", 'url,name\na.example,"A\nB"\n"b.example\nc.example\n', "line 4: url= "),
        ("s.toml", '[[site]]\nurl = "x y"\n', "entry 1: url= "),
        ("s.toml", '[[site]]\nurl = "a.example"\ncountry = "NL"\n', "'country' is not known; the columns are url"),
        ("s.toml", '[[sites]]\nurl = "a.example"\n', "it has no [[site]] table, it has sites"),
        ("s.toml", "", "contains no site"),
    ],
)
def test_invalid_site_list_is_refused(name: str, text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(BadArgument) as caught:
        read_sites(written(tmp_path, name, text))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_unknown_columns_are_reported(tmp_path: Path) -> None:
    path = written(tmp_path, "s.csv", "country,url,circulation\nNL,a.example,90000\n")
    assert [target.url for target in read_sites(path)] == ["a.example"]
    assert ignored_columns(path) == ["circulation", "country"]


@pytest.mark.parametrize(
    ("every", "ago", "due"),
    [
        (None, timedelta(0), True),
        ("1d", None, True),
        ("1d", timedelta(hours=23), False),
        ("1d", timedelta(hours=23, minutes=51), True),
        ("30m", timedelta(minutes=28), False),
        ("30m", timedelta(minutes=29), True),
        ("2w", timedelta(days=14), True),
    ],
)
def test_site_is_due_after_its_interval(every: str | None, ago: timedelta | None, due: bool) -> None:
    target = validate(Target, {"url": "a.example"} | ({"every": every} if every else {}))
    assert target.due(None if ago is None else NOW - ago, NOW) is due


def test_due_needs_a_site_list() -> None:
    with pytest.raises(BadArgument, match="due=1 chooses among many sites: add sites=FILE"):
        validate(PostArguments, {"site": "a.example", "due": "1"})


def test_empty_window_is_refused_with_its_dates() -> None:
    assert validate(PostArguments, {"site": "a.example", "since": "2024-05-01", "until": "2024-05-01"}).since
    with pytest.raises(BadArgument, match="leave no time, 2024-05-02T00:00:00 to 2024-05-02T00:00:00: exchange"):
        validate(PostArguments, {"site": "a.example", "since": "2024-05-02", "until": "2024-05-01"})


def test_limits_of_the_site_list_apply_only_to_the_host_of_the_site() -> None:
    run = Limits(max_wait=3600, give_up=900)
    request = Request("https://a.example/", meta={"newsbot_max_wait": 60.0})
    assert limits_of(request, "a.example", run) == Limits(max_wait=60, give_up=900)
    assert limits_of(request, "cdn.example", run) is run
    assert limits_of(Request("https://b.example/"), "b.example", run) is run


def test_all_invalid_entries_are_reported_together(tmp_path: Path) -> None:
    listed = tmp_path / "sites.csv"
    listed.write_text("url,every\nhttps://a.example,1h\nnot a url,\nhttps://b.example,5 parsecs\n" + "ftp://c\n" * 7)
    with pytest.raises(BadArgument) as refused:
        read_sites(listed)
    said = str(refused.value)
    assert said.count("line ") == 5
    assert said.startswith(f"sites= {listed}: 9 entries cannot be used. The first ones are line 3: url= 'not a url' is")
    assert "; line 4: every= takes a number and m, h, d or w" in said
