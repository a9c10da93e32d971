"""What extraction made of a page, as `presswatch extract` tells a program. Its JSON Schema is extract.schema.json."""

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum

from pydantic import ConfigDict, with_config

from crawler.config.models import Kind
from crawler.items import Article, Dating, Ended, Postponed, Precision
from crawler.outcomes import Outcome


class Choice(StrEnum):
    """Why a page was read by a source's rules."""

    NAMED = "named"
    SITE = "site"
    NONE = "none"


@with_config(ConfigDict(use_attribute_docstrings=True, extra="forbid"))
@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One date that was found for the article."""

    at: datetime
    precision: Precision
    """`day`: the page shows no time of day, and `at` is midnight"""
    where: str
    """list, page …"""
    text: str
    """as the page spells it"""
    zone: str
    """the zone that was assumed where the text names none, else empty"""


@with_config(ConfigDict(use_attribute_docstrings=True, extra="forbid"))
@dataclass(frozen=True, kw_only=True)
class Explained:
    """How it came, with --explain."""

    source: str
    """whose rules the page was read by; empty where it is nobody's"""
    kind: Kind
    """how that source's pages are read"""
    chosen: Choice
    """why that source: it was named, it watches the page's site, or nobody does"""
    site: str
    """whose page it is recognised as, by pipelines/extract/data/sites.yaml; empty where it is none of those"""
    encoding: str
    """that the page was read with; empty where there was no page"""
    body_not_found: tuple[str, ...]
    """the source's own expressions for the body, where none of them finds an element on the page"""


@with_config(ConfigDict(use_attribute_docstrings=True, extra="forbid"))
@dataclass(frozen=True, kw_only=True)
class Extracted:
    """What stands on a page. What is not known is empty or null; times are ISO 8601 with their offset."""

    page: str | None
    """the file or address as it was given; null where a line of a manifest names none"""
    url: str | None
    """where the article stands, after redirects; null where nobody says"""
    outcome: Outcome
    """`kept`: an article was read (themes and copies are not judged here); else how an entry ends by this page, and
    `failed` where the page could not be had; a file that says noarchive is `refused`, and read all the same"""
    title: str
    published: datetime | None
    published_evidence: tuple[Evidence, ...]
    """every date that was found, the chosen one first; one after the time of reading is never chosen"""
    authors: tuple[str, ...]
    account: str
    """who published it: an account of WeChat or of its mirror, else the medium that the page names"""
    language: str
    text: str
    """the body alone, a paragraph a line"""
    markdown: str
    """the same as Markdown"""
    images: tuple[str, ...]
    """addresses"""
    extractor: str
    """name and version"""
    reason: str | None = None
    """why the outcome is not `kept`; absent where it is"""
    explained: Explained | None = None
    """absent without --explain"""


_NOTHING = Extracted(
    page=None,
    url=None,
    outcome=Outcome.FAILED,
    title="",
    published=None,
    published_evidence=(),
    authors=(),
    account="",
    language="",
    text="",
    markdown="",
    images=(),
    extractor="",
)
_OPTIONAL = ("reason", "explained")  # left out where they say nothing


def of_result(page: str, url: str | None, result: Article | Ended | Postponed) -> Extracted:
    """What is told of what became of `page`. `url`: its address where there is no article."""
    if isinstance(result, Postponed):
        return not_had(page, url, result.reason)
    if isinstance(result, Ended):
        return replace(_NOTHING, page=page, url=url, outcome=result.outcome, reason=result.reason)
    return Extracted(
        page=page,
        url=result.url,
        outcome=Outcome.KEPT,
        title=result.title,
        published=result.published.at if result.published else None,
        published_evidence=tuple(map(_evidence, result.datings)),
        authors=result.authors,
        account=result.account,
        language=result.language,
        text=result.text,
        markdown=result.markdown,
        images=result.images,
        extractor=result.extractor,
    )


def not_had(page: str | None, url: str | None, reason: str) -> Extracted:
    """A page that could not be had."""
    return replace(_NOTHING, page=page, url=url, reason=reason)


def without_base(found: Extracted, base: str) -> Extracted:
    """The same for a page nobody knows the address of: `base`, by which its links were completed, is taken out."""
    return replace(
        found,
        url=None,
        text=found.text.replace(base, ""),
        markdown=found.markdown.replace(base, ""),
        images=tuple(image.replace(base, "") for image in found.images),
    )


def json_bytes(found: Extracted, *, indent: int | None = None) -> bytes:
    """The JSON form in UTF-8, its line end included; halves of characters (in a file's name, say) stay escapes."""
    told = {name: value for name, value in asdict(found).items() if name not in _OPTIONAL or value is not None}
    text = json.dumps(told, ensure_ascii=False, indent=indent, default=datetime.isoformat)
    return text.encode("utf-8", "backslashreplace") + b"\n"


def _evidence(dating: Dating) -> Evidence:
    return Evidence(at=dating.at, precision=dating.precision, where=dating.where, text=dating.text, zone=dating.zone)
