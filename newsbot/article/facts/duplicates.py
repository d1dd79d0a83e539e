"""Near-duplicates: articles with mostly the same words, from any publisher, by MinHash over runs of words.

Candidates are found by bands, as in MinHash LSH. The bands are sorted, not stored in hash tables: this takes half a
kilobyte an article, while datasketch's own index takes seven.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from newsbot.article.facts.likeness import ENOUGH_SHINGLES, SIMILAR, shingles

PERMUTATIONS = 128
# Two articles become candidates where a band of four values is equal: 99.98 % of pairs with similarity 0.7, 23 % at
# 0.3.
_ROWS = 4
# In a band with many candidates (a form letter) each article is compared with at most this many groups.
_COMPARED = 8

Sketches = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Article:
    """The input of clustering for a post: any key, its text, and when it was published (ISO 8601 UTC, or None)."""

    key: Hashable
    text: str
    published: str | None = None


@dataclass(frozen=True, slots=True)
class Cluster:
    """Articles that share most of their words, the earliest first. Articles without a date come last.

    ``likeness`` is the estimated share of words that each article has in common with the earliest: 0 to 1.
    """

    keys: tuple[Any, ...]
    likeness: tuple[float, ...]


def clusters(articles: Iterable[Article], *, similar: float = SIMILAR) -> list[Cluster]:
    """Clusters of two or more articles with an estimated Jaccard similarity of at least ``similar``, earliest cluster
    first.

    Similarity is transitive here, so a cluster may contain two articles that are only similar to a third one. Texts of
    a few words are in no cluster. Memory: about 600 bytes an article and its key. The texts are not kept.
    """
    sketches, dated = _sketched(articles)
    parents = list(range(len(dated)))
    for start in range(0, PERMUTATIONS, _ROWS):
        for mates in _mates(sketches[:, start : start + _ROWS]):
            _join_alike(parents, mates, sketches, similar)
    return _groups(parents, dated, sketches)


def _sketched(articles: Iterable[Article]) -> tuple[Sketches, list[tuple[str, Hashable]]]:
    """For each article that is long enough: a row of PERMUTATIONS numbers, and its (date, key)."""
    from datasketch import MinHash  # type: ignore[import-untyped]

    # The permutations are made once, because making them takes as long as using them.
    pattern = MinHash(num_perm=PERMUTATIONS, scheme="affine32")
    kept, dated = bytearray(), list[tuple[str, Hashable]]()
    for article in articles:
        parts = {shingle.encode("utf-8", "ignore") for shingle in shingles(article.text)}
        if len(parts) < ENOUGH_SHINGLES:
            continue
        sketch = MinHash(
            num_perm=PERMUTATIONS, permutations=pattern.permutations, scheme=pattern.scheme, hashfunc=crc32
        )
        sketch.update_batch(parts)
        kept += sketch.hashvalues.astype(np.uint32).tobytes()
        dated.append((article.published or "9999", article.key))
    return np.frombuffer(kept, dtype=np.uint32).reshape(-1, PERMUTATIONS), dated


def _mates(band: Sketches) -> Iterator[list[int]]:
    """Groups of articles, by their numbers, that are equal in a whole band."""
    if len(band) < 2:
        return
    order = np.lexsort(band.T)
    same = (band[order[1:]] == band[order[:-1]]).all(axis=1)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], same, [False])).astype(np.int8)))
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        yield [int(number) for number in order[begin : end + 1]]


def _join_alike(parents: list[int], mates: list[int], sketches: Sketches, similar: float) -> None:
    heads: list[int] = []
    for number in mates:
        root = _root(parents, number)
        if any(root == _root(parents, head) for head in heads):
            continue
        for head in heads:
            if _likeness(sketches, number, head) >= similar:
                parents[root] = _root(parents, head)
                break
        else:
            if len(heads) < _COMPARED:
                heads.append(number)


def _likeness(sketches: Sketches, member: int, other: int) -> float:
    return float((sketches[member] == sketches[other]).mean())


def _root(parents: list[int], number: int) -> int:
    while parents[number] != number:
        parents[number] = parents[parents[number]]
        number = parents[number]
    return number


def _groups(parents: list[int], dated: list[tuple[str, Hashable]], sketches: Sketches) -> list[Cluster]:
    members: dict[int, list[int]] = {}
    for number in range(len(dated)):
        root = _root(parents, number)
        if root != number:
            members.setdefault(root, [root]).append(number)
    groups = sorted((sorted(group, key=lambda member: (dated[member][0], member)) for group in members.values()),
                    key=lambda group: (dated[group[0]][0], group[0]))  # fmt: skip
    return [
        Cluster(
            keys=tuple(dated[member][1] for member in group),
            likeness=tuple(round(_likeness(sketches, group[0], member), 2) for member in group),
        )
        for group in groups
    ]
