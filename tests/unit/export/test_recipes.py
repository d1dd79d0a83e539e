"""docs/recipes.md: every block runs on files of ``scrapy export`` and gives an answer."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import pytest

from newsbot.items import Author, TermRef
from tests.unit.export.exporting import archive_of, exported, post

PAGE = Path(__file__).parents[3] / "docs/recipes.md"
BLOCKS = re.findall(r"^```(sql|python)\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recipes")
    bo = Author(id=2, name="Bo", slug="bo")
    news = TermRef(taxonomy="category", id=1, slug="news", name="News")
    archive_of(
        folder,
        post(1, categories=["News"], tags=["Fire"], terms=[news], word_count=100),
        post(2, categories=["News", "Sport"], terms=[news], word_count=50, author=bo),
    )
    for name in ("posts.parquet", "posts.csv", "posts.jsonl"):
        assert exported(folder, name) == 2
    return folder


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_each_recipe_returns_a_result(number: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    language, code = BLOCKS[number]
    if language == "sql":
        answer: Any = importlib.import_module("duckdb").sql(code).fetchall()
    else:
        variables: dict[str, Any] = {}
        exec(code, variables)
        answer = variables["answer"]
    assert len(answer) > 0


def test_recipes_return_correct_results(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    duckdb: Any = importlib.import_module("duckdb")
    sql = [code for language, code in BLOCKS if language == "sql"]
    assert duckdb.sql(sql[1]).fetchall() == [("News", 2), ("Sport", 1)]
    assert duckdb.sql(sql[2]).fetchall() == [("category", "news", 2)]
    assert len(duckdb.sql(sql[3]).fetchall()) == 2
    assert sorted(duckdb.sql(sql[4]).fetchall()) == [("Ann Ünal", 1), ("Bo", 1)]
