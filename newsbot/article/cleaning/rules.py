"""The junk rules: read from ``junk.toml``, compiled once, and checked for every element, block and URL."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import cache, lru_cache
from importlib import resources

from newsbot.article.cleaning.addresses import Addresses, is_channel_of
from newsbot.article.cleaning.named import Kinds
from newsbot.article.cleaning.openings import Beginnings, Expressions
from newsbot.article.cleaning.rule import Rule, read_rules
from newsbot.article.cleaning.selectors import MEMO_LIMIT, Selectors
from newsbot.article.links import host

# A longer block is more than an invitation to follow.
INVITATION = 110
# Dashes, arrows and small pictures around a label are ignored.
_MARKS = (
    " :.…!?»«>›‹→⇒←⇐⬅➡➜▶►▸▼▾⬇↓|-–—_=~#*•·●■★☆✅✔❗‼"
    '👉👇📲📱📢🔔🔊🎧📰🔗📌🔥\ufe0f\u200d[]()"“”。！？：；、「」『』【】（）《》〈〉।॥۔؟،'
)
# The most characters, without the query, in the address of a channel, an app, or a page with a request to the reader.
_ASKING = 75
# A plea of at most this length need not name its subject. A longer plea must.
_BUTTON = 45
_OURS = re.compile(
    r"\b(?:us|our|me|my|uns|unser\w*|mich|mein\w*|n[ou]s|notre|nuestr\w*|noss\w*|ci|noi|nostr\w*|ons|onze|nas|nasz\w*|нас|наш\w*"
    r"|bize|bizi|kami|chúng tôi)\b|我们|我們|ください|운영"
)
_DASHES = "-–—"
_OPENING_QUOTES = '"“„«‘'
_CLOSING_QUOTES = '"”“»’'
_STOPS = frozenset(".。।")
_STATEMENT = 6
_REPORTED = re.compile(
    r"\b(?:said|says|saying|wrote|writes|tweeted|sang|shouted|argued|explained|according to|sagte|sagt|sagten"
    r"|asked(?! questions)|urged|begged|ordered|persuaded|forbade|baten|forderten?|pidieron|pidió|instó"
    r"|instaron|demandé|exhorté|chiesto|esortato|pediram|pediu|convidou|vroegen|poprosił\w*|wezwał\w*|попросил\w*|призвал\w*"
    r"|schrieb|schreibt|erklärte|zufolge|dijo|dice|dicen|escribió|según|disent|déclaré|écrit|selon|ha detto"
    # "dit" alone is Dutch for "this".
    r"|(?:a|ont|avait) dit|dit(?= (?:las?|les?|une?|elles?|ils?|on|mme)\b| l['’])"
    r"|dicono|secondo|disse|diz|segundo|zei|zegt|volgens|powiedział\w*|mówi|сказал\w*|сообщил\w*|заявил\w*|dedi|diyor|kata|ujar)\b"
)
# A sentence about what the newsroom will publish next is the author's, although it mentions articles.
_ANNOUNCES = re.compile(
    r"\b(?:(?:next|upcoming|following|second|third|final) (?:article|post|part|episode|instal+ment|blog|story)"
    r"|(?:nächsten?|folgenden?) (?:artikel|beitrag|teil|folge)|(?:próxim[oa]|siguiente) (?:artículo|post|parte|artigo)"
    r"|prochaine? (?:article|partie|billet)|prossim[oa] (?:articolo|parte|puntata)|volgende? (?:artikel|deel))\b"
)
_SPEAKS = re.compile(
    r"\b(?:we|us|our|ours|me|my|wir|uns|unser\w*|mich|mir|mein\w*|n[ou]s|notre|nuestr\w*|noss\w*|ci|noi|nostr\w*|ons|onze|wij"
    r"|nas|nasz\w*|мы|нас|наш\w*|bize|bizi|kami|kita)\b"
)
"""Words by which a newsroom speaks of itself."""

_ASKS_READER = re.compile(
    r"\b(?:you|your|yours|sie|ihr\w*|du|dir|dich|dein\w*|euch|eure\w*|vous|votre|vos|te|tu|tus|você|seu|sua|ti|tuo|tua|je|jij"
    r"|jouw|uw|ciebie|cię|twoj\w*|вы|вас|вам|ваш\w*|anda)\b"
)
"""Words for the reader. They make a question part of a plea, but no statement: an author tells the reader much."""

_SPLIT = re.compile(r"(?<=[.!?…])\s+")
_LONG_SENTENCE = 8
"""The fewest words of a sentence that is checked by itself."""

_QUOTATION = re.compile('«[^«»]*»|“[^“”]*”|„[^„“”]*[“”]|"[^"]*"|「[^「」]*」')
_SENTENCES = re.compile(r"[.!?;。]\s+\S+\s+\S+\s+\S")


class CleaningRules:
    """Compiled rules. Immutable except for caches, which are safe to share."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        self.by_name = {rule.name: rule for rule in self.rules}
        self.selectors = Selectors(self.rules)
        self.kinds = Kinds(self.rules)
        self.is_plain = lru_cache(maxsize=MEMO_LIMIT)(self._is_plain)
        self._heads = _folded(self.rules, "heads")
        self._texts = _folded(self.rules, "texts", headings=False) | self._heads
        self._headings = _folded(self.rules, "texts", headings=True)
        self._labels = _folded(self.rules, "bare") | self._texts | self._headings
        self._stems = [(text[:-1], rule) for rule in self.rules for text in rule.bare if text.endswith(" *")]
        self._captions = _folded(self.rules, "captions")
        self._patterns = Expressions((_group(rule), pattern) for rule in self.rules for pattern in rule.patterns)
        self._notes = [(rule, re.compile("|".join(rule.patterns))) for rule in self.rules if rule.marks]
        # A mark may begin with a capital letter. Searching both forms takes less time than folding each paragraph.
        self.marks = tuple({form for rule in self.rules for each in rule.marks for form in (each, each.capitalize())})
        # This quick check tells whether ``match_text`` or ``match_bare`` may find a rule for a text. It decides most
        # texts.
        patterns = (each for rule in self.rules for each in rule.patterns)
        self.may_match = Beginnings(self._labels, patterns).may_begin
        self._hrefs = Addresses(self.rules, "hrefs")
        self._invitations = Addresses((rule for rule in self.rules if not rule.linked), "invitations")
        linked = [rule for rule in self.rules if rule.for_links]
        self._linked = [
            (rule, re.compile("|".join(rule.for_links)), Addresses([rule], "invitations") if rule.invitations else None)
            for rule in linked
        ]
        self._about = {rule.name: re.compile("|".join(rule.about)) for rule in linked if rule.about}
        # One expression for all rules that do not check the links takes less time than an expression for each rule.
        # Expressions with groups are left out, since their groups would get other numbers.
        plain = [rule for rule, pattern, leads in self._linked if leads is None and not pattern.groups]
        self._plain = Expressions(("plain", each) for rule in plain for each in rule.for_links)
        self._not_plain = [each for each in self._linked if each[2] is not None or each[1].groups]

    def _is_plain(self, names: str) -> bool:
        """Whether no rule asks for one of the classes in an attribute."""
        return not (self.selectors.ask_for_class(names) or self.kinds.ask_for_class(names))

    def derive(self, *, add: Iterable[Rule] = (), without: Iterable[str] = ()) -> CleaningRules:
        """A copy with the rules of a site added, and without the rules named in ``without``."""
        off = set(without)
        return CleaningRules([*(rule for rule in self.rules if rule.name not in off), *add])

    def match_text(self, text: str, *, heading: bool = False) -> Rule | None:
        """The rule that matches the whole text of a paragraph or heading without links or images, or None.

        A heading of one word may be the author's: only the rules for headings apply to it, unless it is a label of
        advertising between dashes.
        """
        if is_quotation(text):
            return None
        folded = fold(text)
        if heading and not (text[0] in _DASHES and text[-1] in _DASHES and folded in self._captions):
            return self._headings.get(folded)
        rule = self._texts.get(folded) or self._headings.get(folded)
        if rule is None:
            rule = _which(self.by_name, self._patterns.fullmatch(folded))
        return rule

    def match_note(self, words: str) -> Rule | None:
        """The rule that matches a paragraph of several sentences with one of the rule's ``marks``, or None."""
        folded = fold(words)
        for rule, pattern in self._notes:
            if any(mark in folded for mark in rule.marks) and pattern.fullmatch(folded):
                return None if is_quotation(words) or _only_quoted(pattern, words) else rule
        return None

    def match_bare(self, words: str) -> Rule | None:
        """The rule that matches a heading with nothing under it, or None. A label may end with an asterisk, for the
        site's name."""
        folded = fold(words)
        return self._labels.get(folded) or next((rule for stem, rule in self._stems if folded.startswith(stem)), None)

    def may_head(self, words: str) -> bool:
        """Whether a line of bold words may head the author's text, although it is a plugin's label too."""
        folded = fold(words)
        # A label of advertising is in capital letters, an author's heading is not.
        return folded in self._heads and not (words.isupper() and folded in self._captions)

    def match_caption(self, words: str) -> Rule | None:
        """The rule for a figure with this caption, or None."""
        return self._captions.get(fold(words)) if len(words) <= INVITATION else None

    def match_linked(self, words: str, hrefs: Sequence[str], *, listed: bool = False, own: str = "") -> Rule | None:
        """The rule that matches the whole text of a block with links, or None. ``own`` is the site's host.

        "Join us on ..." matches if the text is short and not a statement, and all its links lead to channels.
        ``listed``: the block is in a list or a table, where a URL alone may belong to the subject of the article: there
        the text must contain an invitation.
        """
        short = len(words) <= INVITATION and not _SENTENCES.search(words)
        invites = short and not listed and not _is_statement(words)
        if invites and all(found := [self._invitations.match(href) for href in hrefs]):
            return found[0]
        folded = fold(words)
        # Pages that ask for something have short addresses. This quick check decides most blocks.
        asking = len(hrefs[0].partition("?")[0]) <= _ASKING
        for rule, pattern, leads in self._linked if self._plain.fullmatch(folded) else self._not_plain:
            fits = asking and (short or (rule.long and not listed))
            if leads is not None and not (fits and all(leads.match(href, own=own) for href in hrefs)):
                continue
            if pattern.fullmatch(folded):
                authors = self._is_authors(rule, pattern, words, leads=leads is not None, short=short)
                return rule if not authors and self._is_own(rule, folded, hrefs, own) else None
        return None

    def _is_authors(self, rule: Rule, pattern: re.Pattern[str], words: str, *, leads: bool, short: bool) -> bool:
        """Whether the author wrote words that a rule's expression matches. ``leads``: the rule names the addresses of
        the links. ``short``: the block is as short as an invitation."""
        if (leads or rule.also_linked) and _only_quoted(pattern, words):
            return True
        if not leads:
            return False
        # A sentence that reports somebody's request does not ask the reader for anything.
        return _REPORTED.search(fold(words)) is not None or (not short and self._tells(rule, pattern, words))

    def _is_own(self, rule: Rule, folded: str, hrefs: Sequence[str], own: str) -> bool:
        """Whether a block makes a request for the newsroom itself: its words name the newsroom, or it is like a
        button."""
        about = self._about.get(rule.name)
        if about is None or about.search(folded):
            return True
        if any(is_channel_of(own, href) for href in hrefs):
            return True
        return len(folded) <= _BUTTON and (_OURS.search(folded) is not None or all(host(href) == own for href in hrefs))

    def _tells(self, rule: Rule, pattern: re.Pattern[str], words: str) -> bool:
        """Whether one of a block's sentences is not part of a plea. Such a sentence neither asks for something, nor
        asks the reader, nor mentions the newsroom. Or it announces what is published next.
        """
        about = self._about.get(rule.name)
        for said in _SPLIT.split(words.strip()):
            sentence = fold(said)
            if sentence.count(" ") < _LONG_SENTENCE - 1 or pattern.fullmatch(sentence):
                continue
            explained = _SPEAKS.search(sentence) or (about is not None and about.search(sentence))
            explained = explained or ("?" in said and _ASKS_READER.search(sentence))
            if not explained or _ANNOUNCES.search(sentence):
                return True
        return False

    def match_url(self, url: str) -> Rule | None:
        """The rule that matches the URL of a frame, an image or a link, or None."""
        return self._hrefs.match(url)


def _is_statement(words: str) -> bool:
    """Whether words have the end and the length of a sentence: "The group met in a chat on Monday."."""
    return words.rstrip()[-1:] in _STOPS and words.count(" ") >= _STATEMENT


def _only_quoted(pattern: re.Pattern[str], words: str) -> bool:
    """Whether words match only because of a quotation in them: the author quotes a charity's “support us”."""
    others, quotations = _QUOTATION.subn("…", words)
    return quotations > 0 and pattern.fullmatch(fold(others)) is None


def is_quotation(text: str) -> bool:
    """Whether the whole text is a quotation."""
    return text[0] in _OPENING_QUOTES and text.rstrip(" .,!?…")[-1:] in _CLOSING_QUOTES


def fold(text: str) -> str:
    """Text in the form that the rules compare: case and white space folded, without marks at its ends."""
    folded = text.casefold()
    # Most texts need no change: they have single spaces only. All white space except the space is unprintable.
    if "  " in folded or not folded.isprintable():
        folded = " ".join(folded.split())
    return folded.strip(_MARKS)


@cache
def default_rules() -> CleaningRules:
    """The default rules, from the package's ``junk.toml``."""
    return CleaningRules(read_rules(resources.files(__package__).joinpath("junk.toml").read_text(encoding="utf-8")))


@lru_cache(maxsize=64)
def site_rules(off: tuple[str, ...], own: tuple[Rule, ...]) -> CleaningRules:
    """The default rules without those named in ``off``, with a site's ``own`` rules. Equal requests share one object.

    Raises ValueError, in one line, for an unknown name in ``off`` and for an own rule with a name that is in use.
    """
    known = default_rules().by_name
    for name in off:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            raise ValueError(f"there is no cleaning rule {name!r}" + (f"; is it {near[0]!r}?" if near else ""))
    taken = set(known) - set(off)
    for rule in own:
        if rule.name in taken:
            raise ValueError(f"there is a cleaning rule {rule.name!r} already")
        taken.add(rule.name)
    try:
        return default_rules().derive(add=own, without=off)
    except re.error as error:
        raise ValueError(f"the patterns of its rules do not go together: {error}") from error


def _folded(rules: Iterable[Rule], field: str, *, headings: bool | None = None) -> dict[str, Rule]:
    """Folded text -> rule, from a field of texts. ``headings``: from the rules for headings alone, or from all
    others."""
    chosen = (rule for rule in rules if headings in (None, rule.headings))
    return {fold(text): rule for rule in chosen for text in getattr(rule, field)}


def _group(rule: Rule) -> str:
    """The name of a rule as the name of a group in an expression."""
    return rule.name.replace("-", "_")


def _which(by_name: Mapping[str, Rule], found: re.Match[str] | None) -> Rule | None:
    return None if found is None or found.lastgroup is None else by_name[found.lastgroup.replace("_", "-")]
