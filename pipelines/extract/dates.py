"""When an article was published: candidates with their evidence, and the choice among them.

Nothing is guessed: without a whole date in one of the known places the answer is None. (Guessing libraries were
measured on Chinese pages of all ages: they never say "none" and are wrong on a third.)
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from crawler.dates import DATE, read_date
from crawler.items import Dating, Precision
from crawler.markup import Element
from pipelines.extract.tree import meta_contents, visible_text

# Most telling first. A bare "date" or "pubdate" is often the day the page was made, not the article's.
_META_NAMES = (
    "article:published_time og:published_time datepublished publishdate apub:time og:time weibo:article:create_at "
    "publish_time pubtime pubdate publish-date article:create_time"
).split()
# How far below its headline a page shows the date.
_NEAR_HEADLINE = 200
_TELLING_TITLE = 100
_MOST_SHOWN = 50  # dates in elements of their own; comments have one each
# What follows a date in a sentence of the article: 2019年3月5日，甲公司成立。
_SENTENCE = re.compile(r"\s?[，、。；]")
# A clock that is a little ahead is no fault; an hour is a zone that was read wrongly.
_AHEAD = timedelta(hours=1)
_SPANS = {Precision.DAY: timedelta(days=1), Precision.HOUR: timedelta(hours=1)}


def page_dates(tree: Element, data: Iterable[Mapping[str, Any]], title: str, zone: str) -> tuple[Dating, ...]:
    """The dates a page shows for its article: linked data, meta tags, time elements, the line by the headline.

    `data` is what `linked_data` found.
    """
    found = (read_date(text, zone, "page") for text in _shown(tree, data, title))
    return tuple(dating for dating in found if dating is not None)


def choose_date(candidates: Iterable[Dating], first_seen: datetime) -> tuple[Dating | None, tuple[Dating, ...]]:
    """The publication time and every candidate, the chosen one first.

    `candidates` come most trusted first; a day or an hour gives way to a time within it. One that lies after first
    sight is never chosen: an article cannot be announced before it is published, so its clock or its zone is wrong.
    """
    distinct: dict[tuple[datetime, Precision], Dating] = {}
    for dating in candidates:
        distinct.setdefault((dating.at, dating.precision), dating)
    ordered = tuple(distinct.values())
    possible = _exact_first(tuple(dating for dating in ordered if dating.at <= first_seen + _AHEAD))
    impossible = tuple(dating for dating in ordered if dating.at > first_seen + _AHEAD)
    return (possible[0] if possible else None), possible + impossible


def _exact_first(candidates: tuple[Dating, ...]) -> tuple[Dating, ...]:
    """The candidates, before a first one that names a day or an hour the first that tells the time in it."""
    if not candidates:
        return ()
    told = next((dating for dating in candidates[1:] if _is_within(dating, candidates[0])), None)
    return candidates if told is None else (told, *(dating for dating in candidates if dating is not told))


def _is_within(exact: Dating, coarse: Dating) -> bool:
    if exact.precision is not Precision.SECOND or coarse.precision is Precision.SECOND:
        return False
    span = _SPANS[coarse.precision]
    # "3 小时前" may be an hour more; the day of another zone begins or ends up to a day off.
    slack = span if coarse.precision is Precision.HOUR or exact.zone != coarse.zone else timedelta(0)
    return coarse.at - slack <= exact.at < coarse.at + span + slack


def _shown(tree: Element, data: Iterable[Mapping[str, Any]], title: str) -> Iterable[str]:
    for node in data:
        yield from (node[key] for key in ("datePublished", "pubDate") if isinstance(node.get(key), str))
    metas = meta_contents(tree)
    yield from (metas[name] for name in _META_NAMES if name in metas)
    for element in tree.xpath("//time[@pubdate or @itemprop='datePublished'] | //*[@itemprop='datePublished']")[
        :_MOST_SHOWN
    ]:
        yield element.get("datetime") or element.get("content") or visible_text(element)
    yield _below_headline(tree, title)


def _below_headline(tree: Element, title: str) -> str:
    """What the page shows right below its headline, the last place where the title stands before a date."""
    words = "".join(title.split())[:_TELLING_TITLE]
    for body in tree.xpath("//body")[:1]:
        text = visible_text(body)
        for match in re.finditer(r"\s*".join(map(re.escape, words)), text) if words else ():
            near = text[match.end() : match.end() + _NEAR_HEADLINE]
            shown = next((date for date in DATE.finditer(near) if not _SENTENCE.match(near, date.end())), None)
            if shown is not None:
                return near[shown.start() :]
    return ""
