"""Components of newsbot that the settings of a run switch off, and what the run can no longer promise. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

PROMISES: Mapping[str, Mapping[str, str]] = {
    "ITEM_PIPELINES": {
        "newsbot.pipelines.clean.CleanPipeline": "the content is not cleaned",
        "newsbot.pipelines.dedupe.DedupePipeline": "copies of a row are not dropped",
        "newsbot.pipelines.archive.ArchivePipeline": "no row is archived",
    },
    "EXTENSIONS": {
        "scrapy.extensions.feedexport.FeedExporter": "no file is written",
    },
    "DOWNLOADER_MIDDLEWARES": {
        "newsbot.middlewares.guard.GuardMiddleware": "requests of foreign components are not checked",
        "newsbot.middlewares.private_addresses.PrivateAddressesMiddleware": "private addresses are not refused",
        "newsbot.middlewares.robots.RobotsMiddleware": "robots.txt is not obeyed",
        "newsbot.middlewares.redirects.RedirectsMiddleware": "redirects are not followed",
        "newsbot.middlewares.politeness.PolitenessMiddleware": "no delay is kept",
    },
}
"""Setting -> component of newsbot or Scrapy that is on -> the promise that a run cannot keep without it."""


def unproven(active: Mapping[str, Iterable[object]]) -> list[str]:
    """What a run cannot promise. ``active``: setting -> the components that are on, as paths or classes."""
    found = []
    for setting, promises in PROMISES.items():
        names = {_path(component) for component in active.get(setting, ())}
        if not any(name.startswith("newsbot.") for name in names):
            continue  # the lists are not those of newsbot's settings
        found += [promise for path, promise in promises.items() if path not in names]
    return found


def _path(component: object) -> str:
    return (
        component if isinstance(component, str) else f"{component.__module__}.{getattr(component, '__qualname__', '')}"
    )
