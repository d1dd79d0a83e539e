"""Values of arguments and site lists: how each value is read, and which values are refused."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ValidationError
from pydantic_core import ErrorDetails

from newsbot.errors import BadArgument
from newsbot.urls import as_url


def split_names(value: Any) -> Any:
    """The names of a list with commas, each once. Other values are left for pydantic to refuse."""
    names = [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
    # A type that is named twice would otherwise be crawled and delivered twice.
    are_texts = isinstance(names, list | tuple) and all(isinstance(name, str) for name in names)
    return tuple(dict.fromkeys(names)) if are_texts else names


def _switch(value: Any) -> Any:
    if str(value).lower() in ("1", "true", "yes"):
        return True
    if str(value).lower() in ("0", "false", "no", ""):
        return False
    raise ValueError(f"takes 1 or 0, not {value!r}")


def moment(value: str, *, end: bool = False) -> str:
    """An ISO date or date-time as UTC ``YYYY-MM-DDTHH:MM:SS``. Without a time zone it is UTC. Raises ValueError.

    With ``end`` a bare date includes its whole day.
    """
    text = value.strip()
    parsed = datetime.fromisoformat(text)
    if not 1000 <= parsed.year < 9999:
        # MySQL's dates end at these years, and a query widens the window by a day.
        raise ValueError(f"the year must be between 1000 and 9998, not {parsed.year}")
    if end and _is_date(text):
        parsed += timedelta(days=1)
    if parsed.tzinfo is not None:
        parsed = parsed.astimezone(UTC).replace(tzinfo=None)
    return parsed.isoformat(timespec="seconds")


def _is_date(text: str) -> bool:
    """Whether the text is a date without a time, in any ISO form: ``2024-05-31``, ``20240531``."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def split_urls(value: Any) -> Any:
    """The URLs of a list with commas. Raises ValueError for text that is not a web address."""
    sites = split_names(value)
    for site in sites:
        if not is_web_address(site):
            raise ValueError(f"{site!r} is not a web address")
        if "@" in urlsplit(as_url(site)).netloc:
            # The message does not repeat the address, since the receipt, the archive and the screen would show the
            # password.
            raise ValueError("takes no user name or password in an address; use NEWSBOT_AUTH for them")
    return sites


_NEVER_IN_A_URL = re.compile("[\\s\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""White space, control characters and lone surrogates. No host has them, and PostgreSQL refuses some of them."""


def is_web_address(text: str) -> bool:
    """Whether the text is a URL of http or https, or such a URL without its scheme."""
    if _NEVER_IN_A_URL.search(text) or ("://" in text and not text.lower().startswith(("http://", "https://"))):
        return False
    try:
        parts = urlsplit(as_url(text))
        # ``https://https://a.example`` and ``http:/a.example`` have the host "https" or "http".
        return bool(parts.hostname) and parts.hostname not in ("http", "https") and parts.port != 0
    except ValueError:
        return False


Names = Annotated[tuple[str, ...], BeforeValidator(split_names)]
Switch = Annotated[bool, BeforeValidator(_switch)]

Model = TypeVar("Model", bound=BaseModel)


def validate(model: type[Model], arguments: Mapping[str, Any]) -> Model:
    """The arguments of the command line as a model. Raises BadArgument with one line."""
    try:
        return model.model_validate(dict(arguments))
    except ValidationError as error:
        lines = (_error_line(details, list(model.model_fields)) for details in error.errors())
        raise BadArgument("; ".join(lines)) from None


_WRONG_NUMBERS = {
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a smaller number",
    "float_parsing": "a number",
    "float_type": "a number",
    "finite_number": "a number",
}
"""Type of pydantic's error -> what the argument takes."""


def _error_line(details: ErrorDetails, names: Sequence[str]) -> str:
    name, value = str(details["loc"][0]) if details["loc"] else "", details["input"]
    match details["type"]:
        case "extra_forbidden":
            return _unknown(name, names)
        case "greater_than_equal":
            return f"{name}= takes {details['ctx']['ge']} or more, not {value!r}"
        case "too_short":
            return f"{name}= takes at least one name"
        case known if known in _WRONG_NUMBERS:
            return f"{name}= takes {_WRONG_NUMBERS[known]}, not {value!r}"
    text = details["msg"].removeprefix("Value error, ")
    return f"{name}= {text}" if name else text


def _unknown(name: str, names: Sequence[str]) -> str:
    # A given word that shares only three letters with a name is not a typing error: "types" and "sites".
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.65)
    meant = f"did you mean {near[0]}=? " if near else ""
    return f"unknown argument {name}=: {meant}The arguments are {', '.join(names)}"
