"""Kinds of junk by the words in an element's class, or by its id: "gazette-share-buttons" shares the page, in every
theme.

Such a name is weaker evidence than a plugin's own class, so the content of the element must agree with the name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from newsbot.article.cleaning.holding import BOXES, INLINE
from newsbot.article.cleaning.rule import Rule
from newsbot.article.cleaning.selectors import MEMO_LIMIT, Attributes

# The elements whose ids are read. In other elements, editors and tables of contents make the id from the author's
# words.
_WITH_ID = frozenset({"div", "section", "aside", "nav", "ul", "ins"})
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_MARKS = re.compile(r"[-_:.\d\s]+")
# A name with one of these is about the content ("share-price-table"), says that something is absent ("no-ads"), or is
# one of the classes that WordPress makes of a post's terms.
_ABOUT_CONTENT = re.compile(
    r"\b(?:no|non|not|without|hides?|hidden|has|with|free|disabled?|recipes?|wprm|events?|reviews?|faqs?|quotes?|quotation|blockquote"
    r"|testimonials?|charts?|tables?|maps?|markers?|captions?|interviews?|footnotes?|accordion|prices?|stocks?|markets?"
    r"|tweets?|lightbox|gallery|galleries|products?|answers?|questions?|poems?|verse|lyrics|transcript|chapters?|episodes?)\b"
    r"|\brelated (?:works?|research|stud(?:y|ies)|literature|documents?|downloads?|files?|terms|laws?)\b"
    r"|^(?:tag|category|taxonomy|type|status|format|term|hentry)\b"
)
# The editor and page builders use these names for the layout of an element. Such names are not read further, which
# saves most of the time.
_LAYOUT = re.compile(
    r"has-|is-|align|size-|attachment-|elementor-|et_pb_|vc_|wpb_|fusion-|col-|wp-(?:image|caption|element|container)|post-\d"
    r"|wp-block-(?:image|group|columns?|heading|list|quote|paragraph|buttons?|embed|gallery|table|cover|media|separator|pullquote)"
)
_LONGEST = 60
_MOST_WORDS = 8  # words of one name; the cost of a search grows with the square of their number
_MOST = 20


class Kinds:
    """The ``named`` expressions and the ``ids`` of some rules. Immutable except for a cache, which is safe to share."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        rules = tuple(rules)
        self._ids = {name: rule for rule in rules for name in rule.ids}
        self._named = [(rule, re.compile(rf"\b(?:{'|'.join(rule.named)})\Z")) for rule in rules if rule.named]
        self._of_names = lru_cache(maxsize=MEMO_LIMIT)(self._read)
        # Page builders write the same names in many combinations.
        self._of_name = lru_cache(maxsize=MEMO_LIMIT)(self._read_name)

    def match(self, tag: str, attributes: Attributes) -> tuple[Rule, ...]:
        """The rules that an element's classes match. Its content must agree: see ``holding.agrees``."""
        if tag not in BOXES and tag not in INLINE:
            return ()
        names = attributes.get("class")
        return self._of_names(names) if names else ()

    def ask_for_class(self, names: str) -> bool:
        """Whether a rule names one of the classes in an attribute, on any element."""
        return bool(self._of_names(names))

    def match_id(self, tag: str, name: str | None) -> Rule | None:
        """The rule for an element's id. Its content must agree: see ``holding.agrees``.

        The words of an id prove less than those of a class, because editors make ids of an author's headings.
        """
        return self._ids.get(name or "") if tag in _WITH_ID else None

    def _read(self, names: str) -> tuple[Rule, ...]:
        """The rules for the names in an attribute, each once."""
        named = (name for name in names.split()[:_MOST] if len(name) <= _LONGEST and not _LAYOUT.match(name))
        found = {number for name in named for number in self._of_name(name)}
        return tuple(self._named[number][0] for number in sorted(found))

    def _read_name(self, name: str) -> tuple[int, ...]:
        """The places of the rules for one name."""
        words = words_of(name)
        return tuple(number for number, (_, named) in enumerate(self._named) if _says(named, words))


def _says(named: re.Pattern[str], words: str) -> bool:
    return words.count(" ") < _MOST_WORDS and named.search(words) is not None and _ABOUT_CONTENT.search(words) is None


def words_of(name: str) -> str:
    """The words of a class or an id: "mobileShare_box-2" is "mobile share box"."""
    return _MARKS.sub(" ", name if name.islower() else _HUMP.sub(" ", name).lower()).strip()
