"""Spider arguments: typed, described, and validated before the first request."""

from __future__ import annotations

import csv
import difflib
import re
import tomllib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from newsbot.arguments.values import Names, Switch, _names, _site, moment, validate
from newsbot.article.cleaning.rule import Rule, read_rule
from newsbot.article.cleaning.rules import Rules, site_rules
from newsbot.errors import BadArgument
from newsbot.wordpress.joins.relations import FOLLOWED

FOLLOW = tuple(FOLLOWED)
RENDER = ("auto", "never", "always")


def _follow(value: Any) -> Any:
    names = _names(value)
    if names == ("none",):
        return ()
    unknown = [name for name in names if name not in FOLLOW]
    if unknown or not names:
        raise ValueError(f"follow takes {', '.join(FOLLOW)} or none, not {', '.join(unknown) or 'nothing'!r}")
    return names


def _render(value: Any) -> Any:
    if value not in RENDER:
        raise ValueError(f"takes {', '.join(RENDER)}, not {value!r}")
    return value


def _media(value: Any) -> Any:
    if value not in ("download", "none", None):
        raise ValueError(f"takes download or none, not {value!r}")
    return None if value == "none" else value


def _since(value: Any) -> Any:
    try:
        return moment(str(value))
    except ValueError:
        raise ValueError(f"takes an ISO date or date-time such as 2024-05-31, not {value!r}") from None


def _until(value: Any) -> Any:
    try:
        return moment(str(value), end=True)
    except ValueError:
        raise ValueError(f"takes an ISO date or date-time such as 2024-05-31, not {value!r}") from None


_UNITS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def _every(value: Any) -> Any:
    found = re.fullmatch(r"([1-9]\d{0,4})\s*([mhdw])", str(value).strip().lower())
    if found is None:
        raise ValueError(f"takes a number and m, h, d or w, such as 30m, 6h or 1d, not {value!r}")
    return int(found[1]) * _UNITS[found[2]]


def _one_site(value: Any) -> Any:
    sites = _site(str(value))
    if len(sites) != 1:
        raise ValueError(f"takes one web address, not {str(value)!r}")
    return sites[0]


Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


def _own_rules(value: Any) -> Any:
    tables = value if isinstance(value, list | tuple) else [value]
    if not all(isinstance(table, dict | Rule) for table in tables):
        raise ValueError("takes [[site.rule]] tables")
    named = {"what": "a rule of the site list"}
    return tuple(table if isinstance(table, Rule) else read_rule(named | table) for table in tables)


class Target(BaseModel):
    """One site to crawl: a line of a site list, or one URL of ``site=``.

    ``every`` (as read: ``30m``, ``6h``, ``1d``), ``delay``, ``max_wait`` and ``give_up`` are in seconds; the last three
    replace NEWSBOT_DELAY, NEWSBOT_MAX_WAIT and NEWSBOT_GIVE_UP for the site's own host.

    ``rules_off`` names cleaning rules that this site does without, ``rule`` are its own.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    url: Annotated[str, BeforeValidator(_one_site)]
    name: str | None = None
    types: Names | None = None
    every: Annotated[int, BeforeValidator(_every)] | None = None
    delay: Seconds | None = None
    max_wait: Seconds | None = None
    give_up: Seconds | None = None
    rules_off: Names = ()
    rule: Annotated[tuple[Rule, ...], BeforeValidator(_own_rules)] = ()

    def pace(self) -> dict[str, float]:
        """What the politeness middleware is told with every request of this site."""
        given = {f"newsbot_{name}": getattr(self, name) for name in ("delay", "max_wait", "give_up")}
        return {name: value for name, value in given.items() if value is not None}

    def due(self, last: datetime | None, now: datetime) -> bool:
        """Whether ``every`` has passed since ``last``, the site's last whole crawl; always, where either is unknown.

        A twentieth of it, ten minutes at most, may be lacking: no timer fires to the second.
        """
        if self.every is None or last is None:
            return True
        return now - last >= timedelta(seconds=self.every - min(600.0, self.every / 20))

    @model_validator(mode="after")
    def _rules_fit(self) -> Target:
        self.cleaning_rules()
        return self

    def cleaning_rules(self) -> Rules | None:
        """The rules for this site's articles; None where it goes by the default ones."""
        return site_rules(self.rules_off, self.rule) if self.rules_off or self.rule else None


class SiteArguments(BaseModel):
    """What every spider takes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    site: Annotated[tuple[str, ...], BeforeValidator(_site)] = Field(
        default=(), description="any URL of a site; several with commas"
    )
    sites: Path | None = Field(default=None, description="a file of sites: .txt, .csv or .toml")
    limit: Annotated[int, Field(ge=1)] | None = Field(default=None, description="the newest N of each type")
    full: Switch = Field(default=False, description="deliver everything again, not only what changed")
    sweep: Switch = Field(default=False, description="compare every id of the site with the archive now")
    confirm_deletions: Switch = Field(default=False, description="believe deletions that are suspiciously many")
    raw: Switch = Field(default=False, description="keep the whole API object in `raw`")
    due: Switch = Field(default=False, description="of sites=, only those whose `every` has passed")

    @model_validator(mode="after")
    def _one_source(self) -> SiteArguments:
        if bool(self.site) == bool(self.sites):
            raise ValueError("give one of site=URL or sites=FILE")
        if self.due and not self.sites:
            raise ValueError("due= needs sites=FILE")
        return self

    @property
    def narrowed(self) -> bool:
        """Whether a complete run may still lack what a site has."""
        return any(getattr(self, name, None) is not None for name in ("limit", "since", "until"))

    def targets(self) -> list[Target]:
        """The sites to crawl, each once. Raises BadArgument where the file cannot be read."""
        found = read_sites(self.sites) if self.sites else [Target(url=url) for url in self.site]
        return list({target.url: target for target in found}.values())


class DatedArguments(SiteArguments):
    """What the spiders of dated things take."""

    since: Annotated[str, BeforeValidator(_since)] | None = Field(
        default=None, description="published at or after (ISO date or date-time, UTC)"
    )
    until: Annotated[str, BeforeValidator(_until)] | None = Field(
        default=None, description="published before; a bare date includes its day"
    )

    @model_validator(mode="after")
    def _window(self) -> DatedArguments:
        if self.since and self.until and self.since >= self.until:
            raise ValueError("since must lie before until")
        return self


class FileArguments(DatedArguments):
    """What the spiders of things with files take."""

    media: Annotated[Literal["download"] | None, BeforeValidator(_media)] = Field(
        default=None, description="download: fetch the files that rows show; or none"
    )


class PostArguments(FileArguments):
    """What ``wp_posts`` takes."""

    types: Names = Field(default=("post",), min_length=1, description="post, page, any public type, or all")
    follow: Annotated[tuple[str, ...], BeforeValidator(_follow)] = Field(
        default=("author", "terms", "media"), description="which links to join: " + ", ".join(FOLLOW) + ", or none"
    )
    render: Annotated[str, BeforeValidator(_render)] = Field(
        default="auto", description="may a browser be used: " + ", ".join(RENDER)
    )


class TermArguments(SiteArguments):
    """What ``wp_terms`` takes."""

    types: Names = Field(default=("all",), min_length=1, description="taxonomies: category, post_tag, ..., or all")


def read_sites(path: Path) -> list[Target]:
    """A site list: a URL a line (.txt, ``#`` comments), .csv with a header, or .toml with ``[[site]]`` tables."""
    try:
        raw = _rows(path)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, csv.Error) as error:
        raise BadArgument(f"sites= {path} cannot be read: {error}") from None
    for name in _unknown(raw):
        # A site list may carry columns of its owner's. One that is nearly ours is a slip, and may make us less polite.
        close = difflib.get_close_matches(name, Target.model_fields, n=1, cutoff=0.75)
        if close or path.suffix == ".toml":
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(Target.model_fields)}"
            raise BadArgument(f"sites= {path}: {name!r} is not known; {hint}")
    targets = []
    for number, row in raw:
        try:
            targets.append(validate(Target, {key: value for key, value in row.items() if value not in ("", None)}))
        except BadArgument as error:
            raise BadArgument(f"sites= {path}, entry {number}: {error}") from None
    if not targets:
        raise BadArgument(f"sites= {path} names no site")
    return targets


def ignored_columns(path: Path) -> list[str]:
    """Columns of a readable site list that mean nothing to us: its owner's own."""
    return _unknown(_rows(path))


def _unknown(raw: list[tuple[int, dict[str, Any]]]) -> list[str]:
    return sorted({key for _, row in raw for key in row if key not in Target.model_fields})


def _rows(path: Path) -> list[tuple[int, dict[str, Any]]]:
    if path.suffix == ".toml":
        tables = tomllib.loads(path.read_text(encoding="utf-8-sig")).get("site", [])
        if not isinstance(tables, list):
            raise OSError("`site` is no list of [[site]] tables")
        return [(n, table if isinstance(table, dict) else {}) for n, table in enumerate(tables, 1)]
    text = path.read_text(encoding="utf-8-sig")
    if path.suffix == ".csv":
        rows = csv.DictReader(text.splitlines())
        rows.fieldnames = [name.strip().lower() for name in rows.fieldnames or ()]
        return [(n, _named(row)) for n, row in enumerate(rows, 1)]
    if path.suffix != ".txt":
        raise OSError("a site list ends in .txt, .csv or .toml")
    lines = [(n, line.split("#", 1)[0].strip()) for n, line in enumerate(text.splitlines(), 1)]
    return [(n, {"url": line}) for n, line in lines if line]


def _named(row: dict[Any, Any]) -> dict[str, Any]:
    if row.pop(None, None):
        raise csv.Error("a line has more cells than the header has names")
    return {name: value.strip() if isinstance(value, str) else value for name, value in row.items()}
