"""What the GET of each collection accepts, as index and OPTIONS describe it, and WordPress's error for other values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.newsroom.answer import Refusal
from tests.newsroom.options import Options

Args = dict[str, dict[str, Any]]
_DATE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}(?::\d{2})?)?\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """A route that lists one kind of object. ``family``: post, term, user or comment."""

    base: str
    family: str
    kind: str
    label: str
    args: Args

    @property
    def route(self) -> str:
        return f"/wp/v2/{self.base}"


def _integer(text: str, **more: Any) -> dict[str, Any]:
    return {"description": text, "type": "integer", **more}


def _ids(text: str) -> dict[str, Any]:
    return {"description": text, "type": "array", "items": {"type": "integer"}, "default": []}


def _date(text: str) -> dict[str, Any]:
    return {"description": text, "type": "string", "format": "date-time"}


def _order(default: str, keys: str, by: str) -> Args:
    return {
        "order": {"description": "Sort direction.", "type": "string", "default": default, "enum": ["asc", "desc"]},
        "orderby": {"description": "Sort key.", "type": "string", "default": by, "enum": keys.split()},
    }


def _common() -> Args:
    return {
        "context": {"description": "Scope.", "type": "string", "enum": ["view", "embed", "edit"], "default": "view"},
        "page": _integer("Current page of the collection.", default=1, minimum=1),
        "per_page": _integer("Rows in an answer.", default=10, minimum=1, maximum=100),
        "search": {"description": "Rows that hold a string.", "type": "string"},
        "exclude": _ids("Rows to leave out."),
        "include": _ids("Rows to take, and no others."),
        "offset": _integer("Rows to skip."),
    }


_SLUG: dict[str, Any] = {"description": "Rows of these slugs.", "type": "array", "items": {"type": "string"}}


def _post_args(kind: str, options: Options) -> Args:
    args = _common() | {name: _date(f"Published {name} a date.") for name in ("after", "before")}
    if not options.of_2016:
        args |= {name: _date(f"{name.capitalize()} a date.") for name in ("modified_after", "modified_before")}
    args |= {"author": _ids("Rows of these authors."), "author_exclude": _ids("Rows of no such author.")}
    keys = "author date id include modified parent relevance slug include_slugs title"
    if options.of_2016:
        keys = "date id include title slug"
    args |= _order("desc", keys + (" menu_order" if kind == "page" else ""), "date") | {"slug": _SLUG}
    status = "inherit" if kind == "attachment" else "publish"
    args["status"] = {"description": "Statuses.", "type": "array", "items": {"type": "string"}, "default": status}
    if kind in ("page", "attachment"):
        args |= {"parent": _ids("Rows of these parents."), "parent_exclude": _ids("Rows of no such parent.")}
    if kind == "attachment":
        args |= {name: {"description": name, "type": "string"} for name in ("media_type", "mime_type")}
    for base in {"post": ("categories", "tags"), "story": ("beats",)}.get(kind, ()):
        args |= {base: _ids(f"Rows with these {base}."), f"{base}_exclude": _ids(f"Rows with none of these {base}.")}
    if kind in ("post", "story") and not options.of_2016:
        args["tax_relation"] = {"description": "How taxonomies join.", "type": "string", "enum": ["AND", "OR"]}
    if kind == "post":
        args["sticky"] = {"description": "Sticky rows only, or none.", "type": "boolean"}
    return args


def _term_args(kind: str) -> Args:
    args = _common() | _order("asc", "id include name slug include_slugs term_group description count", "name")
    args |= {"hide_empty": {"description": "Leave out terms without posts.", "type": "boolean", "default": False}}
    if kind == "category":
        args["parent"] = _integer("Terms below this one.")
    return args | {"post": _integer("Terms of this post."), "slug": _SLUG}


def _user_args() -> Args:
    keys = "id include name registered_date slug include_slugs email url"
    return _common() | _order("asc", keys, "name") | {"slug": _SLUG}


def _comment_args() -> Args:
    args = _common() | {name: _date(f"Published {name} a date.") for name in ("after", "before")}
    args |= _order("desc", "date date_gmt id include post parent type", "date_gmt")
    args |= {name: _ids(f"Comments by {name}.") for name in ("author", "author_exclude", "parent", "parent_exclude")}
    words = {"status": "approve", "type": "comment"}
    args |= {name: {"description": name, "type": "string", "default": word} for name, word in words.items()}
    return args | {"post": _ids("Comments on these posts.")}


def collections(options: Options) -> dict[str, Collection]:
    """Every collection, by the last part of its route."""
    made = [
        Collection(base=base, family="post", kind=kind, label=label, args=_post_args(kind, options))
        for base, kind, label in (
            ("posts", "post", "Posts"),
            ("pages", "page", "Pages"),
            ("media", "attachment", "Media"),
            ("stories", "story", "Stories"),
        )
    ]
    made += [
        Collection(base=base, family="term", kind=kind, label=label, args=_term_args(kind))
        for base, kind, label in (
            ("categories", "category", "Categories"),
            ("tags", "post_tag", "Tags"),
            ("beats", "beat", "Beats"),
        )
    ]
    made.append(Collection(base="users", family="user", kind="user", label="Users", args=_user_args()))
    made.append(Collection(base="comments", family="comment", kind="comment", label="Comments", args=_comment_args()))
    return {one.base: one for one in made}


def parse(args: Args, params: Mapping[str, list[str]]) -> dict[str, Any]:
    """The validated values with their defaults. Raises Refusal with WordPress's error. Unknown parameters are
    ignored."""
    values, wrong = {}, {}
    for name, arg in args.items():
        given = params.get(name)
        if given is None:
            if "default" in arg:
                values[name] = arg["default"]
            continue
        try:
            values[name] = _value(name, arg, given)
        except _Wrong as error:
            wrong[name] = error
    if wrong:
        raise Refusal(
            400,
            "rest_invalid_param",
            f"Invalid parameter(s): {', '.join(wrong)}",
            params={name: error.text for name, error in wrong.items()},
            details={
                name: {"code": error.code, "message": error.text, "data": error.data} for name, error in wrong.items()
            },
        )
    return values


class _Wrong(Exception):
    def __init__(self, code: str, text: str, data: dict[str, Any] | None = None) -> None:
        super().__init__(text)
        self.code, self.text, self.data = code, text, data


def _value(name: str, arg: Mapping[str, Any], given: list[str]) -> Any:
    if arg["type"] == "array":
        parts = given if len(given) > 1 else [part for part in re.split(r"[\s,]+", given[0]) if part]
        if name == "status" and any(part != arg["default"] for part in parts):
            raise _Wrong("rest_forbidden_status", "Status is forbidden.", {"status": 401})
        if arg["items"]["type"] == "integer":
            return [_whole(f"{name}[{i}]", part) for i, part in enumerate(parts)]
        return parts
    text = given[-1]
    if arg["type"] == "integer":
        return _bounded(name, arg, _whole(name, text))
    if arg["type"] == "boolean":
        if text.lower() not in ("true", "false", "1", "0"):
            raise _Wrong("rest_invalid_type", f"{name} is not of type boolean.", {"param": name})
        return text.lower() in ("true", "1")
    if arg.get("format") == "date-time" and not _is_date_time(text):
        raise _Wrong("rest_invalid_date", "Invalid date.")
    if "enum" in arg and text not in arg["enum"]:
        *first, last = arg["enum"]
        raise _Wrong("rest_not_in_enum", f"{name} is not one of {', '.join(first)}, and {last}.")
    return text


def _whole(name: str, text: str) -> int:
    if not re.fullmatch(r"\s*[+-]?\d+(?:\.0*)?\s*", text):
        raise _Wrong("rest_invalid_type", f"{name} is not of type integer.", {"param": name})
    return int(float(text))


def _bounded(name: str, arg: Mapping[str, Any], value: int) -> int:
    low, high = arg.get("minimum"), arg.get("maximum")
    if low is not None and high is not None:
        if not low <= value <= high:
            raise _Wrong("rest_out_of_bounds", f"{name} must be between {low} (inclusive) and {high} (inclusive)")
    elif low is not None and value < low:
        raise _Wrong("rest_out_of_bounds", f"{name} must be greater than or equal to {low}")
    return value


def _is_date_time(text: str) -> bool:
    if not _DATE_TIME.match(text):
        return False
    try:
        datetime.fromisoformat(text[:19].upper().replace(" ", "T"))
    except ValueError:
        return False
    return True


def local_seconds(text: str, zone: ZoneInfo) -> int:
    """A validated date-time as local seconds of the site. A date-time with a zone is converted."""
    when = datetime.fromisoformat(text.upper().replace(" ", "T"))
    if when.tzinfo is not None:
        when = when.astimezone(zone).replace(tzinfo=None)
    return int((when.replace(microsecond=0) - datetime(1970, 1, 1)).total_seconds())
