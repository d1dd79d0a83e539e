"""Which components run: newsbot's own lists against Scrapy's, and the settings that switch one on."""

from __future__ import annotations

from typing import Any

import pytest
from scrapy.settings import Settings, default_settings
from scrapy.utils.misc import load_object

from newsbot import settings as ours
from newsbot.components import SWITCHES, SwitchedComponents, is_on

BASES = (
    "DOWNLOADER_MIDDLEWARES_BASE",
    "DOWNLOAD_HANDLERS_BASE",
    "EXTENSIONS_BASE",
    "FEED_EXPORTERS_BASE",
    "FEED_STORAGES_BASE",
    "ITEM_PIPELINES_BASE",
    "SPIDER_MIDDLEWARES_BASE",
)
LEFT_TO_SCRAPY = {"SPIDER_CONTRACTS_BASE"}  # only `scrapy check` reads it


def settings(**more: Any) -> Settings:
    found = Settings()
    found.setmodule("newsbot.settings")
    found.update(more, priority="cmdline")
    SwitchedComponents().update_settings(found)
    return found


def test_newsbot_decides_on_every_list_of_components_that_scrapy_has() -> None:
    assert {name for name in vars(default_settings) if name.endswith("_BASE")} == {*BASES, *LEFT_TO_SCRAPY}


@pytest.mark.parametrize("name", BASES)
def test_newsbot_decides_on_every_component_that_scrapy_has(name: str) -> None:
    scrapys, chosen = getattr(default_settings, name), getattr(ours, name)
    assert sorted(scrapys.keys() - chosen.keys()) == [], "a component that nobody decided about: add it to settings.py"
    # The key names a component, or a format of feeds whose component is the value.
    named = {key: (key, str(value)) for key, value in chosen.items() if key not in scrapys}
    unknown = {key for key, names in named.items() if not any(name.startswith("newsbot.") for name in names)}
    assert sorted(unknown) == [], "Scrapy has no such component"


@pytest.mark.parametrize("name", BASES)
def test_component_of_scrapy_keeps_its_priority(name: str) -> None:
    scrapys, chosen = getattr(default_settings, name), getattr(ours, name)
    kept = {key: place for key, place in chosen.items() if isinstance(place, int) and key in scrapys}
    assert kept == {key: scrapys[key] for key in kept}


@pytest.mark.parametrize("name", BASES)
def test_every_component_of_ours_can_be_loaded(name: str) -> None:
    for key, value in getattr(ours, name).items():
        path = value if isinstance(value, str) else key
        if value is not None and path.startswith("newsbot."):
            load_object(path)


@pytest.mark.parametrize(
    ("name", "component", "switch"),
    [
        (name, component, switch)
        for name, components in SWITCHES.items()
        for component, switches in components.items()
        for switch in switches
    ],
)
def test_setting_enables_its_component(name: str, component: str, switch: str) -> None:
    assert switch in vars(default_settings)
    setting = name.removesuffix("_BASE")
    assert component not in settings().get_component_priority_dict_with_base(setting)
    switched = settings(**{switch: "1"}).get_component_priority_dict_with_base(setting)
    assert switched[component] == getattr(default_settings, name)[component]


def test_components_of_a_user_are_added_to_those_of_newsbot() -> None:
    mine, receipt = "scrapy.extensions.periodic_log.PeriodicLog", "newsbot.extensions.receipt.ReceiptExtension"
    both = settings(EXTENSIONS={mine: 7}).get_component_priority_dict_with_base("EXTENSIONS")
    assert (both[mine], both[receipt]) == (7, 900)
    without = settings(EXTENSIONS={receipt: None}).get_component_priority_dict_with_base("EXTENSIONS")
    assert receipt not in without


@pytest.mark.parametrize("value", ["1", True, 2.5, "True", "job"])
def test_value_enables_a_component(value: object) -> None:
    assert is_on(value)


@pytest.mark.parametrize("value", ["0", False, 0, 0.0, "False", "", None])
def test_value_does_not_enable_a_component(value: object) -> None:
    assert not is_on(value)


def test_mistyped_disabled_component_is_logged_with_the_similar_name(caplog: pytest.LogCaptureFixture) -> None:
    right = "newsbot.pipelines.archive.ArchivePipeline"
    wrong = "newsbot.pipelines.archive.ArchivPipeline"
    settings(ITEM_PIPELINES={wrong: None, right: None, "other.Pipeline": None})
    assert caplog.messages == [
        f"ITEM_PIPELINES switches off {wrong}, which is no component: did you mean {right}? It has no effect"
    ]
