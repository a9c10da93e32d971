"""A digest as Markdown. Pure: the same digest gives the same bytes."""

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined

from crawler.items import Precision
from crawler.outcomes import Outcome
from pipelines.digest.model import Digest, FoldedCopy, Line, Reason
from pipelines.markdown import address, escaped, link

_FIELD_WORDS = {"title": "标题", "lead": "导语", "body": "正文"}


def render_markdown(digest: Digest) -> str:
    template = _environment(ZoneInfo(digest.timezone)).get_template("digest.md.j2")
    # A column of zeros says nothing and makes the table too wide for a telephone.
    outcomes = [item.value for item in Outcome if any(line.outcomes[item.value] for line in digest.books.lines)]
    rendered = template.render(digest=digest, outcomes=outcomes)
    return re.sub(r"\n{3,}", "\n\n", rendered).strip() + "\n"


def _environment(zone: ZoneInfo) -> Environment:
    environment = Environment(
        loader=PackageLoader("pipelines.digest"),
        # The result is Markdown: everything from outside goes through `text` or `link`, which escape for that.
        autoescape=False,  # noqa: S701
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(_filters(zone))
    return environment


def _filters(zone: ZoneInfo) -> dict[str, Callable[..., Any]]:
    def time(moment: datetime) -> str:
        return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M")

    def dated(line: Line) -> str:
        if line.published is None:
            return f"收录于 {time(line.kept_at)}"
        if line.published.precision is Precision.DAY:
            return line.published.at.date().isoformat()
        if line.published.precision is Precision.HOUR:
            return line.published.at.astimezone(zone).strftime("%Y-%m-%d %H 时")
        return time(line.published.at)

    return {
        "text": escaped,
        "link": link,
        "address": address,
        "time": time,
        "dated": dated,
        "reasons": _reasons,
        "copies": _copies,
        "span": _span,
    }


def _span(hours: float) -> str:
    """A span of time, in hours below two days."""
    return f"{hours / 24:.3g} 天" if hours >= 48 else f"{hours:.3g} 小时"


def _reasons(reasons: Iterable[Reason]) -> str:
    return "，".join(
        _FIELD_WORDS[reason.field] + "".join(f"“{escaped(term)}”" for term in reason.terms) for reason in reasons
    )


def _copies(copies: Iterable[FoldedCopy]) -> str:
    return "、".join(link(copy.source, copy.url) for copy in copies)
