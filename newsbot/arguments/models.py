"""Spider arguments: typed, described, and validated before the first request."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from newsbot.arguments.list_files import SUFFIXES
from newsbot.arguments.site_list import Target, read_sites
from newsbot.arguments.values import Names, Switch, moment, split_names, split_urls
from newsbot.errors import BadArgument
from newsbot.wordpress.joins.relations import FOLLOWED
from newsbot.wordpress.options import KINDS

FOLLOW = tuple(FOLLOWED)
RENDER = ("auto", "never", "always")


def _follow(value: Any) -> Any:
    names = split_names(value)
    if names == ("none",):
        return ()
    unknown = [name for name in names if name not in FOLLOW]
    if unknown or not names:
        raise ValueError(f"takes {', '.join(FOLLOW)}, or none alone, not {', '.join(unknown) or 'nothing'!r}")
    return names


def _render(value: Any) -> Any:
    if value not in RENDER:
        raise ValueError(f"takes {', '.join(RENDER)}, not {value!r}")
    return value


def _media(value: Any) -> Any:
    if value not in ("download", "none", None):
        raise ValueError(f"takes download or none, not {value!r}")
    return None if value == "none" else value


def _search(value: Any) -> Any:
    if value is not None and not str(value).strip():
        raise ValueError("takes words; it is empty")
    return value


def _sites(value: Any) -> Any:
    if value is not None and not str(value).strip():
        raise ValueError("takes a file, or archive; it is empty")
    return value


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


class SiteArguments(BaseModel):
    """The arguments of every spider."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    site: Annotated[tuple[str, ...], BeforeValidator(split_urls)] = Field(
        default=(),
        description="any URL of a site; several with commas. With sites=archive and due=1: only these of the due sites",
    )
    sites: Annotated[Path | None, BeforeValidator(_sites)] = Field(
        default=None, description="a file of sites: .txt, .csv or .toml; or archive: the followed sites"
    )
    limit: Annotated[int, Field(ge=1)] | None = Field(default=None, description="the newest N of each type")
    full: Switch = Field(default=False, description="deliver everything again, not only what changed")
    sweep: Switch = Field(default=False, description="compare every id of the site with the archive now")
    confirm_deletions: Switch = Field(default=False, description="accept deletions that are suspiciously many")
    raw: Switch = Field(default=False, description="keep the whole API object in `raw`")
    warc: Switch | None = Field(default=None, description="write every exchange with the sites to WARC files")
    due: Switch = Field(default=False, description="of sites=, only those that are due")

    @model_validator(mode="after")
    def _one_source(self) -> SiteArguments:
        if bool(self.site) == bool(self.sites) and not (self.site and self.follows and self.due):
            both = "site= and sites= are given, and a run takes one of them: leave one out"
            raise ValueError(both if self.site else "no site is named: add -a site=URL or -a sites=FILE")
        if self.due and not self.sites:
            raise ValueError("due=1 chooses among many sites: add sites=FILE or sites=archive")
        return self

    @property
    def follows(self) -> bool:
        """Whether the archive names the sites. The name of a site list always has a suffix."""
        return str(self.sites) == "archive"

    @property
    def narrowed(self) -> bool:
        """Whether the arguments leave out rows of the site, so that even a complete run lacks them."""
        narrowing = ("limit", "since", "until", "category", "tag", "author", "search")
        return any(getattr(self, name, None) for name in narrowing)

    def targets(self) -> list[Target]:
        """The sites to crawl, each once; none for ``sites=archive``. Raises BadArgument for a file it cannot read."""
        if self.follows:
            return []
        if named := next((url for url in self.site if Path(url).suffix in SUFFIXES and Path(url).is_file()), None):
            raise BadArgument(f"site= takes addresses, and {named} is a file: write -a sites={named}")
        found = read_sites(self.sites) if self.sites else [Target(url=url) for url in self.site]
        return list({target.url: target for target in found}.values())


class DatedArguments(SiteArguments):
    """The arguments of spiders whose rows have dates."""

    since: Annotated[str, BeforeValidator(_since)] | None = Field(
        default=None, description="published at or after (ISO date or date-time, UTC)"
    )
    until: Annotated[str, BeforeValidator(_until)] | None = Field(
        default=None, description="published before; a bare date includes its day"
    )

    @model_validator(mode="after")
    def _window(self) -> DatedArguments:
        if self.since and self.until and self.since >= self.until:
            raise ValueError(f"since= and until= leave no time, {self.since} to {self.until}: exchange or correct them")
        return self


class FileArguments(DatedArguments):
    """The arguments of spiders whose rows have files."""

    media: Annotated[Literal["download"] | None, BeforeValidator(_media)] = Field(
        default=None, description="download: fetch the files that rows show; or none"
    )


class JoinedArguments(FileArguments):
    """The arguments of spiders whose rows are posts, to which other rows are joined."""

    types: Names = Field(default=("post",), min_length=1, description="post, page, any public type, or all")
    follow: Annotated[tuple[str, ...], BeforeValidator(_follow)] = Field(
        default=("author", "terms", "media"), description="which links to join: " + ", ".join(FOLLOW) + ", or none"
    )
    render: Annotated[str, BeforeValidator(_render)] = Field(
        default="auto", description="may a browser be used: " + ", ".join(RENDER)
    )


_SEARCH = Field(default=None, description='only rows that the site finds for these words; "a phrase"')
_AUTHOR = Field(default=(), min_length=1, description="only by this author: slug, id or name; several with commas")

Words = Annotated[str | None, BeforeValidator(_search)]


class PostArguments(JoinedArguments):
    """The arguments of ``wp_posts``."""

    category: Names = Field(
        default=(),
        min_length=1,
        description="only this section, with those below it: slug, id or name; several with commas",
    )
    tag: Names = Field(
        default=(), min_length=1, description="only with this tag: slug, id or name; several with commas"
    )
    author: Names = _AUTHOR
    search: Words = _SEARCH


class MediaArguments(FileArguments):
    """The arguments of ``wp_media``."""

    author: Names = _AUTHOR
    search: Words = _SEARCH


class CommentArguments(DatedArguments):
    """The arguments of ``wp_comments``."""

    search: Words = _SEARCH


def _kinds(value: Any) -> Any:
    names = split_names(value)
    unknown = [name for name in names if name not in (*KINDS, "all")]
    if unknown or not names:
        raise ValueError(f"takes {', '.join(KINDS)} or all, not {', '.join(unknown) or 'nothing'!r}")
    return names


class WholeSiteArguments(JoinedArguments):
    """The arguments of ``wp_site``."""

    types: Names = Field(
        default=("all",), min_length=1, description="of the posts: post, page, any public type, or all"
    )
    kinds: Annotated[tuple[str, ...], BeforeValidator(_kinds)] = Field(
        default=("all",), description="which rows: " + ", ".join(KINDS) + ", or all"
    )

    @property
    def chosen_kinds(self) -> tuple[str, ...]:
        """The kinds to bring, in the order in which they are brought."""
        return tuple(kind for kind in KINDS if kind in self.kinds or "all" in self.kinds)


class TermArguments(SiteArguments):
    """The arguments of ``wp_terms``."""

    types: Names = Field(default=("all",), min_length=1, description="taxonomies: category, post_tag, ..., or all")
