"""Faults of listings: pages, totals and rows that differ from the query."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from typing import Any

import orjson

from tests.newsroom.answer import Refusal, text
from tests.newsroom.faults import Scene, fault
from tests.newsroom.refusal_faults import critical_error


@fault("per-page-cap", "ask")
def per_page_cap(scene: Scene, *, maximum: int = 50, silent: bool = False, told: bool = True) -> bool:
    """A lower maximum of per_page. A larger one is refused as WordPress does, or silently cut. ``told``: the index and
    OPTIONS give the maximum."""
    question = scene.question
    if told and not silent and (question.route == "/" or question.method == "OPTIONS"):
        scene.answer = scene.site.ask(question)
        scene.answer.body = scene.answer.body.replace(b'"maximum":100', b'"maximum":%d' % maximum)
        return True
    asked = question.first("per_page")
    if asked is None or not asked.isdigit() or int(asked) <= maximum:
        return False
    if silent:
        question.params["per_page"] = [str(maximum)]
        return True
    limits = f"per_page must be between 1 (inclusive) and {maximum} (inclusive)"
    detail = {"per_page": {"code": "rest_out_of_bounds", "message": limits, "data": None}}
    refusal = Refusal(
        400, "rest_invalid_param", "Invalid parameter(s): per_page", params={"per_page": limits}, details=detail
    )
    scene.answer = refusal.answer()
    scene.answer.headers["Content-Type"] = "application/json; charset=UTF-8"
    return True


@fault("forced-page-size", "ask")
def forced_page_size(scene: Scene, *, size: int = 10) -> bool:
    """A plugin gives pages of one size, whatever per_page says. X-WP-TotalPages follows that size."""
    scene.question.params["per_page"] = [str(size)]
    return True


@fault("param-ignored", "ask")
def param_ignored(scene: Scene, *, names: list[str] | None = None) -> bool:
    """Parameters are ignored. The default is page, so that page 2 repeats page 1."""
    found = [name for name in names or ["page"] if scene.question.params.pop(name, None) is not None]
    return bool(found)


@fault("post-kills-page", "rows")
def post_kills_page(scene: Scene, *, ids: list[int], bare: int = 0) -> bool:
    """500 for every answer that would render one of these posts. Listings without content and excerpt work.
    ``bare``: the web server answers with this status, not WordPress."""
    question, answer = scene.question, scene.made
    single = re.search(r"/(?:posts|pages|stories)/(\d+)$", question.route or "")
    rendered = set(answer.ids) | ({int(single[1])} if single else set())
    if answer.status != 200 or rendered.isdisjoint(ids):
        return False
    fields = ",".join(question.params.get("_fields", ()))
    if fields and not re.search(r"(?:^|,)\s*(?:content|excerpt)", fields):
        return False
    scene.answer = text("<html><h1>Bad Gateway</h1></html>", status=bare) if bare else critical_error(scene)
    return True


@fault("pinned-row", "rows")
def pinned_row(scene: Scene, *, id: int) -> bool:
    """A plugin puts one post first on every page, whatever was asked for, except by ``include``."""
    fields = {name: value for name, value in scene.question.params.items() if name == "_fields"}
    answer, pinned = scene.made, scene.site.ask(replace(scene.question, params=fields | {"include": [str(id)]}))
    if not answer.rows or not pinned.rows or "include" in scene.question.params:
        return False
    kept = [(row, row_id) for row, row_id in zip(answer.rows, answer.ids, strict=True) if row_id != id]
    answer.rows = [pinned.rows[0], *(row for row, _ in kept)]
    answer.ids = [id, *(row_id for _, row_id in kept)]
    return True


@fault("shuffled-rows", "rows")
def shuffled_rows(scene: Scene) -> bool:
    """The rows of every page stand in random order."""
    answer = scene.made
    if not answer.rows:
        return False
    pairs = list(zip(answer.rows, answer.ids, strict=True))
    random.Random(scene.count).shuffle(pairs)
    answer.rows, answer.ids = [row for row, _ in pairs], [row_id for _, row_id in pairs]
    return True


@fault("cache-nodes", "ask")
def cache_nodes(scene: Scene, *, nodes: int = 2) -> bool:
    """Cache nodes take turns. Each gives the page that it kept, whatever was asked for."""
    params = scene.question.params
    kept = {name: params[name] for name in ("_fields", "per_page") if name in params}
    params.clear()
    params.update(kept | {"page": [str(1 + scene.count % nodes)]})
    return True


@fault("hidden-rows", "rows")
def hidden_rows(scene: Scene, *, ids: list[int] | None = None, every: int = 0) -> bool:
    """Rows that are counted and not given: some ids, or every n-th row."""
    answer = scene.made
    if answer.rows is None:
        return False
    hidden = set(ids or ())
    keep = [i for i, row_id in enumerate(answer.ids) if row_id not in hidden and not (every and row_id % every == 0)]
    took = len(keep) < len(answer.rows)
    answer.rows, answer.ids = [answer.rows[i] for i in keep], [answer.ids[i] for i in keep]
    return took


@fault("doubled-rows", "rows")
def doubled_rows(scene: Scene) -> bool:
    """Every list gives its first row twice."""
    if not scene.made.rows:
        return False
    scene.made.rows.insert(0, scene.made.rows[0])
    return True


def _counts(scene: Scene) -> bool:
    return scene.made.headers.get("X-WP-Total") is not None


@fault("wrong-totals", "rows")
def wrong_totals(scene: Scene, *, total: int = 7, pages: int = 1) -> bool:
    """X-WP-Total and X-WP-TotalPages have other values."""
    took = _counts(scene)
    if took:
        scene.made.headers |= {"X-WP-Total": str(total), "X-WP-TotalPages": str(pages)}
    return took


@fault("zero-totals", "rows")
def zero_totals(scene: Scene) -> bool:
    """Both totals are 0, with rows present."""
    return wrong_totals(scene, total=0, pages=0)


@fault("missing-totals", "rows")
def missing_totals(scene: Scene) -> bool:
    """No total is sent, and no Link to the next page."""
    took = _counts(scene)
    for name in ("X-WP-Total", "X-WP-TotalPages", "Link"):
        scene.made.headers.pop(name, None)
    return took


@fault("no-content", "rows")
def no_content(scene: Scene, *, gone: bool = True) -> bool:
    """Rows without their content (``gone``), or with empty content, as plugins for paid content make them."""
    answer = scene.made
    if answer.rows is None:
        return False
    rows = [orjson.loads(row) for row in answer.rows]
    for row in rows:
        if gone:
            row.pop("content", None)
        elif "content" in row:
            row["content"]["rendered"] = ""
    answer.rows = [orjson.dumps(row) for row in rows]
    return True


@fault("objects-for-lists", "rows")
def objects_for_lists(scene: Scene, *, hole: int = 1) -> bool:
    """A list arrives as PHP's array with a hole: {"0": ..., "2": ...}; so do ``categories`` and ``tags`` in it."""
    answer = scene.made
    if answer.rows is None:
        return False
    keys = [i if i < hole else i + 1 for i in range(len(answer.rows))]
    rows = [orjson.dumps(_with_holes(orjson.loads(row))) for row in answer.rows]
    answer.body = b"{" + b",".join(b'"%d":%s' % pair for pair in zip(keys, rows, strict=True)) + b"}"
    answer.rows = None
    return True


def _with_holes(row: dict[str, Any]) -> dict[str, Any]:
    for name in ("categories", "tags"):
        if row.get(name):
            row[name] = {str(i + 1): value for i, value in enumerate(row[name])}
    return row


@fault("rate-limit-headers", "rows")
def rate_limit_headers(scene: Scene, *, limit: int = 60, remaining: int = 0, reset: int = 5, x: bool = False) -> bool:
    """RateLimit-Limit, -Remaining and -Reset (seconds), or (x=True) X-RateLimit-* on otherwise good answers."""
    prefix = "X-RateLimit" if x else "RateLimit"
    given = {"Limit": limit, "Remaining": remaining, "Reset": reset}
    scene.made.headers |= {f"{prefix}-{name}": str(value) for name, value in given.items()}
    return True
