"""Site lists: the file formats, and one site of a list."""

from __future__ import annotations

import difflib
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from newsbot.arguments.list_files import BadList, Row, read_rows
from newsbot.arguments.values import Names, split_urls, validate
from newsbot.article.cleaning.rule import Rule, read_rule
from newsbot.errors import BadArgument

if TYPE_CHECKING:
    from newsbot.article.cleaning.rules import CleaningRules

UNITS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def _every(value: Any) -> Any:
    found = re.fullmatch(r"([1-9][0-9]{0,4})\s*([mhdw])", str(value).strip().lower())
    if found is None:
        raise ValueError(f"takes a number and m, h, d or w, such as 30m, 6h or 1d, not {value!r}")
    return int(found[1]) * UNITS[found[2]]


def _one_site(value: Any) -> Any:
    sites = split_urls(str(value))
    if len(sites) != 1:
        raise ValueError(f"takes one web address, not {str(value)!r}")
    return sites[0]


Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


def _own_rules(value: Any) -> Any:
    tables = value if isinstance(value, list | tuple) else [value]
    if not all(isinstance(table, dict | Rule) for table in tables):
        raise ValueError("takes [[site.rule]] tables")
    default = {"what": "a rule of the site list"}
    return tuple(table if isinstance(table, Rule) else read_rule(default | table) for table in tables)


class Target(BaseModel):
    """One site to crawl: a line of a site list, or one URL of ``site=``.

    ``every`` (written as ``30m``, ``6h``, ``1d``), ``delay``, ``max_wait`` and ``give_up`` are in seconds. The last
    three replace NEWSBOT_DELAY, NEWSBOT_MAX_WAIT and NEWSBOT_GIVE_UP for the site's own host.

    ``rules_off`` names cleaning rules that are off for this site, ``rule`` are the site's own rules.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)

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
        """Whether ``every`` has passed since ``last``, the time of the site's last complete crawl.

        True if either is unknown. The time may be shorter than ``every`` by a twentieth, ten minutes at most, since no
        timer is exact to the second.
        """
        if self.every is None or last is None:
            return True
        return now - last >= timedelta(seconds=self.every - min(600.0, self.every / 20))

    @model_validator(mode="after")
    def _rules_fit(self) -> Target:
        self.cleaning_rules()
        return self

    def cleaning_rules(self) -> CleaningRules | None:
        """The cleaning rules of this site; None if it uses the default rules."""
        if not self.rules_off and not self.rule:
            return None
        from newsbot.article.cleaning.rules import site_rules

        return site_rules(self.rules_off, self.rule)


TOLD = 5
"""A message names at most this many of the entries that cannot be read."""


def read_sites(path: Path) -> list[Target]:
    """A site list: .txt with a URL in each line and ``#`` comments, .csv with a header, .toml with ``[[site]]`` tables.

    Raises BadArgument.
    """
    try:
        raw = read_rows(path)
    except (OSError, BadList) as error:
        why = error.strerror if isinstance(error, OSError) else None
        raise BadArgument(f"sites= {path} cannot be read: {why or error}") from None
    _check_columns(path, _unknown(raw))
    targets, faults = [], []
    for place, row in raw:
        try:
            targets.append(validate(Target, {key: value for key, value in row.items() if value not in ("", None)}))
        except BadArgument as error:
            faults.append(f"{place}: {error}")
    if len(faults) == 1:
        raise BadArgument(f"sites= {path}, {faults[0]}")
    if faults:
        first = "; ".join(faults[:TOLD])
        raise BadArgument(f"sites= {path}: {len(faults)} entries cannot be used. The first ones are {first}")
    if not targets:
        raise BadArgument(f"sites= {path} contains no site")
    return targets


def _check_columns(path: Path, unknown: list[str]) -> None:
    """Raise BadArgument for a column whose name is similar to a known one, and for any unknown key of a .toml.

    A site list may have columns of its owner. A typing error in a name could make the crawl less polite.
    """
    for name in unknown:
        close = difflib.get_close_matches(name, Target.model_fields, n=1, cutoff=0.75)
        if close or path.suffix.lower() == ".toml":
            hint = f"did you mean {close[0]}?" if close else f"the columns are {', '.join(Target.model_fields)}"
            raise BadArgument(f"sites= {path}: {name!r} is not known; {hint}")


def ignored_columns(path: Path) -> list[str]:
    """The columns of a site list that newsbot does not know."""
    return _unknown(read_rows(path))


def _unknown(raw: list[Row]) -> list[str]:
    return sorted({key for _, row in raw for key in row if key not in Target.model_fields})
