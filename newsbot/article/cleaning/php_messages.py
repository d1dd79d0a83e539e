"""The messages that PHP prints into a page where a plugin or a theme is faulty and ``display_errors`` is on.

PHP writes them in this form: ``<b>Warning</b>: ... in <b>/path/file.php</b> on line <b>12</b>``, in a line. The author
did not write these messages, and the site does not show them on purpose.
"""

from __future__ import annotations

import re

_END = "</b> on line <b>"
_MESSAGE = re.compile(
    r"(?:<br ?/?>\s{0,3})?<b>(?:Warning|Notice|Deprecated|Fatal error|Parse error|Strict Standards"
    r"|Recoverable fatal error|Catchable fatal error|Core warning|Compile error|Unknown error)</b>:\s{1,3}"
    r"(?:[^<\n]|</?a\b[^<>\n]{0,200}>){1,1000} in "
    r"<b>[^<>\n]{0,300}(?:\.php|\.inc|\.phtml|code)</b> on line <b>\d{1,6}</b>(?:<br ?/?>)?"
)


def without_php_messages(html: str) -> tuple[str, int]:
    """``html`` without the messages of PHP, and how many there were."""
    return _MESSAGE.subn("", html) if _END in html else (html, 0)
