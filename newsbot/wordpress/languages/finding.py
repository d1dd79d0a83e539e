"""Decides when the languages of a collection are searched: in its first run, and if the site names another language.

A site may add a language at any time, and then hides its rows like those of the other languages. If a site hides
languages, each run requests the list of its languages (one request), and the newest row of some of the languages that
had no rows; these languages take turns. A run that may be a quick check (``collection.quick_check``) does not ask: the
last full check is less than a day old.
"""

from __future__ import annotations

from newsbot.errors import PayloadError
from newsbot.wordpress.api import Collection, Site
from newsbot.wordpress.languages.plugins import EVERY
from newsbot.wordpress.languages.search import SPOKEN, LanguageSearch, shows_languages
from newsbot.wordpress.messages import Asking, Steps
from newsbot.wordpress.options import Options
from newsbot.wordpress.questions import KeepSite
from newsbot.wordpress.site_json import site_as_json

MOST_EMPTY = 5
"""The most languages without rows that newsbot requests in one run."""


def find_languages(site: Site, collection: Collection, options: Options) -> Steps[bool]:
    """Find out which languages the queries of a collection must name, and keep the answer for later runs. Returns
    whether there is a language that earlier runs did not request.

    Raises PayloadError where the site stops answering. If a site does not answer at all, the crawl reports this later.
    """
    route = collection.route
    if options.kind not in SPOKEN or not shows_languages(site, route):
        return False
    before, search = site.languages.get(route), LanguageSearch(site=site, collection=collection)
    try:
        if before is not None and not (yield from _is_another_spoken(search, options)):
            return False
        found = yield from search.run()
        kept = [] if search.settled else (yield from _kept(before or (), search))
        site.languages[route] = (*search.found, *kept) if kept else found
    except PayloadError:
        if search.answered:
            raise
        return False
    site.named.pop(route, None)
    if not search.settled:
        site.named[route] = search.empty
    yield KeepSite(url=options.url, site=site_as_json(site))
    return before is not None and not set(site.languages[route]) <= set(before)


def _is_another_spoken(search: LanguageSearch, options: Options) -> Steps[bool]:
    """Whether the site names a language that was not searched yet, or a language without rows now has rows. If many
    languages are without rows, each run asks for some of them.

    Raises PayloadError.
    """
    site, route = search.site, search.collection.route
    if options.quick or (named := site.named.get(route)) is None:
        return False
    if site.heard is None:
        site.heard = yield from search.hear()
    if site.heard and set(site.heard) != named.keys():
        return True
    empty = [name for name, is_empty in named.items() if is_empty]
    asked = empty[:MOST_EMPTY]
    if (yield from search.speaks(asked)):
        return True
    if len(asked) < len(empty):
        # The languages take turns: those that this run asked for move to the end of the list.
        site.named[route] = {name: named[name] for name in named if name not in asked} | dict.fromkeys(asked, True)
        yield KeepSite(url=options.url, site=site_as_json(site))
    return False


def _kept(before: tuple[str, ...], search: LanguageSearch) -> Asking[list[str]]:
    """The languages of ``before`` that were not found now but that the queries must still name. The site may refuse
    such a language only for a moment; the crawl shows whether the refusal is permanent. Or the site no longer names the
    language, but still lists its rows.

    Raises PayloadError.
    """
    kept = []
    for name in before:
        if name == EVERY or name in search.found:
            continue
        is_named = name in search.empty
        if (is_named and not search.empty[name]) or (not is_named and (yield from search.has_own_rows(name))):
            kept.append(name)
    return kept
