"""What Scrapy writes into the log of a visit."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from scrapy.logformatter import LogFormatter

from crawler.storage import StorageError

if TYPE_CHECKING:
    from scrapy import Request, Spider
    from scrapy.http import Response
    from scrapy.logformatter import LogFormatterResult
    from twisted.python.failure import Failure


class VisitLogFormatter(LogFormatter):
    """Scrapy's own, but for what disk or database refused: the run tells that once, and it needs no traceback."""

    def item_error(
        self, item: Any, exception: BaseException, response: Response | Failure | None, spider: Spider
    ) -> LogFormatterResult:
        return _quiet(super().item_error(item, exception, response, spider), exception)

    def spider_error(
        self, failure: Failure, request: Request, response: Response | Failure, spider: Spider
    ) -> LogFormatterResult:
        return _quiet(super().spider_error(failure, request, response, spider), failure.value)


def _quiet(line: LogFormatterResult, error: BaseException | None) -> LogFormatterResult:
    if isinstance(error, StorageError):
        line["level"] = logging.DEBUG
    return line
