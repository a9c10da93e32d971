"""A seed as it was read, before anything is stored."""

from dataclasses import dataclass, field
from enum import StrEnum

from crawler.items import Dating


class Shape(StrEnum):
    """What kind of file a seed is."""

    HUGO = "hugo"  # Markdown below Hugo front matter
    MIRROR = "mirror"  # a page of a WeChat mirror, as html2text left it
    PORTAL = "portal"  # the plain text of a Discuz! portal page


class SeedError(ValueError):
    """The file is no seed; the message says what it lacks and what is expected."""


@dataclass(frozen=True, kw_only=True)
class Seed:
    """One article. What its file does not say is empty or None: nothing is guessed."""

    shape: Shape
    title: str
    markdown: str = field(repr=False)  # the body, repaired; neither title nor citation
    text: str = field(repr=False)  # a paragraph a line, no markup
    published: Dating | None = None
    source: str = ""  # its name in the file, such as qq
    account: str = ""  # of a WeChat mirror
    url: str = ""  # of the original
    language: str = "zh-CN"
    thumbnail: str = ""
    images: tuple[str, ...] = ()
