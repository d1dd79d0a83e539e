"""The children of posts (replies, attachments) from the requests that the crawl made for them.

Many posts share one request, a failed request was split, and a page of posts may contain posts that the crawl already
had, for which no request was made. So for each post, the smallest recorded request that names the post is used.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from newsbot.export.warc_answers import WarcAnswers
from newsbot.export.warc_replay import replay
from newsbot.items import Post
from newsbot.numbers import from_digits
from newsbot.wordpress.api import PER_PAGE, Api, Site
from newsbot.wordpress.joins.children import ChildrenFetcher
from newsbot.wordpress.joins.relations import Relation

Requests = dict[tuple[int, ...], int]
"""The ids of the posts that one request names -> the most children that the request allows."""


def fill_children(answers: WarcAnswers, site: Site, name: str, relation: Relation, posts: Sequence[Post]) -> set[int]:
    """Fill ``linked[name]`` of ``posts``. Returns the ids of the posts whose children lack a record."""
    waiting, lacking = {post.id: post for post in posts}, set[int]()
    for ids, size in _smallest_first(_requests(answers, site.api, relation)):
        if not waiting.keys() >= set(ids):
            continue
        fetcher = ChildrenFetcher(site=site, stats=Counter(), sizes={name: size})
        _, missed = replay(answers, fetcher.fetch(name, relation, [waiting.pop(post_id) for post_id in ids]))
        lacking |= set(ids) if missed else set()
    for post in waiting.values():
        post.linked[name] = None
    return lacking | set(waiting)


def _requests(answers: WarcAnswers, api: Api, relation: Relation) -> Requests:
    found: Requests = {}
    for url in answers.urls:
        route, params = api.route(url) or ("", {})
        ids = params.get(relation.param or "", "").split(",")
        key = tuple(number for text in ids if (number := from_digits(text)) is not None)
        if route == relation.route and len(set(key)) == len(ids):
            # If a site refuses pages of this size, the crawl requested smaller ones.
            size = from_digits(params.get("per_page"))
            found[key] = min(found.get(key, PER_PAGE), PER_PAGE if size is None else size)
    return found


def _smallest_first(requests: Requests) -> list[tuple[tuple[int, ...], int]]:
    return sorted(requests.items(), key=lambda request: len(request[0]))
