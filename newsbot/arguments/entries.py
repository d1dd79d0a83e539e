"""A target as the archive stores it: an entry, plain values that JSON can hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from newsbot.arguments.site_list import UNITS, Target
from newsbot.arguments.values import validate
from newsbot.article.cleaning.rule import Rule


def written_every(seconds: int) -> str:
    """An interval in the form of a site list: ``30m``, ``6h``, ``1d``, ``2w``."""
    unit, length = next((unit, length) for unit, length in reversed(UNITS.items()) if seconds % length == 0)
    return f"{seconds // length}{unit}"


def entry_of(target: Target) -> dict[str, Any]:
    """The entry of a target: the values that differ from the defaults."""
    entry = target.model_dump(mode="json", exclude={"rule"}, exclude_defaults=True)
    if target.every is not None:
        entry["every"] = written_every(target.every)
    if target.rule:
        entry["rule"] = [_table_of(rule) for rule in target.rule]
    return entry


def target_of(entry: Mapping[str, Any]) -> Target:
    """The target of an entry. Raises BadArgument for an entry that newsbot cannot read."""
    return validate(Target, entry)


def _table_of(rule: Rule) -> dict[str, Any]:
    values = {field.name: getattr(rule, field.name) for field in fields(rule)}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items() if value}
