"""What goes wrong at a site, by word. A new fault is one function here and its word in press.yaml."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from crawler.newsroom.answers import plain
from crawler.newsroom.loading import FaultData
from crawler.newsroom.records import Content, Publication


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a fault may look at."""

    publication: Publication | None  # the one whose page is asked for
    is_list: bool  # the feed or the list page is asked for
    nth: int
    since_start: timedelta


Fault = Callable[[FaultData, Asked], Content | None]
"""The content that stands in for the real answer, or None when the fault does not strike."""


def gone(fault: FaultData, asked: Asked) -> Content | None:
    """404 for the page of `article`."""
    return plain(404, "页面不存在或已删除") if _is_about(fault, asked) else None


def server_error(fault: FaultData, asked: Asked) -> Content | None:
    """503 with Retry-After for the first `times` requests of the page of `article`."""
    if not _is_about(fault, asked) or asked.nth > fault.times:
        return None
    return _unavailable(fault.retry_after)


def feed_down(fault: FaultData, asked: Asked) -> Content | None:
    """503 with Retry-After on the feed or list from `begins` to `ends`, in hours after the start."""
    begins, ends = fault.window
    return _unavailable(fault.retry_after) if asked.is_list and begins <= asked.since_start < ends else None


FAULTS: dict[str, Fault] = {"gone": gone, "server_error": server_error, "feed_down": feed_down}


def strike(faults: tuple[FaultData, ...], asked: Asked) -> Content | None:
    """The content of the first fault that strikes."""
    contents = (FAULTS[fault.fault](fault, asked) for fault in faults)
    return next((content for content in contents if content is not None), None)


def _is_about(fault: FaultData, asked: Asked) -> bool:
    return asked.publication is not None and asked.publication.article_id == fault.article


def _unavailable(retry_after: int) -> Content:
    return replace(plain(503, "服务暂不可用，请稍后再试"), headers={"Retry-After": str(retry_after)})
