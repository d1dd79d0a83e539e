"""The common features of language plugins: their parameter, and how a site's index shows them."""

from __future__ import annotations

from collections.abc import Iterable

PARAM = "lang"
"""The parameter by which Polylang, WPML, Bogo and xili-language choose a language."""

EVERY = "all"
"""WPML's name for all languages together."""

_NAMESPACES = ("wpml/", "pll/", "polylang/", "bogo/", "multilingual", "sublanguage/", "xili")
"""The beginnings of the namespaces of plugins that have a separate post for each language. Plugins that translate the
same post (TranslatePress, Weglot) hide no rows."""


def language_plugins(namespaces: Iterable[str]) -> frozenset[str]:
    """The namespaces of an index that belong to plugins that may hide languages."""
    return frozenset(name for name in namespaces if name.lower().startswith(_NAMESPACES))
