"""What a site's own scripts say of a page, beyond what selectors find."""

from dataclasses import dataclass
from datetime import timedelta

from crawler.items import Dating
from crawler.markup import Element
from crawler.outcomes import Outcome


@dataclass(frozen=True, kw_only=True)
class NoArticle:
    """That it has none."""

    outcome: Outcome
    reason: str
    hold_host: timedelta | None = None


@dataclass(frozen=True, kw_only=True)
class Said:
    """Of its article. Empty where they say nothing."""

    title: str = ""
    account: str = ""
    published: tuple[Dating, ...] = ()  # most trusted first
    body: Element | None = None  # not prepared yet
    url: str = ""  # of the article's first publication, by which it is known
    bodiless: NoArticle | None = None  # what the page is where selectors find no body either
