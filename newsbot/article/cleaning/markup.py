"""The tags of HTML where an HTML parser finds them: not in a comment, a script, a quoted value or other raw text.

Source: the states of the tokenizer in the HTML standard. Each search takes linear time.
"""

from __future__ import annotations

import re

SPACE = r"\t\n\f\r "
"""The white space of HTML, for a class of characters. ``\\s`` has more: a no-break space is a part of a name."""

# In Python before 3.11.5 a possessive repeat of a group continues at a wrong place if the last try of the group fails
# after its first character. Such groups are repeated in an atomic group ``(?>...)``.
ATTRIBUTE = (
    rf"""(?:[{SPACE}/]++|=?[^{SPACE}/>=]++(?>(?:[{SPACE}]*+=[{SPACE}]*+"""
    rf"""(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|[^{SPACE}>]*+))?)|=)"""
)
"""One attribute, or the space before one."""

NAME = rf"[a-zA-Z][^{SPACE}/>]*+"

TOKEN = re.compile(
    r"<(?:!--(?:-?>|.*?(?:--!?>|\Z))"  # a comment
    r"|[!?][^>]*+|/(?![a-zA-Z])[^>]*+"  # a declaration, or a comment by mistake
    rf"|(/?)({NAME})(?>{ATTRIBUTE}{{0,500}})[^>]*+>?)",
    re.S,
)
"""A comment, or a tag: group 1 is the slash of an end tag, group 2 the name. No tag has 500 attributes and spaces where
``limit_attributes`` was called before."""

RAW = frozenset({"script", "style", "textarea", "title", "iframe", "xmp", "noembed", "noframes"})
"""Elements whose content is text for a parser, up to their end tag."""

MAY_BE_RAW = re.compile(f"<(?:{'|'.join(sorted(RAW))})", re.I | re.A).search
"""Finds a place where such an element may begin."""

_RAW_ENDS = {name: re.compile(rf"</{name}(?=[{SPACE}/>])", re.I | re.A) for name in RAW}
_IN_SCRIPT = re.compile(rf"<!--|-->|<(/?)script(?=[{SPACE}/>])", re.I | re.A)


def lower(name: str) -> str:
    """A name as a parser compares it: only the letters of ASCII have two cases."""
    return name.lower() if name.isascii() else name


def end_of_raw(html: str, name: str, at: int) -> int:
    """The place of the end tag of a raw element whose content begins at ``at``; the end of ``html`` if there is no end
    tag."""
    if name == "script":
        return _end_of_script(html, at)
    found = _RAW_ENDS[name].search(html, at)
    return found.start() if found else len(html)


def _end_of_script(html: str, at: int) -> int:
    """The place of the end tag of a script. In a comment within a script, a start tag of a script makes the parser
    ignore the next end tag."""
    in_comment = in_inner = False
    while found := _IN_SCRIPT.search(html, at):
        at = found.end()
        if found[0] == "<!--":
            in_comment = True
            at -= 2  # the same dashes may end the comment: <!-->
        elif found[0] == "-->":
            in_comment = in_inner = False
        elif not found[1]:
            in_inner = in_inner or in_comment
        elif in_inner:
            in_inner = False
        else:
            return found.start()
    return len(html)
