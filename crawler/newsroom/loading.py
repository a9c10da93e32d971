"""The newsroom's data files: the articles and the sites that publish them."""

import re
from collections.abc import Mapping
from datetime import timedelta
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

OFF_THEME = "off"


class PressError(ValueError):
    """The data files do not fit together; the message names the file, the value and what to do."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _theme(value: Any) -> Any:
    return OFF_THEME if value is False else value  # YAML 1.1 reads a bare off as false


class PressArticle(_Model):
    """An invented article: the text every site that publishes it shows."""

    id: str
    theme: Annotated[str, BeforeValidator(_theme)]
    title: str
    lead: str
    paragraphs: Annotated[tuple[str, ...], Field(min_length=1)]
    author: str = ""

    def spun(self, swaps: Mapping[str, str]) -> "PressArticle":
        """The article as a machine rewrites it that puts other words for common ones."""
        words = re.compile("|".join(re.escape(word) for word in sorted(swaps, key=len, reverse=True)))

        def put(text: str) -> str:
            return words.sub(lambda found: swaps[found[0]], text)

        paragraphs = tuple(put(paragraph) for paragraph in self.paragraphs)
        return self.model_copy(update={"title": put(self.title), "lead": put(self.lead), "paragraphs": paragraphs})

    @property
    def blocks(self) -> tuple[str, ...]:
        """The whole body, a paragraph each: the lead comes first."""
        return (self.lead, *self.paragraphs)


class Rhythm(_Model):
    """How often, and at which hours of the site's day, it publishes."""

    per_day: Annotated[int, Field(ge=0)]
    hours: Annotated[tuple[Annotated[int, Field(ge=0, le=23)], ...], Field(min_length=1)]


class Backlog(_Model):
    """Articles that were already there when the newsroom's time begins."""

    articles: Annotated[int, Field(ge=0)] = 0
    days: Annotated[int, Field(ge=1)] = 7  # how far back they reach


class Becomes(_Model):
    """What stands at the same address from some hours after the publication on."""

    id: str
    after_hours: Annotated[float, Field(gt=0)]


def _listed(value: Any) -> Any:
    return {"id": value} if isinstance(value, str) else value


class Listed(_Model):
    """An article a site publishes; a bare id will do."""

    id: str
    title: str = ""  # else the article's own
    becomes: Becomes | None = None
    traits: tuple[str, ...] = ()


ListedArticle = Annotated[Listed, BeforeValidator(_listed)]


class Reprints(_Model):
    """Copies of another site's articles, each some hours after the original.

    They are word for word, or spun by `swaps`: each word on the left stands as the one on the right. The trait `edited`
    says that the page has a few words more or less than the original's, such as those under a picture.
    """

    site: str
    after_hours: tuple[float, float] = (3, 9)
    swaps: Mapping[str, str] = Field(default_factory=dict)
    articles: tuple[ListedArticle, ...]

    @model_validator(mode="after")
    def _later(self) -> "Reprints":
        if not 0 < self.after_hours[0] <= self.after_hours[1]:
            raise ValueError("after_hours is a lower and an upper bound, both above 0, such as [3, 9]")
        return self


class FaultData(_Model):
    """A fault by its word; which of the other fields it reads, its function in faults.py says."""

    fault: str
    article: str = ""
    path: str = ""  # decoded; empty: any list
    to: str = ""  # a URL
    times: Annotated[int, Field(ge=1)] = 1
    retry_after: Annotated[int, Field(ge=0)] = 60  # seconds
    begins: float = 0  # hours after the newsroom's start
    ends: float = 0

    @property
    def window(self) -> tuple[timedelta, timedelta]:
        return timedelta(hours=self.begins), timedelta(hours=self.ends)


class SiteData(_Model):
    """One site of the press."""

    host: str
    hosts: tuple[str, ...] = ()  # further names of the same site
    section: str = ""  # where several entries share a host: what tells this one from the others
    shape: str
    title: str
    timezone: str = "Asia/Shanghai"
    robots: str = ""  # the body of /robots.txt; empty: 404
    options: Mapping[str, Any] = Field(default_factory=dict)  # read by the shape
    rhythm: Rhythm = Rhythm(per_day=0, hours=(9,))
    backlog: Backlog = Backlog()
    articles: tuple[ListedArticle, ...] = ()  # in the order of publication, the backlog first
    reprints: tuple[Reprints, ...] = ()
    faults: tuple[FaultData, ...] = ()

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


class Press(_Model):
    """All data of a newsroom."""

    articles: tuple[PressArticle, ...]
    sites: tuple[SiteData, ...]

    @model_validator(mode="after")
    def _known_articles(self) -> "Press":
        known = [article.id for article in self.articles]
        twice = {name for name in known if known.count(name) > 1}
        if twice:
            raise ValueError(f"article ids must be unique, given more than once: {', '.join(sorted(twice))}")
        places = [(site.host, site.section) for site in self.sites]
        again = {" ".join(place) for place in places if places.count(place) > 1}
        if again:
            raise ValueError(f"sites of one host need a section each: {', '.join(sorted(again))}")
        for site in self.sites:
            listed = [*site.articles, *(one for reprints in site.reprints for one in reprints.articles)]
            later = [one.becomes.id for one in listed if one.becomes]
            missing = {*(one.id for one in listed), *later} - set(known)
            if missing:
                raise ValueError(f"site {site.host} lists articles that are not there: {', '.join(sorted(missing))}")
        return self


def shipped_data() -> Traversable:
    """The data folder inside the installed package."""
    return files("crawler.newsroom") / "data"


def load_press(folder: Traversable | None = None) -> Press:
    """Read articles.yaml, press.yaml, articles/*.yaml and press/*.yaml from `folder`, else the shipped ones.

    Raises:
        PressError: a file is not YAML of the expected shape.
    """
    folder = folder or shipped_data()
    try:
        return Press(articles=_read_all(folder, "articles"), sites=_read_all(folder, "press"))
    except (ValidationError, yaml.YAMLError) as error:
        raise PressError(f"the newsroom's data in {folder} cannot be used, correct it there: {error}") from error


def _read_all(folder: Traversable, name: str) -> Any:
    """The list in NAME.yaml, and those of every file in the folder NAME behind it."""
    listed = _read(folder / f"{name}.yaml")
    for file in _yaml_files(folder / name) if (folder / name).is_dir() else ():
        listed = [*listed, *_read(file)]
    return listed


def _read(file: Traversable) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def _yaml_files(folder: Traversable) -> list[Traversable]:
    return sorted((file for file in folder.iterdir() if file.name.endswith(".yaml")), key=lambda file: file.name)


def shipped_sources() -> dict[str, str]:
    """The source configs of the newsroom's own sites: file name → YAML text."""
    return {file.name: file.read_text(encoding="utf-8") for file in _yaml_files(shipped_data() / "sources")}
