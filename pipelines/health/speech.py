"""Times, spans and words as a person reads them in status. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from crawler.config.models import Language
from crawler.moments import in_zone
from pipelines.archive.explain_reasons import in_chinese
from pipelines.health.failing import address_and_cause
from pipelines.health.next_poll import NextPoll
from pipelines.health.status_words import WORDS

_UNITS = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
_LARGE_FROM = {"d": 2 * 86400, "h": 2 * 3600, "min": 2 * 60, "s": 0}  # 47 h tells more than 1 d
_MOST = 10  # lines of one kind, in a text a person reads; the document has them all
_SHORT_UNITS = (("d", 86400), ("h", 3600), ("m", 60))


@dataclass(frozen=True, kw_only=True)
class Speech:
    """Speaks `language`, at the time `now`, of times in `zone`."""

    language: Language
    now: datetime
    zone: tzinfo

    def __call__(self, message: str, /, **facts: Any) -> str:
        return WORDS[self.language][message].format(**facts)

    def counted(self, key: str, count: int) -> str:
        return self(f"{key}.one" if count == 1 else f"{key}.many", count=count)

    def joined(self, parts: Iterable[str]) -> str:
        return self("comma").join(parts)

    def some(self, lines: Sequence[str]) -> tuple[str, ...]:
        """The first of them, and how many more there are."""
        more = len(lines) - _MOST
        return (*lines[:_MOST], self("more", count=more)) if more > 0 else tuple(lines)

    def reason(self, reason: str) -> str:
        """A reason or an error as the ledger holds it, which is English and in UTC."""
        told = in_zone(reason, self.zone)
        return in_chinese(told) if told and self.language is Language.ZH_CN else told

    def error(self, error: str) -> str:
        """A line of a book's errors."""
        url, cause = address_and_cause(error)
        return self("colon").join(filter(None, [url, self.reason(cause)]))

    def at(self, moment: datetime | None) -> str:
        return self("never") if moment is None else moment.astimezone(self.zone).strftime("%Y-%m-%d %H:%M")

    def day(self, moment: datetime) -> str:
        return moment.astimezone(self.zone).strftime("%Y-%m-%d")

    def span(self, length: timedelta, *, words: str = "age") -> str:
        """As exact as a glance needs it: 90 s, 90 min, 47 h, 3 d; `words` "short" is for tables."""
        seconds = max(0, int(length.total_seconds()))
        name, unit = next((name, unit) for name, unit in _UNITS if seconds >= _LARGE_FROM[name])
        return self(f"{words}.{name}", n=seconds // unit)

    def age(self, moment: datetime | None) -> str:
        """For tables."""
        return self("none") if moment is None else self.span(self.now - moment, words="short")

    def rest(self, moment: datetime | None) -> str:
        """The time from now to then, for tables."""
        return self.span(moment - self.now, words="short") if moment and moment > self.now else self("now")

    def ago(self, moment: datetime | None) -> str:
        return self("never") if moment is None else self("ago", age=self.span(self.now - moment))

    def until(self, moment: datetime) -> str:
        return self("in", age=self.span(moment - self.now)) if moment > self.now else self("now")

    def why(self, poll: NextPoll, words: str = "because") -> str:
        """Why the poll is then; `words` "why" is for tables."""
        interval, ttl = rhythm(poll.interval or 0), rhythm(poll.ttl or 0)
        return self(f"{words}.{poll.because.value}", interval=interval, cron=poll.cron, ttl=ttl)

    def next_poll(self, poll: NextPoll) -> str:
        """When, and why then."""
        when = self("now") if poll.is_due or poll.at is None else self.until(poll.at)
        return f"{when}{self('comma')}{self.why(poll)}"


def rhythm(seconds: int) -> str:
    """A span as it is written in the config: 30m, 2h, 1d."""
    return next(
        (f"{seconds // unit}{name}" for name, unit in _SHORT_UNITS if seconds and seconds % unit == 0), f"{seconds}s"
    )
