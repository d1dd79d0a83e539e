"""The names of people in the archive that are similar to a name, for a user who spelled the name in another way."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable
from difflib import SequenceMatcher

MOST = 5
"""The largest number of names that a message shows."""

_LIKE = 0.7
_LONGEST = 100
_WORD = re.compile(r"\w+")


def near_names(wanted: str, held: Iterable[tuple[str, str]]) -> list[str]:
    """The held names that are most similar to ``wanted``, the most similar first, each once. ``held``: a name as it is
    compared, and as it is written. A name is similar to ``wanted`` if one of the two has all words of the other.
    """
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(wanted[:_LONGEST])
    words = frozenset(_WORD.findall(wanted))
    best: list[tuple[float, str, str]] = []
    chosen: set[str] = set()
    for name, written in held:
        if name in chosen or not name:
            continue
        likeness = _likeness(matcher, words, name)
        if likeness < _LIKE or (len(best) == MOST and likeness <= best[0][0]):
            continue
        chosen.add(name)
        if len(best) == MOST:
            chosen.discard(heapq.heappushpop(best, (likeness, name, written))[1])
        else:
            heapq.heappush(best, (likeness, name, written))
    return [written for _, _, written in sorted(best, key=lambda each: (-each[0], each[1]))]


def _likeness(matcher: SequenceMatcher[str], words: frozenset[str], name: str) -> float:
    """The similarity of the two names: from 0 to 1, and above 1 where one name has all words of the other.

    The two quick ratios are upper limits of the ratio, so that most names need no slow comparison.
    """
    own = frozenset(_WORD.findall(name))
    if own and words and (own <= words or words <= own):
        return 1 + len(own & words) / len(own | words)
    matcher.set_seq1(name[:_LONGEST])
    if matcher.real_quick_ratio() < _LIKE or matcher.quick_ratio() < _LIKE:
        return 0.0
    return matcher.ratio()
