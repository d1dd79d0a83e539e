"""Site lists: the file formats, and one site of a list."""

from __future__ import annotations

import csv
import difflib
import re
import tomllib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from newsbot.arguments.values import Names, _site, validate
from newsbot.article.cleaning.rule import Rule, read_rule
from newsbot.article.cleaning.rules import CleaningRules, site_rules
from newsbot.errors import BadArgument

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

    ``every`` (written as ``30m``, ``6h``, ``1d``), ``delay``, ``max_wait`` and ``give_up`` are in seconds. The last
    three replace NEWSBOT_DELAY, NEWSBOT_MAX_WAIT and NEWSBOT_GIVE_UP for the site's own host.

    ``rules_off`` names cleaning rules that are off for this site, ``rule`` are the site's own rules.
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
        """The request meta for the politeness middleware, in every request of this site."""
        given = {f"newsbot_{name}": getattr(self, name) for name in ("delay", "max_wait", "give_up")}
        return {name: value for name, value in given.items() if value is not None}

    def due(self, last: datetime | None, now: datetime) -> bool:
        """Whether ``every`` has passed since ``last``, the time of the site's last whole crawl. True where either is
        unknown.

        A twentieth of ``every`` may be missing, ten minutes at most, since no timer is exact to the second.
        """
        if self.every is None or last is None:
            return True
        return now - last >= timedelta(seconds=self.every - min(600.0, self.every / 20))

    @model_validator(mode="after")
    def _rules_fit(self) -> Target:
        self.cleaning_rules()
        return self

    def cleaning_rules(self) -> CleaningRules | None:
        """The cleaning rules of this site; None where the site uses the default rules."""
        return site_rules(self.rules_off, self.rule) if self.rules_off or self.rule else None


def read_sites(path: Path) -> list[Target]:
    """A site list: a URL a line (.txt, ``#`` comments), .csv with a header, or .toml with ``[[site]]`` tables."""
    try:
        raw = _rows(path)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, csv.Error) as error:
        raise BadArgument(f"sites= {path} cannot be read: {error}") from None
    for name in _unknown(raw):
        # A site list may have columns of its owner. A column whose name is similar to a known one is a typing error,
        # and the crawl could be less polite.
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
        raise BadArgument(f"sites= {path} contains no site")
    return targets


def ignored_columns(path: Path) -> list[str]:
    """The columns of a site list that newsbot does not know."""
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
