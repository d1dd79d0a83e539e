"""Raw shortcodes: they remain in a post after the plugin or page builder that rendered them was removed.

Only brackets that cannot be the author's are removed: a name with ``key="value"``, a name that is closed later, a name
of a known page builder or plugin. ``[sic]``, ``[1]``, ``[…]``, ``[Update, 3 pm]`` stay.
"""

from __future__ import annotations

import re
from collections.abc import Set
from html import unescape

_CLOSER = re.compile(r"\[/([A-Za-z][\w-]{0,40})\s*\]")
_QUOTE = "[\"'“”„″′‘’«»]"
# An argument may contain "]" between quotes, and "[...]" too if it is written as key="...". The expression never
# backtracks: the cost of an opening bracket without an end grows with its length, not with the number of ways to pair
# its quotes. ``markup.py`` explains why some groups are atomic and not possessive.
_OPENING_QUOTE = r"(?<==)[\"“”„″][^\"“”„″\[\]]*+\["
_BRACKETED = rf"{_OPENING_QUOTE}[^\"“”„″\[\]]*+\](?>(?:[^\"“”„″\[\]]++|\[[^\"“”„″\[\]]*+\])*)[\"“”„″](?=[\s\xa0/\]])"
_HELD = rf"(?>(?:[^\"'“”„″′‘’«»\[\]]++|(?!{_OPENING_QUOTE}){_QUOTE}(?:[^\"'“”„″′‘’«»\[]*+{_QUOTE})?)*)"
_ARGUMENTS = rf"(?:{_HELD}(?>(?:{_BRACKETED}{_HELD}){{0,8}})(?=\])|[^\[\]]*+)"
_TAG = re.compile(rf"\[(/?)([A-Za-z][\w-]{{0,60}})((?:[\s\xa0]|/(?=\])){_ARGUMENTS})?\]")
_SPACE_OR_TAG = re.compile(rf"\s++|{_TAG.pattern}")
# Shortcodes whose content is code, or code in base64, and not text.
_OPAQUE = re.compile(r"\[(vc_raw_html|vc_raw_js|fusion_code|et_pb_code_raw)\b[^\[\]]*\][^\[<]*\[/\1\]")
# Spaces around "=" are allowed only before a quoted value: "[mean age = 34]" is the author's.
_ARGUMENT = re.compile(rf"[\w-]+(?:\s*=\s*{_QUOTE}|=\w)")
_IMPORTED = re.compile(r"ad_\d{1,2}")  # the advertising places of the plugin WP Automatic
_URL = re.compile(r"https?://[^\s\"'“”″<>\[\]]+")
# An opening shortcode of a page builder that ends in another text node: its arguments contain a line break or a link.
_CUT = re.compile(r"\[/?(?:vc_|et_pb_|fusion_|av_|mk_|su_|nectar_|tatsu_|wpb_|cs_)[\w-]+\s[^\[\]]*$")
_PREFIXES = (
    "vc_", "vc-", "wpb_", "et_pb_", "et_bloom", "fusion_", "av_", "mk_", "su_", "nectar_", "tatsu_", "cs_", "x_", "kc_",
    "tm_pb_", "ux_", "us_", "mpc_", "dt_", "thim-", "td_block_", "td_", "penci_", "porto_", "ultimate_", "rev_slider",
    "elementor-", "wpforms", "contact-form", "gravityform", "ninja_form", "ninja_forms", "formidable", "fluentform",
    "forminator_", "mc4wp_", "mailpoet_", "newsletter", "woocommerce_", "pmpro_", "wp_ad_camp", "adrotate",
    "the_ad", "quads",
    "aawp", "amazon_", "asa", "addtoany", "ssba", "sharethis", "yarpp", "related_posts", "ez-toc", "lwptoc",
    "rank_math_",
    "wp-rss", "wpsm_", "thrive_", "op_", "optimizepress", "brizy", "siteorigin_", "fl_builder", "fusion-", "tcb-",
    "bsf-",
    "one_half", "one_third", "one_fourth", "two_third", "three_fourth", "ngg", "nggallery", "print-me", "printfriendly",
    "ratings", "kkstarratings", "yasr_", "gtranslate", "google-translator", "wp-review", "poll", "totalpoll",
    "facebook",
    "instagram-feed", "custom-twitter-feeds", "custom-facebook-feed", "do_widget", "widget", "bws_", "wpdm_",
    "wpdatatable",
)  # fmt: skip
# Prefixes after which an author may write a hyphen: "the [Facebook-owned] service".
_WORDS = ("facebook", "poll", "newsletter", "ratings", "widget", "quads", "asa", "fusion-", "formidable", "brizy")
_NAMES = frozenset({
    "gallery", "caption", "embed", "audio", "video", "playlist", "youtube", "vimeo", "googlemaps", "toc", "ad",
    "ads", "adsense",
    "divider", "spacer", "clear", "clearfix", "column", "columns", "row", "col", "tabs", "tab", "tabgroup", "toggle",
    "accordion", "dropcap", "pullquote", "highlight", "button", "buttons", "icon", "alert", "box",
    "infobox",
    "slider", "carousel", "contact", "contact-form-7", "socialshare", "social_share", "share", "recent_posts",
    "products",
    "product", "add_to_cart", "optin-monster", "optin-monster-shortcode", "convertkit", "mailerlite_form",
    "wp_code", "jetpack_subscription_form",
    "googlefont", "hr", "br", "space", "gap", "separator", "section", "container", "blog_posts", "wpcode",
    "wpml_language_selector_widget",
    "print_link", "adinserter", "sc", "wp_sitemap_page", "post-views", "postviews", "views", "rt_reading_time",
    "irp", "relatedposts", "related", "subscribe2", "recipe", "yarpp", "poll", "newsletter", "breadcrumb",
})  # fmt: skip


# Arguments that HTML processing changed: a URL became a link, or there is a line break inside.
_BROKEN = re.compile(r"\[([A-Za-z][\w-]{0,60})(?=\s|<br)([^\[\]<]{0,3000}+<[^\[\]]{0,3000}+)\]")
_BREAKS = re.compile(r"<br\s*/?>|</?p>|</?a\b[^<>]*>", re.I)
# Arguments with text of the author: a heading, a question, a caption.
_SAID = {
    **dict.fromkeys(("vc_custom_heading", "title", "ux_title"), "text"),
    **dict.fromkeys(
        (
            "su_spoiler", "et_pb_toggle", "et_pb_accordion_item", "et_pb_blurb", "et_pb_tab", "et_pb_cta", "vc_toggle",
            "vc_tta_section", "vc_tab", "av_toggle", "av_tab", "fusion_toggle", "fusion_tab", "toggle", "tab", "expand",
            "accordion-item", "accordion_item", "spoiler", "collapse",
        ),
        "title",
    ),
    **dict.fromkeys(("av_heading", "et_pb_slide"), "heading"),
    "caption": "caption",
}  # fmt: skip
_SHOWN = frozenset({"embed", "youtube", "vimeo", "video", "audio", "tweet"})
_FILE = re.compile(r"\.(?:pdf|docx?|xlsx?|pptx?|mp3|m4a|mp4)\Z", re.I)
_PICTURE = re.compile(
    r"\[[\w-]{0,40}?(?:image|img|photo|picture|blurb)[\w-]{0,40}+\s"
    rf"[^\[\]]*?\b(?:src|image|url|image_url|photo_url)={_QUOTE}"
    r"(https?://[^\s\"'“”″<>\[\]]+\.(?:jpe?g|png|gif|webp|avif))",
    re.I,
)


def with_plain_arguments(html: str) -> str:
    """``html`` in which the arguments of shortcodes are plain text again."""
    return _BROKEN.sub(_mended, html) if "[" in html else html


def closers(html: str) -> frozenset[str]:
    """The names of all shortcodes that are closed somewhere in ``html``."""
    return frozenset(name.lower() for name in _CLOSER.findall(html)) if "[" in html and "[/" in html else frozenset()


def strip(text: str, closed: Set[str]) -> tuple[list[str], list[str], int]:
    """``text`` without its shortcodes: the words before, between and after the pictures that the shortcodes of page
    builders would show; the URLs of these pictures; and the number of shortcodes removed.

    The enclosed text and the URL of an embed stay.
    """
    text, count = _OPAQUE.subn(" ", text)
    lone = _is_only_tags(text)
    words: list[str] = []
    pictures: list[str] = []
    pieces: list[str] = []
    at = 0
    for found in _TAG.finditer(text):
        closing, name, arguments = found[1], found[2].lower(), found[3] or ""
        # Names of shortcodes are in small letters: "[Video]" alone in a line belongs to a transcript.
        alone = lone and (found[2].islower() or name == "toc")
        if not (closing or _is_shortcode(name, arguments, closed=closed, lone=alone)):
            continue
        count += 1
        pieces += (text[at : found.start()], _said(name, arguments))
        at = found.end()
        if picture := _PICTURE.search(found[0]):
            words.append("".join(pieces))
            pictures.append(picture[1])
            pieces.clear()
    rest = text[at:]
    if cut := _CUT.search(rest):
        count += 1
        rest = rest[: cut.start()]
        if picture := _PICTURE.search(cut[0]):
            words.append("".join((*pieces, rest)))
            pictures.append(picture[1])
            pieces.clear()
            rest = ""
    words.append("".join((*pieces, rest)))
    return _stripped_again(words, pictures, count, closed) if pictures else (words, pictures, count)


def _stripped_again(
    words: list[str], pictures: list[str], count: int, closed: Set[str]
) -> tuple[list[str], list[str], int]:
    """The result of ``strip`` after a second pass: a shortcode with a common name may be alone after a picture divided
    its text."""
    for at in reversed(range(len(words))):
        if words[at] and not words[at].isspace() and _is_only_tags(words[at]):
            inner, found, more = strip(words[at], closed)
            words[at : at + 1] = inner
            pictures[at:at] = found
            count += more
    return words, pictures, count


def _is_only_tags(text: str) -> bool:
    """Whether ``text`` has nothing but shortcodes and white space."""
    at = 0
    while at < len(text):
        found = _SPACE_OR_TAG.match(text, at)
        if found is None:
            return False
        at = found.end()
    return True


def _mended(found: re.Match[str]) -> str:
    arguments = _BREAKS.sub(" ", found[2])
    meant = "<" not in arguments and ">" not in arguments and _ARGUMENT.match(unescape(arguments).strip())
    return f"[{found[1]} {arguments.strip()}]" if meant else found[0]


def _said(name: str, arguments: str) -> str:
    """The text for the reader in the arguments of a shortcode."""
    address = _URL.search(arguments)
    if address and (name in _SHOWN or _FILE.search(address[0])):
        return f" {address[0]} "
    if name == "tweet":
        return arguments.strip(" \xa0\"'“”„″")
    if name in _SAID and arguments:
        words = re.search(rf"\b{_SAID[name]}\s*=\s*[\"“”″„«]([^\"“”″„»\[]+)[\"“”″»]", arguments)
        return f" {words[1]} " if words else ""
    return ""


def _is_shortcode(name: str, arguments: str, *, closed: Set[str], lone: bool) -> bool:
    # A post may have hundreds of thousands of brackets. Single letters decide most of them quickly.
    if ("=" in arguments and _ARGUMENT.match(arguments.strip())) or name in closed:
        return True
    joined = "_" in name or "-" in name
    if joined and name.startswith(_PREFIXES) and ("_" in name or not name.startswith(_WORDS)):
        return True
    if (joined and _IMPORTED.fullmatch(name)) or (name == "tweet" and arguments.strip()[:1] in tuple('"“”')):
        return True
    return lone and (name in _NAMES or "_" in name or name.startswith(_PREFIXES))
